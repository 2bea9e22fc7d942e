"""Identity providers in the console: the secret goes in and never comes out."""

import re
from typing import Any, Final

from allauth.socialaccount.models import SocialAccount
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from config.workspace.access import tokens
from config.workspace.forms.audited import AuditedAdmin
from config.workspace.models import IdentityProvider
from config.workspace.outgoing.addresses import Refused, place_of
from config.workspace.permissions import may_give, role_choices

_DOMAIN: Final = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class IdentityProviderForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """Groups and roles as lines; roles that may more than whoever sets them are refused."""

    domains = forms.CharField(
        label=gettext_lazy("Domains"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Of whose addresses alone people come in; several with commas."),
    )
    groups = forms.CharField(
        label=gettext_lazy("Groups and roles"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text=gettext_lazy(
            "A line each, as “group = role”; the first group that somebody is in decides. "
            "Roles: marketer, analyst, privacy_officer, service_rep, integrator, admin."
        ),
    )
    secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Kept encrypted and never shown. Empty: the one before stays."),
    )

    class Meta:
        model = IdentityProvider
        fields = ("name", "slug", "issuer", "client_id", "groups_claim", "is_active")

    user: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = [one for one in role_choices() if may_give(self.user, one[0])]
        self.fields["default_role"] = forms.ChoiceField(
            label=gettext_lazy("Role of everybody else"),
            required=False,
            choices=[("", gettext_lazy("none: they do not come in")), *given],
            initial=self.instance.default_role,
            widget=UnfoldAdminSelectWidget,
        )
        self.fields["client_id"].required = True
        self.fields["domains"].initial = ", ".join(self.instance.domains)
        lines = (f"{group} = {role}" for group, role in self.instance.mapping)
        self.fields["groups"].initial = "\n".join(lines)

    def clean_issuer(self) -> str:
        """Raises ValidationError."""
        issuer: str = self.cleaned_data["issuer"].strip()
        try:
            place_of(issuer)
        except Refused as error:
            raise ValidationError(_(str(error))) from error
        return issuer

    def clean_domains(self) -> list[str]:
        """Raises ValidationError."""
        parts = [one.strip().casefold() for one in self.cleaned_data["domains"].split(",")]
        wrong = [one for one in filter(None, parts) if not _DOMAIN.fullmatch(one)]
        if wrong:
            raise ValidationError(_("%(name)s is no domain.") % {"name": wrong[0]})
        return list(dict.fromkeys(filter(None, parts)))

    def clean_groups(self) -> list[list[str]]:
        """Raises ValidationError."""
        found = []
        for line in filter(str.strip, self.cleaned_data["groups"].splitlines()):
            group, equals, role = (part.strip() for part in line.rpartition("="))
            if not (group and equals):
                raise ValidationError(_("“%(line)s” is not “group = role”.") % {"line": line})
            if role not in dict(role_choices()):
                raise ValidationError(_("There is no role “%(role)s”.") % {"role": role})
            if not may_give(self.user, role):
                raise ValidationError(
                    _("The role “%(role)s” may do more than yours.") % {"role": role}
                )
            found.append([group, role])
        return found

    def save(self, commit: bool = True) -> IdentityProvider:
        """With what the model has under other names."""
        row = self.instance
        row.domains, row.mapping = self.cleaned_data["domains"], self.cleaned_data["groups"]
        row.default_role = self.cleaned_data["default_role"]
        if secret := self.cleaned_data["secret"]:
            row.sealed_secret = tokens.seal(secret.encode())
        if row.pk and "issuer" in self.changed_data:  # who they are there is nobody elsewhere
            SocialAccount.objects.filter(provider=row.slug).delete()
        saved: IdentityProvider = super().save(commit)
        return saved


@admin.register(IdentityProvider)
class IdentityProviderAdmin(AuditedAdmin):
    """Where the team may sign in instead of here."""

    empty_text = gettext_lazy("Let your team sign in where it signs in for everything else.")
    form = IdentityProviderForm
    list_display = ("name", "issuer", "is_active")
    prepopulated_fields = {"slug": ("name",)}  # noqa: RUF012 - as Django has it

    def delete_model(self, request: HttpRequest, obj: IdentityProvider) -> None:
        """With who came in by it: another one of this name is another."""
        SocialAccount.objects.filter(provider=obj.slug).delete()
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """The same of several."""
        for row in queryset:
            self.delete_model(request, row)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """One that knows who fills it in."""
        form = super().get_form(request, obj, **kwargs)
        return type("IdentityProviderForm", (form,), {"user": request.user})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """In the order of filling in."""
        first = ["name", "slug", "issuer", "client_id", "secret"]
        return [*first, "domains", "groups_claim", "groups", "default_role", "is_active"]
