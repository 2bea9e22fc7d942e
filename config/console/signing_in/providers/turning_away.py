"""Why somebody does not come in by a provider: in words for them, as a code for the trail."""

from typing import Final, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy

from config.console.pages import toast
from config.workspace import audit

WORDS: Final = {
    "domain": gettext_lazy("Your address is of no domain that signs in here by this provider."),
    "groups": gettext_lazy("You are in none of the groups that work here. Ask an admin."),
    "address": gettext_lazy(
        "Somebody with your address works here already. Ask an admin to join the two."
    ),
    "another": gettext_lazy("That was somebody else, or not signed in anew."),
    "failed": gettext_lazy("The provider did not let you in, or its answer was not right."),
}


def turned_away(request: HttpRequest, why: str, fault: str = "") -> HttpResponse:
    """Back to the log-in; who is in already, to their own page. `fault`: for whoever set it up."""
    detail = {"reason": why, "how": "sso", **({"fault": fault} if fault else {})}
    with audit.acting(audit.STRANGER):
        audit.record("sign_in.refused", "user", detail=detail)
    toast(request, WORDS[why], level=messages.ERROR)
    is_in = request.user.is_authenticated
    return HttpResponseRedirect(reverse("mfa_index" if is_in else "admin:login"))


def turn_away(request: HttpRequest, why: str) -> NoReturn:
    """The same from within allauth. Raises ImmediateHttpResponse."""
    raise ImmediateHttpResponse(turned_away(request, why))
