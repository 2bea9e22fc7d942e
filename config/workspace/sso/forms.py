"""The form of an identity provider: the secret goes in and never comes out."""

import re
from typing import Any, ClassVar, Final

import requests
from allauth.socialaccount.models import SocialAccount
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from config.workspace.access import tokens
from config.workspace.models import IdentityProvider
from config.workspace.outgoing.addresses import Refused, place_of
from config.workspace.permissions import may_give, role_choices
from config.workspace.sso.calls import GuardedSession
from config.workspace.sso.saml.addresses import NOT_INSTALLED, is_installed

_DOMAIN: Final = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
SAML, OIDC = IdentityProvider.Kind.SAML, IdentityProvider.Kind.OIDC
OK: Final = 200


class IdentityProviderForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """Groups and roles as lines; roles that may more than whoever sets them are refused."""

    our_address = forms.CharField(
        label=gettext_lazy("Our address for its answers"),
        required=False,
        disabled=True,
        widget=UnfoldAdminTextInputWidget,
    )
    our_metadata = forms.CharField(
        label=gettext_lazy("Our metadata"),
        required=False,
        disabled=True,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("An address that the provider can read; it is also our entity ID."),
    )
    entity = forms.CharField(
        label=gettext_lazy("Its entity ID"),
        required=False,
        disabled=True,
        widget=UnfoldAdminTextInputWidget,
    )
    metadata_url = forms.CharField(
        label=gettext_lazy("Address of its metadata"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy(
            "Read once, when this is saved; read it again where its keys have changed."
        ),
    )
    metadata = forms.CharField(
        label=gettext_lazy("Its metadata"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=gettext_lazy("Instead of the address: the XML. Empty: what is known stays."),
    )
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
    )
    secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Kept encrypted and never shown. Empty: the one before stays."),
    )

    class Meta:
        model = IdentityProvider
        fields = (
            "name",
            "kind",
            "slug",
            "issuer",
            "client_id",
            "email_claim",
            "first_name_claim",
            "last_name_claim",
            "groups_claim",
            "is_active",
        )
        labels: ClassVar = {"groups_claim": gettext_lazy("Claim or attribute with the groups")}
        help_texts: ClassVar = {
            "slug": gettext_lazy("Part of our addresses, which the provider has to know."),
            "email_claim": gettext_lazy("Empty: who somebody is there, where that is an address."),
        }

    user: Any = None
    own: Any = None  # (our address, our metadata) of one that is there

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
        self.was = {name: getattr(self.instance, name) for name in ("slug", "issuer")}
        self.fields["kind"].disabled = bool(self.instance.pk)
        for name in ("issuer", "client_id"):  # of SAML neither is filled in
            if name in self.fields:
                self.fields[name].required = False
        self.fields["groups"].help_text = _(
            "A line each, as “group = role”; the first group that somebody is in decides. "
            "Roles: %(roles)s."
        ) % {"roles": ", ".join(key for key, _name in given)}
        self._fill_in()

    def _fill_in(self) -> None:
        """What the model has under other names, and what is known of the provider."""
        row = self.instance
        lines = (f"{group} = {role}" for group, role in row.mapping)
        said = {"domains": ", ".join(row.domains), "groups": "\n".join(lines)}
        self.initial.update(said, entity=row.issuer)
        if self.own is not None:
            self.initial["our_address"], self.initial["our_metadata"] = self.own
        n = row.certificates.count("BEGIN CERTIFICATE")
        if n:
            words = ngettext("%(n)d key of it is known.", "%(n)d keys of it are known.", n)
            self.fields["entity"].help_text = words % {"n": n}

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

    def clean(self) -> dict[str, Any]:
        """What its kind needs, each fault at its field."""
        given = super().clean() or {}
        if given.get("kind") == SAML:
            self._read_saml(given)
        elif given.get("kind") == OIDC:
            self._check_openid(given)
        return given

    def _check_openid(self, given: dict[str, Any]) -> None:
        given["issuer"] = str(given.get("issuer") or "").strip()
        try:
            place_of(given["issuer"])
        except Refused as error:
            self.add_error("issuer", _(str(error)))
        if not given.get("client_id"):
            self.add_error("client_id", _("It gave us one when we were made known to it."))

    def _read_saml(self, given: dict[str, Any]) -> None:
        """From the text or the address; nothing new where both are empty."""
        given["issuer"] = self.was["issuer"]
        if not is_installed():
            if given.get("is_active"):
                self.add_error("kind", _(NOT_INSTALLED))
            return
        from config.workspace.sso.saml.metadata import (  # noqa: PLC0415 - an extra
            NoProvider,
            understood,
        )

        text, url = given.get("metadata") or "", (given.get("metadata_url") or "").strip()
        if not (text or url):
            if given.get("is_active") and not self.instance.certificates:
                words = _("Give its metadata, or save it switched off first, to give it ours.")
                self.add_error("metadata", words)
            return
        place = "metadata" if text else "metadata_url"
        try:
            found = understood(text.encode() if text else _fetched(url))
        except NoProvider as error:
            self.add_error(place, _(str(error)))
        except (Refused, requests.RequestException):
            self.add_error(place, _("Nothing could be read there. It has to be a public address."))
        else:
            given["issuer"], row = found.entity, self.instance
            row.sso_url, row.certificates = found.sso_url, found.certificates

    def save(self, commit: bool = True) -> IdentityProvider:
        """With what the model has under other names."""
        row = self.instance
        row.domains, row.mapping = self.cleaned_data["domains"], self.cleaned_data["groups"]
        row.default_role = self.cleaned_data["default_role"]
        row.issuer = self.cleaned_data["issuer"]
        if secret := self.cleaned_data.get("secret"):
            row.sealed_secret = tokens.seal(secret.encode())
        # who they are there is nobody elsewhere
        if row.pk and self.was != {"slug": row.slug, "issuer": row.issuer}:
            SocialAccount.objects.filter(provider__in=[row.slug, self.was["slug"]]).delete()
        saved: IdentityProvider = super().save(commit)
        return saved


def _fetched(url: str) -> bytes:
    """Raises Refused, requests.RequestException."""
    place_of(url)
    with GuardedSession() as session:
        answer = session.get(url)
    if answer.status_code != OK:
        raise requests.HTTPError(str(answer.status_code))
    return bytes(answer.content)
