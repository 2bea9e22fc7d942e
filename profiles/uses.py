"""Sources as what is used: by what they sent."""

from collections.abc import Collection, Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.console.words import in_words
from config.workspace.lifecycle.usage import KINDS, USES, ObjectKind, Use, form_of
from profiles.models import Event, Identifier, Inbox, ProfileTrait, Rejection, Source


def _is_off(source: Source) -> bool:
    return not source.enabled


KINDS.register("source", order=50)(
    ObjectKind(gettext_lazy("Source"), Source, "pk", form_of, _is_off),
)


@USES.register("profiles", order=40)
def uses(kind: str, keys: Collection[str]) -> Iterator[tuple[str, Use]]:
    """Whatever it sent names it for ever."""
    if kind != "source":
        return
    for source in Source.objects.filter(pk__in=[int(key) for key in keys]):
        if source.is_internal:
            yield str(source.pk), Use("built_in", _("Rapport itself"), _("ready-made"), binds=True)
        use = _calls(source)
        if use is not None:
            yield str(source.pk), use


def _calls(source: Source) -> Use | None:
    live = f"{reverse('profiles:live')}?source={source.pk}"
    if source.last_seen_at is not None:
        last = _("the last one %(when)s") % {"when": in_words(source.last_seen_at)}
        return Use("events", _("the calls that it sent"), last, live)
    own = {"source_id": source.pk}
    rows = (Inbox, Rejection, Event, ProfileTrait)
    sent = any(model._default_manager.filter(**own).exists() for model in rows)
    if sent or Identifier.objects.filter(first_source_id=source.pk).exists():
        return Use("events", _("the calls that it sent"), "", live)
    return None
