"""What is answered without Django's handler: too slow, too large, too many. In each area's form."""

import json
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header

from config.answers.requests import area_of
from config.web.areas import API, HEALTH, INGEST, LIVE, Area
from config.workspace.api.problems import CONTENT_TYPE, body_of
from config.workspace.health import counters, pressure

RETRY_SECONDS = 2
# what ingest calls it, and in words; the words of the other areas say the same
CODES = {
    400: ("incomplete_body", "the body ended too early"),
    408: ("request_timeout", "the body came too slowly"),
    413: ("body_too_large", "the body is over 500 KB"),
    500: ("failed", "something failed here"),
    503: ("unavailable", "too many requests at once; try again"),
}
API_WORDS = {413: "This request is too large; without a valid key or session 64 KB are taken."}
ALWAYS = [
    ("Cache-Control", "no-store"),
    ("Connection", "close"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
]
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
Answer = tuple[int, list[tuple[str, str]], bytes]


def refusal(area: Area, status: int, reason: str, environ: dict[str, Any]) -> Answer:
    """Status, headers and body; counted. Closes the connection: its body may be half read."""
    label = area_of(environ["PATH_INFO"])
    pressure.turned_away(area.name, reason)
    counters.count("http_requests_total", area=label, status=f"{status // 100}xx")
    if area is INGEST:
        counters.count("refused_total", reason=CODES[status][0])
    kind, body, more = _body(area, status, environ)
    headers = [("Content-Type", kind), *ALWAYS]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", str(RETRY_SECONDS)))
    return status, headers + more, body


def _body(
    area: Area, status: int, environ: dict[str, Any]
) -> tuple[str, bytes, list[tuple[str, str]]]:
    code, words = CODES[status]
    if area is INGEST:
        body = {"success": False, "code": code, "message": words}
        return "application/json", json.dumps(body).encode(), _open(environ)
    if area is API:
        detail = API_WORDS.get(status, f"{words[0].upper()}{words[1:]}.")
        return CONTENT_TYPE, json.dumps(body_of(status, detail=detail)).encode(), []
    if area in (LIVE, HEALTH):
        return "text/plain; charset=utf-8", f"{words}\n".encode(), []
    page = _page(status, _language(environ), environ["PATH_INFO"].startswith("/console/"))
    return "text/html; charset=utf-8", page, [("Content-Security-Policy", PAGE_POLICY)]


def _open(environ: dict[str, Any]) -> list[tuple[str, str]]:
    """A browser shows its page nothing of an answer, its Retry-After neither, without these."""
    origin = environ.get("HTTP_ORIGIN", "")
    headers = [
        ("Access-Control-Allow-Origin", origin or "*"),
        ("Access-Control-Expose-Headers", "Retry-After"),
    ]
    if origin:
        headers += [("Access-Control-Allow-Credentials", "true"), ("Vary", "Origin")]
    return headers


def _language(environ: dict[str, Any]) -> str:
    """The first of ours that the browser asks for. No cookie: this has to be cheap."""
    known = dict(settings.LANGUAGES)
    given = environ.get("HTTP_ACCEPT_LANGUAGE", "")[:200]
    for name, _weight in parse_accept_lang_header(given):
        if (found := name.split("-")[0]) in known:
            return found
    return settings.LANGUAGE_CODE


@lru_cache(maxsize=64)  # few statuses, two languages: rendered once
def _page(status: int, language: str, is_ours: bool) -> bytes:
    with translation.override(language):
        title, words = {
            400: (_("This request cannot be read"), _("It ended too early. Send it again.")),
            408: (
                _("That took too long"),
                _("What you sent came too slowly. Check your connection and send it again."),
            ),
            413: (
                _("That is too much at once"),
                _("Send less, or log in again first: your session may have ended.")
                if is_ours
                else _("Send less."),
            ),
            500: (_("Something broke on our side"), _("Try again in a moment.")),
            503: (
                _("Too much is going on"),
                _("More people ask at once than can be answered. Try again in a moment."),
            ),
        }[status]
        url, button = ("/console/", _("Open the console")) if is_ours else ("", "")
        if status == HTTPStatus.SERVICE_UNAVAILABLE:  # of a form: the form, with where it leads on
            url, button = "", _("Try again")
        context = {
            "title": title,
            "words": words,
            "advice": "",
            "url": url,
            "button": button,
            "is_ours": is_ours,
        }
        return render_to_string("console/_error.html", context).encode()
