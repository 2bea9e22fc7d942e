"""What we answer where there is no page: our own pages in the reader's language, saying what to do.

Under /api/ and /v1/ it is problem details. Nothing here asks the database, save the pages inside
the shell: an error page that fails is no answer.
"""

import math
import re
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import split_domain_port
from django.middleware.csrf import REASON_BAD_ORIGIN, REASON_NO_CSRF_COOKIE
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.console.pages import PAGES
from config.console.shell.errors import in_shell
from config.workspace.access.hashing import HashingBusy
from config.workspace.api.problems import CONTENT_TYPE, body_of
from config.workspace.pages.errors import Explained, TooManyWrong
from config.workspace.pages.public_language import language_of, languages
from config.workspace.permissions import PERMISSIONS, roles_with
from config.workspace.selectors import workspace
from config.workspace.work import recording
from config.workspace.work.faults import is_crowded, is_disk_full, is_for_want_of_room, is_outage
from config.workspace.work.reasons import reason_of

MACHINES = ("/api/", "/v1/", "/opendsr/", "/opengdpr_requests", "/opencompliance_requests")
STAFF = ("/console", "/health", "/metrics")  # of whoever works here, or runs the installation
DEMO, FRESH_LINK = "/demo/", "/privacy/"
# they have no console
CUSTOMERS = ("/u/", "/preferences/", "/confirm/", "/privacy/", "/t/", "/why/", DEMO)
MEGABYTE = 1024 * 1024
BUSY_SECONDS = 5  # then some of the passwords that wait have been checked
RETRY_SECONDS = 5  # when the database is away
LONGEST_NAME = 100  # characters of a host name that are repeated to whoever sent it


class WayOn(NamedTuple):
    """Where to go on: the button, with words above it; `of_shop` is for who has no console."""

    url: str
    label: str
    more: str = ""
    of_shop: bool = False


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: a request that is refused before a view sees it; 413 where it is too large."""
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    if isinstance(exception, DisallowedHost):
        return _unknown_host(request)
    return _answer(
        request,
        400,
        _("This request cannot be read"),
        _("Something in it is damaged or missing. Go back, load the page anew and try again."),
        "This request cannot be read: its host, its fields or its size.",
    )


def too_large(request: HttpRequest) -> HttpResponse:
    """413: more than DATA_UPLOAD_MAX_MEMORY_SIZE in one form."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // MEGABYTE
    words = _("At most %(n)d MB are taken at once. Send less, or in several parts.") % {"n": most}
    problem = f"This request is too large: at most {most} MB are taken at once."
    return _answer(request, 413, _("That is too much at once"), words, problem)


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    problem = "This is not allowed."
    if not _is_machine(request):
        asked = str(exception or "")
        roles = roles_with(asked) if asked in PERMISSIONS else []
        title = _("Not allowed")
        shown = in_shell(request, "console/403.html", title, 403, roles=", ".join(roles))
        if shown is not None:
            return shown
    words = _("Your role does not include it. An admin of your team can change that.")
    return _answer(request, 403, _("You may not open this page"), words, problem)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: inside the shell for somebody who is logged in, else a plain public page."""
    problem = "There is nothing at this address."
    if not _is_machine(request):
        shown = in_shell(request, "console/404.html", _("Not found"), 404)
        if shown is not None:
            return shown
    if not _is_machine(request) and not request.path.startswith(STAFF):
        return _nothing_for_visitors(request, exception)
    words = _("Check the address, or go back to where you came from.")
    if isinstance(exception, Explained):
        words = str(exception)
    return _answer(request, 404, _("There is nothing at this address"), words, problem)


def _nothing_for_visitors(request: HttpRequest, exception: Exception | None) -> HttpResponse:
    """As the shop's other pages: its name, one language, and the way to a link that works.

    What their link is worth they do not know, and whether it ever was one is not told.
    """
    with translation.override(language_of(request)):
        here = translation.get_language()
        words = str(exception) if isinstance(exception, Explained) else ""
        way_on = WayOn(
            f"{FRESH_LINK}?lang={here}",
            _("Send me a fresh link"),
            _("From one of our mails? Have a fresh link sent to your address."),
            of_shop=True,
        )
        if request.path.startswith(DEMO):
            way_on = WayOn(f"{DEMO}shop/", _("Back to the shop"), of_shop=True)
        response = _answer(
            request,
            404,
            _("There is nothing at this address"),
            words or _("Check the address, or go back to where you came from."),
            "There is nothing at this address.",
            way_on=way_on,
        )
    response["Content-Language"] = here or "en"
    response["Referrer-Policy"] = "no-referrer"  # the address may have been a secret
    return response


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """503: the database or the disk cannot now. Said at once; in the log once, not each time."""
    recording.repeats.failed("answering requests", reason_of(error))
    is_full = is_for_want_of_room(error)
    title, problem = _("The database does not answer"), "The database does not answer just now"
    if is_full:
        title, problem = _("The disk is full"), "The disk is full: nothing can be kept just now"
    elif is_crowded(error):
        title = _("The database takes no more connections")
        problem = "The database takes no more connections just now"
    words = _("What was accepted before is kept. Your last step was not: try it again in a moment.")
    response = _answer(
        request,
        503,
        title,
        words,
        f"{problem}: try again." if not is_full else f"{problem}.",
        advice=_("The server's log and /health/ready say what it is."),
        way_on=WayOn("", _("Try again")),
    )
    response["Retry-After"] = str(RETRY_SECONDS)
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def server_error(request: HttpRequest, *args: Any) -> HttpResponse:
    """500; the log has the reason, the answer has none. 503 for an outage, wherever it was met."""
    error = sys.exc_info()[1]
    if error is not None and (is_outage(error) or is_disk_full(error)):
        return unavailable(request, error)
    return _answer(
        request,
        500,
        _("Something broke on our side"),
        _(
            "What was accepted before is kept. Try again in a moment; "
            "the server's log says what happened."
        ),
        "Something failed here; it was written down.",
    )


def too_slow(request: HttpRequest) -> HttpResponse:
    """503: the database needed longer for one question than a request may have."""
    words = _(
        "The database needed too long for this question, so it was ended. Ask for less at once: "
        "a shorter period, fewer filters."
    )
    problem = "This took longer than a request may take, and was ended. Ask for less at once."
    return _answer(request, 503, _("This took too long"), words, problem)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form that did not come from a page of ours, as far as one can tell."""
    words, advice = _csrf_words(request, reason)
    back = _page_before(request)
    return _answer(
        request,
        403,
        _("This form was not taken"),
        words,
        "The CSRF token is missing or wrong, or the call comes from another origin.",
        advice=advice,
        way_on=WayOn(back, _("Back to the form")) if back else None,
    )


@PAGES.register("locked_out")
def locked_out(request: HttpRequest, seconds: int) -> HttpResponse:
    """429: too many failed log-ins of one name, or from one address."""
    minutes = math.ceil(seconds / 60)
    words = ngettext(
        "Wait %(n)d minute, then try again. Another admin can set a new password under Team.",
        "Wait %(n)d minutes, then try again. Another admin can set a new password under Team.",
        minutes,
    ) % {"n": minutes}
    advice = _("On the server, manage.py changepassword NAME sets a new one.")
    response = _answer(
        request, 429, _("Too many failed log-ins"), words, "Too many failed log-ins.", advice=advice
    )
    response["Retry-After"] = str(seconds)
    return response


@PAGES.register("too_often")
def too_often(request: HttpRequest, seconds: int) -> HttpResponse:
    """429: asked for more often than anybody needs to."""
    minutes = math.ceil(seconds / 60)
    words = ngettext(
        "This was tried too often. Wait %(n)d minute, then try again.",
        "This was tried too often. Wait %(n)d minutes, then try again.",
        minutes,
    ) % {"n": minutes}
    response = _answer(request, 429, _("Too often"), words, "Tried too often.")
    response["Retry-After"] = str(seconds)
    return response


def too_many_wrong(request: HttpRequest, seconds: int) -> HttpResponse:
    """429: so many links or keys of this caller were none."""
    words = ngettext(
        "Too many links from your address were not ours. Wait %(n)d second, then try again.",
        "Too many links from your address were not ours. Wait %(n)d seconds, then try again.",
        seconds,
    ) % {"n": seconds}
    response = _answer(request, 429, _("Too many wrong links"), words, "Too many wrong links.")
    response["Retry-After"] = str(seconds)
    return response


def too_busy(request: HttpRequest) -> HttpResponse:
    """503: more passwords are to be checked than the processor is given for."""
    response = _answer(
        request,
        503,
        _("Too many people are logging in"),
        _("Your password was not checked. Wait a few seconds, then send it again."),
        "Too many passwords are being checked; try again.",
        way_on=WayOn(request.get_full_path(), _("Back to the form")),
    )
    response["Retry-After"] = str(BUSY_SECONDS)
    response._has_been_logged = True  # type: ignore[attr-defined]  # it is counted
    return response


class BareAnswers:
    """Middleware: a browser that would be shown an empty page gets one that says what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """As the view answered, unless that is an error without a word. No query."""
        response = self.get_response(request)
        if not _is_bare(request, response):
            return response
        words = _("Go back, load the page anew and try again.")
        title = _("This request cannot be read")
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            title = _("This address is not a page")
            words = _("It only takes what a form or a button of ours sends. Open the page again.")
        ours = _answer(request, response.status_code, title, words, title)
        if allowed := response.get("Allow"):
            ours["Allow"] = allowed
        return ours

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What any view may meet that hashes a password, or is asked for by a secret address."""
        if isinstance(exception, TooManyWrong):
            return too_many_wrong(request, exception.seconds)
        return too_busy(request) if isinstance(exception, HashingBusy) else None


def _is_bare(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        response.status_code >= HTTPStatus.BAD_REQUEST
        and request.method != "HEAD"
        and not response.streaming
        and not response.content
        and "text/html" in request.headers.get("Accept", "")
    )


def _unknown_host(request: HttpRequest) -> HttpResponse:
    """The line to write is made only of what can be a name; any other Host is merely shown."""
    host = request.META.get("HTTP_HOST", "")
    name = "" if len(host) > LONGEST_NAME else split_domain_port(host)[0]
    if name.startswith("."):  # in a list of names it would stand for all below
        name = ""
    if name:
        advice = _(
            "If this installation should answer to it, write this line into .env and start again. "
            "Where ALLOWED_HOSTS stands there already, put the name behind the others, after a "
            "comma."
        )
    else:
        advice = _("No installation can answer to it: it is not written as a host name is.")
    return _answer(
        request,
        400,
        _("This installation does not answer to that name"),
        _("It was asked for as %(host)s. Open it at its own address.")
        % {"host": host[:LONGEST_NAME]},
        f"This installation does not answer to the name {host[:LONGEST_NAME]}: see ALLOWED_HOSTS.",
        advice=advice,
        line=f"ALLOWED_HOSTS={name}" if name else "",
        way_on=WayOn(f"{settings.BASE_URL}/", settings.BASE_URL),
    )


def _csrf_words(request: HttpRequest, reason: str) -> tuple[str, str]:
    """What the person can do, and what whoever runs the installation can."""
    origin = request.META.get("HTTP_ORIGIN", "")
    if reason == REASON_NO_CSRF_COOKIE:
        words = _(
            "Your browser kept no cookie of this address. Allow cookies for it, go back and load "
            "the page anew."
        )
        secure = settings.CSRF_COOKIE_SECURE and not request.is_secure()
        advice = _(
            "BASE_URL is %(url)s, so that cookies are sent over https only; open it there. A proxy "
            "in front has to pass X-Forwarded-Proto."
        ) % {"url": settings.BASE_URL}
        return words, advice if secure else ""
    if reason != REASON_BAD_ORIGIN % origin:
        return _(
            "The page was open for long, or you signed in anew in another window. Go back, load "
            "it anew and send it again."
        ), ""
    if origin == "null":
        return _(
            "Your browser did not say which page it was sent from; a privacy add-on may hide it."
        ), _("A proxy in front must not set Referrer-Policy: no-referrer.")
    return _("It was sent from %(origin)s. Open the console at its own address.") % {
        "origin": origin[:LONGEST_NAME]
    }, _(
        "BASE_URL is %(url)s. Set it to the address that people open, and have a proxy in front "
        "pass Host and X-Forwarded-Proto."
    ) % {"url": settings.BASE_URL}


def _page_before(request: HttpRequest) -> str:
    """The path of the page that the form stood on, if it is one of ours and we are told."""
    before = urlsplit(request.META.get("HTTP_REFERER", ""))
    ours = before.netloc == request.get_host()
    return before.path if ours and re.match(r"/(?!/)", before.path) else ""


def _name_of_shop() -> str:
    """As its other pages are headed; "" where the database cannot say it now."""
    try:
        return str(workspace().name)
    except Exception:  # whatever it is, the page is shown without
        return ""


def _is_machine(request: HttpRequest) -> bool:
    return f"{request.path}/".startswith(MACHINES)


def _answer(
    request: HttpRequest,
    status: int,
    title: str,
    words: str,
    problem: str,
    *,
    advice: str = "",
    line: str = "",
    way_on: WayOn | None = None,
) -> HttpResponse:
    """A page of ours, or for a program the problem.

    `line`: what the advice says to write.
    """
    response: HttpResponse
    if _is_machine(request):
        body = body_of(status, detail=problem)
        response = JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    else:
        of_shop = way_on is not None and way_on.of_shop
        is_ours = not of_shop and not request.path.startswith(CUSTOMERS)
        home = WayOn("/console/", _("Open the console")) if is_ours else WayOn("", "")
        way = way_on or home
        context = {
            "title": title,
            "words": words,
            "advice": advice if is_ours else "",
            "line": line if is_ours else "",
            "url": way.url,
            "button": way.label,
            "is_ours": is_ours,
            "more": way.more,
            "who": _name_of_shop() if not is_ours else "",
            "languages": languages() if of_shop else [],
        }
        page = render_to_string("console/_error.html", context)
        response = HttpResponse(page, status=status)
    add_never_cache_headers(response)
    return response
