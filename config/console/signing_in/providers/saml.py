"""Providers by SAML 2.0: the way there by a redirect, and back by a form that their page sends."""

import time
from typing import Any, Final

from allauth.account.models import EmailAddress
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.base import Provider, ProviderAccount
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from config.console.signing_in.entrance import entrance
from config.console.signing_in.providers.adapter import SAML, app_of
from config.console.signing_in.providers.turning_away import turned_away
from config.workspace.models import IdentityProvider
from config.workspace.sso import once
from config.workspace.sso.offering import offered
from config.workspace.sso.saml.addresses import addresses_of, described

ASKED: Final = "saml_asked"  # in the session: requests that this browser was led away with
MOST_ASKED: Final = 5
ASKED_FOR: Final = 15 * 60  # seconds that an answer may take
ON: Final = "passed_on"
MAIL: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


class SamlProvider(Provider):  # type: ignore[misc]  # has no types
    """What allauth asks of a kind of providers. `data` is what `_said` makes of a word."""

    id = SAML
    name = "SAML 2.0"
    account_class = ProviderAccount

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Who they are there."""
        return str(data["subject"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Kept with their account."""
        return {SAML: {**data}}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Of the user that is made at the first log-in."""
        return {name: data[name] for name in ("email", "first_name", "last_name")}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        """Vouched for or not: `adapter.claims_of` says."""
        email = data["email"]
        return [EmailAddress(email=email, verified=False, primary=True)] if email else []


registry.register(SamlProvider)


def ways_of(request: HttpRequest, row: IdentityProvider, *, is_again: bool) -> HttpResponse:
    """Where the browser is led; it is noted in its session what it asked for."""
    from config.workspace.sso.saml import asking  # noqa: PLC0415 - an extra

    number, now = asking.new_number(), time.time()
    asked = {
        "slug": row.slug,
        "next": get_next_redirect_url(request),
        "process": AuthProcess.REDIRECT if is_again else AuthProcess.LOGIN,
        "at": now,
    }
    before = list(_asked(request).items())[-MOST_ASKED + 1 :]
    request.session[ASKED] = dict([*before, (number, asked)])
    own = addresses_of(request, row.slug)
    return HttpResponseRedirect(asking.address_of(row.sso_url, own, number, anew=is_again))


@never_cache
@require_GET
def metadata(request: HttpRequest, slug: str) -> HttpResponse:
    """What we say of ourselves, also before the provider is switched on. Raises Http404."""
    row = get_object_or_404(IdentityProvider, slug=slug, kind=IdentityProvider.Kind.SAML)
    text = described(addresses_of(request, row.slug))
    return HttpResponse(text, content_type="application/samlmetadata+xml")


@csrf_exempt  # another site sends it; it is bound to the browser by the request that it answers
@never_cache
@require_POST
def back(request: HttpRequest, slug: str) -> HttpResponse:
    """Back with an answer, first from the provider's page, without our cookies, which are Lax.

    A page of ours sends it once more, so that it comes with them. Raises Http404.
    """
    rows = offered().filter(kind=IdentityProvider.Kind.SAML)
    row = get_object_or_404(rows, slug=slug)
    answer = request.POST.get("SAMLResponse", "")
    if ON not in request.POST:
        context = {"answer": answer, "field": ON, "provider": row.name}
        return entrance(request, "coming_back", context)
    asked = {number: one for number, one in _asked(request).items() if one["slug"] == slug}
    return _judged(request, row, answer, asked) if asked else _unasked(request, row)


def _judged(
    request: HttpRequest, row: IdentityProvider, answer: str, asked: dict[str, Any]
) -> HttpResponse:
    from config.workspace.sso.saml import judging  # noqa: PLC0415 - an extra
    from config.workspace.sso.saml.metadata import pems  # noqa: PLC0415

    own = addresses_of(request, row.slug)
    keys, now = pems(row.certificates), timezone.now()
    expected = judging.ExpectedWord(row.issuer, keys, own.entity, own.consumer, [*asked], now)
    try:
        word = judging.judged(answer, expected)
    except judging.NotTaken as error:
        if str(error) == "unasked":
            return _unasked(request, row)
        return turned_away(request, "failed", str(error))
    if not once.take(row.issuer, word.assertion, word.until):
        return turned_away(request, "failed", "taken before")
    this = asked[word.request]
    request.session[ASKED] = {n: one for n, one in _asked(request).items() if n != word.request}
    login = SamlProvider(request, app_of(row)).sociallogin_from_response(request, _said(row, word))
    login.state = {name: this[name] for name in ("process", "next") if this[name]}
    login.state["data"] = {"asked_at": this["at"]}
    done: HttpResponse = complete_social_login(request, login)
    return done


def _said(row: IdentityProvider, word: Any) -> dict[str, Any]:
    """What of a word is kept and decided by."""
    mail = word.subject if word.subject_format == MAIL and not row.email_claim else ""
    return {
        "subject": word.subject,
        "email": _first(word, row.email_claim) or mail,
        "first_name": _first(word, row.first_name_claim),
        "last_name": _first(word, row.last_name_claim),
        "groups": word.attributes.get(row.groups_claim, []),
        "signed_in_at": word.signed_in_at.timestamp(),
    }


def _first(word: Any, name: str) -> str:
    found: str = next(iter(word.attributes.get(name, [])), "") if name else ""
    return found[:150]


def _unasked(request: HttpRequest, row: IdentityProvider) -> HttpResponse:
    """Whoever is sent here unasked may be somebody else: they begin here, by a button."""
    return entrance(request, "unasked", {"provider": row})


def _asked(request: HttpRequest) -> dict[str, Any]:
    """The requests of this browser that may still be answered, the oldest first."""
    found = request.session.get(ASKED, {})
    return {n: one for n, one in found.items() if time.time() - one["at"] < ASKED_FOR}
