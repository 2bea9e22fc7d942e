"""Identity providers in the console."""

from typing import Any, Final

from allauth.socialaccount.models import SocialAccount
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.workspace.forms.audited import AuditedAdmin
from config.workspace.forms.listed import ListWords
from config.workspace.models import IdentityProvider
from config.workspace.pages.public_address import base_url
from config.workspace.sso import once  # noqa: F401 - its pruner signs in
from config.workspace.sso.forms import IdentityProviderForm
from config.workspace.sso.saml.addresses import NOT_INSTALLED, addresses_of, is_installed

OF_OIDC: Final = ("issuer", "client_id", "secret")
OF_SAML: Final = (
    "metadata_url",
    "metadata",
    "email_claim",
    "first_name_claim",
    "last_name_claim",
)


@admin.register(IdentityProvider)
class IdentityProviderAdmin(AuditedAdmin):
    """Where the team may sign in instead of here."""

    words = ListWords(
        title=gettext_lazy("Single sign-on"),
        lead=gettext_lazy("Where your team signs in for everything else, it may sign in here too."),
        counted=lambda n: ngettext("%(n)s provider", "%(n)s providers", n),
        new=gettext_lazy("New provider"),
        none=gettext_lazy("No provider yet"),
        gone=gettext_lazy(
            "Nobody comes in by it any more. Whoever has a password here goes on with that."
        ),
    )

    empty_text = gettext_lazy("Let your team sign in where it signs in for everything else.")
    form = IdentityProviderForm
    list_display = ("name", "kind", "issuer", "is_active")
    prepopulated_fields = {"slug": ("name",)}  # noqa: RUF012 - as Django has it
    conditional_fields = {  # noqa: RUF012 - as Unfold has it
        **dict.fromkeys(OF_OIDC, "kind == 'oidc'"),
        **dict.fromkeys(OF_SAML, "kind == 'saml'"),
    }

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With a word where some of them cannot work here."""
        saml = IdentityProvider.objects.filter(kind=IdentityProvider.Kind.SAML, is_active=True)
        if not is_installed() and saml.exists():
            messages.warning(request, _(NOT_INSTALLED))
        answer: HttpResponse = super().changelist_view(request, extra_context)
        return answer

    def delete_model(self, request: HttpRequest, obj: IdentityProvider) -> None:
        """With who came in by it: another one of this name is another."""
        SocialAccount.objects.filter(provider=obj.slug).delete()
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """The same of several."""
        for row in queryset:
            self.delete_model(request, row)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """One that knows who fills it in, and what the provider has to know of us."""
        form = super().get_form(request, obj, **kwargs)
        given = {"user": request.user, "own": _own(request, obj) if obj else None}
        return type("IdentityProviderForm", (form,), given)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """In the order of filling in; of one that is there those of its kind."""
        last = ["domains", "groups_claim", "groups", "default_role", "is_active"]
        first = ["name", "kind", "slug"]
        if obj is None:
            return [*first, *OF_OIDC, *OF_SAML, *last]
        if obj.kind == IdentityProvider.Kind.SAML:
            return [*first, "our_address", "our_metadata", "entity", *OF_SAML, *last]
        return [*first, "our_address", *OF_OIDC, *last]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The slug stands in addresses that the provider knows: it is not made anew."""
        return {} if obj else super().get_prepopulated_fields(request, obj)


def _own(request: HttpRequest, row: IdentityProvider) -> tuple[str, str]:
    if row.kind == IdentityProvider.Kind.SAML:
        own = addresses_of(request, row.slug)
        return own.consumer, own.entity
    return base_url(request) + reverse("openid_connect_callback", args=[row.slug]), ""
