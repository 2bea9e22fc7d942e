"""Forms of the admin write a whole object over: not over what somebody else changed meanwhile."""

import hashlib
import json
from typing import Any

from django.forms.models import model_to_dict
from django.http import HttpRequest
from django.utils.translation import gettext as _

from config.workspace.forms.lookups import OnlyItsFilters

FIELD = "built_on"


class StaleGuard(OnlyItsFilters):
    """A form carries a digest of the values that it was made of, and is refused when they passed.

    The refusal keeps what was typed, and its page is of the object as it is now: saved once more
    it counts. Objects have no revision here: a value that came back to what it was is no conflict.
    """

    change_form_before_template = "workspace/_built_on.html"

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """The form that asks once more, with the object locked."""
        base: Any = super().get_form(request, obj, **kwargs)
        posted = request.POST.get(FIELD) if kwargs.get("change") else None
        if not posted:
            return base
        guard = self

        class Guarded(base):  # type: ignore[misc]
            def clean(self) -> dict[str, Any] | None:
                given: dict[str, Any] | None = super().clean()
                if posted != guard.digest_of(self, lock=True):
                    request.is_stale = True  # type: ignore[attr-defined]
                    words = _(
                        "Somebody changed this since you opened the page, so nothing was saved. "
                        "What you typed still stands here: saved once more, it counts."
                    )
                    self.add_error(None, words)
                return given

        return Guarded

    def digest_of(self, form: Any, *, lock: bool = False) -> str:
        """Of what is stored now in the fields of the form; one query, none for a new object."""
        if form.instance.pk is None:
            return ""
        rows = self.model._default_manager.filter(pk=form.instance.pk)
        row = (rows.select_for_update(of=("self",)) if lock else rows).first()
        if row is None:
            return ""
        values = json.dumps(model_to_dict(row, list(form.fields)), default=str, sort_keys=True)
        return hashlib.sha256(values.encode()).hexdigest()[:32]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """With the digest: of the page that was posted, until its conflict has been told."""
        is_told = getattr(request, "is_stale", False)
        kept = "" if is_told else request.POST.get(FIELD, "")
        context[FIELD] = kept or self.digest_of(context["adminform"].form)
        return super().render_change_form(request, context, *args, **kwargs)
