"""The way to a provider: what the log-in offers, and the page that leads on."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from config.console.signing_in.entrance import entrance, have_to_wait
from config.console.signing_in.providers import openid, saml
from config.workspace.access import throttle
from config.workspace.access.client_address import address_of, home_of
from config.workspace.digests import contact_digest
from config.workspace.models import IdentityProvider
from config.workspace.sso.offering import offered

BEGUN: Final = 60  # log-ins that one address begins in 15 minutes
WAYS: Final = {IdentityProvider.Kind.OIDC: openid.ways_of, IdentityProvider.Kind.SAML: saml.ways_of}


def choices(request: HttpRequest) -> list[IdentityProvider]:
    """What the log-in offers. One query."""
    return list(offered().order_by("name"))


@never_cache
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """On to the provider, by a page: a form of ours may lead to no other host (`form-action`).

    To come in; who is in already may be asked to show it there again.
    """
    home = home_of(address_of(request))
    if wait := throttle.seconds_to_wait({"sso_from": (contact_digest("sso", home), BEGUN)}):
        return have_to_wait(request, wait)
    row = get_object_or_404(offered(), slug=slug)
    is_again = "again" in request.POST and request.user.is_authenticated
    answer = WAYS[IdentityProvider.Kind(row.kind)](request, row, is_again=is_again)
    url = answer["Location"]
    if url.startswith("/"):  # turned away
        return answer
    return entrance(request, "leaving", {"url": url, "provider": row.name})
