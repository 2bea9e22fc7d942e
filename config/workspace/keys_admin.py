"""API keys in the console: made and shown once, renewed, revoked."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from config.workspace import audit
from config.workspace.access.keys import (
    ScopeAbove,
    create_api_key,
    known_scopes,
    refuse_above,
    revoke_api_key,
)
from config.workspace.access.scopes import scope_choices, scopes_in_words
from config.workspace.forms.audited import AuditedAdmin
from config.workspace.forms.listed import ListWords
from config.workspace.models import ApiKey
from config.workspace.permissions import (
    rights_of,
    rights_of_scopes,
    role_in_words,
)
from config.workspace.roles.custom import made_roles


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and scopes; the key itself is made, not typed."""

    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A key with all of a group also has what joins the group later."),
    )

    sight_role = forms.ChoiceField(
        label=_("Sees people as"),
        required=False,
        help_text=_("As a role of yours that sees a part. For keys that do not see personal data."),
        widget=UnfoldAdminSelectWidget,
    )
    user: Any = None

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "sight_role", "expires_at")

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError for a key that would do more than whoever makes it."""
        given = super().clean() or {}
        try:
            refuse_above(given.get("scopes", []), given.get("sight_role", ""), self.user)
        except ScopeAbove as error:
            raise forms.ValidationError({"scopes": str(error)}) from error
        return given

    def clean_expires_at(self) -> Any:
        """Raises ValidationError for a time that is over."""
        expires_at = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise forms.ValidationError(_("This time is over already."))
        return expires_at

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = rights_of(self.user).permissions
        passed = [name for name in known_scopes() if rights_of_scopes([name]).permissions <= own]
        self.fields["scopes"].choices = scope_choices(passed)  # type: ignore[attr-defined]
        seeing = [(one.key, one.name) for one in made_roles().values()]
        self.fields["sight_role"].choices = [("", _("masked")), *seeing]  # type: ignore[attr-defined]


@admin.register(ApiKey)
class ApiKeyAdmin(AuditedAdmin):
    """Keys of the management API; a key is shown once, when it is made."""

    words = ListWords(
        title=_("API keys"),
        lead=_("Other programs use the API by a key, with the rights that you give it."),
        counted=lambda n: ngettext("%(n)s key", "%(n)s keys", n),
        new=_("New key"),
        none=_("No key yet"),
        save=_("Make the key"),
    )

    empty_text = _("A key lets another program use the API, with the rights that you give it.")
    form = ApiKeyForm
    list_display = (
        "name",
        "hint",
        "shown_scopes",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
        "renewal",
    )
    actions = ("revoke",)

    @display(  # type: ignore[untyped-decorator]
        description=_("Renew")
    )
    def renewal(self, key: ApiKey) -> SafeString | str:
        """The way to a new value, by way of a question."""
        if key.revoked_at is not None:
            return ""
        address = reverse("access:rotate_key", args=[key.pk])
        return format_html('<a class="r-btn r-btn-s" href="{}">{}</a>', address, _("Renew"))

    @display(  # type: ignore[untyped-decorator]
        description=_("Scopes")
    )
    def shown_scopes(self, key: ApiKey) -> str:
        """As a list, with the role as which it sees people."""
        seen = _("people as %(role)s") % {"role": role_in_words(key.sight_role)}
        return ", ".join([scopes_in_words(key.scopes), *([seen] if key.sight_role else [])])

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A key is revoked and made anew, never changed."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Kept, so that the trail can name it."""
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Which knows whose rights the key cannot pass."""
        form = super().get_form(request, obj, **kwargs)
        form.user = request.user
        return form

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Make the key and show it this once."""
        with audit.acting(audit.actor_of_user(request.user)):  # type: ignore[arg-type]
            key, value = create_api_key(
                name=obj.name,
                scopes=form.cleaned_data["scopes"],
                expires_at=form.cleaned_data["expires_at"],
                sight_role=form.cleaned_data["sight_role"],
                by=request.user,
            )
        obj.pk, obj.hint, obj.digest = key.pk, key.hint, key.digest
        messages.success(
            request,
            _("The key is shown this once; copy it now: %(key)s") % {"key": value},
        )

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Recorded by the service already."""

    @admin.action(description=_("Revoke"), permissions=["add"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """From now on refused."""
        with audit.acting(audit.actor_of_user(request.user)):  # type: ignore[arg-type]
            for key in queryset:
                revoke_api_key(key=key)
        messages.success(request, _("Revoked."))
