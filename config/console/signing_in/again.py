"""Who they are, shown once more: what was sent meanwhile is kept sealed, and goes on after it."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from config.console.pages import page, toast
from config.workspace import freshness
from config.workspace.access import tokens
from config.workspace.api.permissions import SHOW_AGAIN
from config.workspace.api.problems import CONTENT_TYPE, body_of
from config.workspace.freshness import NotShownLately
from config.workspace.models import IdentityProvider, User
from config.workspace.sso.offering import offered

KEPT: Final = "kept_form"  # in the session: where it was sent, from which page, when, and what
MOST: Final = 100_000  # characters of a form that are kept
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
HOME: Final = "/console/"


class AskAgain:
    """Middleware: whoever has not shown lately who they are does it first, then goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """As answered."""
        return self.get_response(request)

    @staticmethod
    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Where a view asked for it."""
        return _led_there(request) if isinstance(exception, NotShownLately) else None


def shown_lately(view: Callable[..., Any]) -> Callable[..., Any]:
    """A page on which whoever opens it has shown who they are."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        freshness.ask(request)
        return view(request, *args, **kwargs)

    return checked


def providers_of(user: User) -> list[IdentityProvider]:
    """By which somebody comes in, and may show who they are. One query."""
    slugs = SocialAccount.objects.filter(user=user).values("provider")
    return list(offered().filter(slug__in=slugs).order_by("name"))


def by_provider(request: HttpRequest) -> HttpResponse:
    """A button for each provider of theirs, which asks for the log-in there once more."""
    assert isinstance(request.user, User)  # noqa: S101 - `of_member` asked
    methods = get_adapter().get_reauthentication_methods(request.user)
    wanted = urlencode({"next": request.GET.get("next", "")})
    others = [
        {**one, "url": f"{one['url']}?{wanted}"} for one in methods if one["url"] != request.path
    ]
    context = {
        "providers": providers_of(request.user),
        "next": request.GET.get("next", ""),
        "reauthentication_alternatives": others,
    }
    crumbs = [(_("My security"), reverse("mfa_index"))]
    template = "console/security/again_provider.html"
    return page(request, template, context, title=_("Is it you?"), crumbs=crumbs)


def sent(request: HttpRequest) -> HttpResponse:
    """What was sent before, to be sent now by the browser that sent it: its form, filled in."""
    freshness.ask(request)
    kept = request.session.pop(KEPT, None)
    if kept is None or time.time() - kept["at"] > freshness.SECONDS:
        return HttpResponseRedirect(HOME)
    try:
        said = QueryDict(tokens.unseal(kept["sealed"].encode()).decode())
    except InvalidToken:  # SECRETS_KEY was changed in between
        return HttpResponseRedirect(kept["back"])
    fields = [(name, value) for name, values in said.lists() for value in values]
    context = {"path": kept["path"], "back": kept["back"], "fields": fields}
    crumbs = [(_("My security"), reverse("mfa_index"))]
    template = "console/security/again_sent.html"
    return page(request, template, context, title=_("Thank you"), crumbs=crumbs)


def _led_there(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse(body_of(403, detail=SHOW_AGAIN), status=403, content_type=CONTENT_TYPE)
    assert isinstance(request.user, User)  # noqa: S101 - of a stranger nobody asks it
    is_part = request.headers.get("HX-Request") == "true"
    if is_part:
        wanted = _own(request, request.headers.get("HX-Current-URL", ""))
    elif request.method in freshness.READS:
        wanted = request.get_full_path()
    else:
        wanted = _kept(request)
    url = _way(request, request.user, wanted)
    if is_part:
        return HttpResponse(status=401, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _way(request: HttpRequest, user: User, wanted: str) -> str:
    """The page that asks, or where it is said that nothing could be asked."""
    methods = get_adapter(request).get_reauthentication_methods(user)
    if methods:
        return f"{methods[0]['url']}?{urlencode({'next': wanted})}"
    words = _("You have no way to show who you are here. Ask an admin for a link to a password.")
    toast(request, words, level=messages.ERROR)
    return reverse("mfa_index")


def _kept(request: HttpRequest) -> str:
    """Where one goes on: to what was sent, or, where that is too much to keep, back to its page."""
    back = _own(request, request.headers.get("Referer", ""))
    said = request.POST.copy()
    said.pop("csrfmiddlewaretoken", None)
    text = said.urlencode()
    if request.FILES or len(text) > MOST or request.content_type not in FORMS:
        toast(request, _("What you sent was not kept: send it once more."), level=messages.WARNING)
        return back
    sealed = tokens.seal(text.encode()).decode()
    path = request.get_full_path()
    request.session[KEPT] = {"path": path, "back": back, "at": time.time(), "sealed": sealed}
    return reverse("sent_before")


def _own(request: HttpRequest, url: str) -> str:
    """A page of ours that a browser says it is on; Home where it is none."""
    parts = urlsplit(url)
    if parts.netloc and parts.netloc != request.get_host():
        return HOME
    here = parts.path + (f"?{parts.query}" if parts.query else "")
    is_ours = url_has_allowed_host_and_scheme(here, None)
    return here if is_ours and here.startswith(HOME) else HOME
