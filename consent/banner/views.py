"""What a site loads of us: the banner's script, its style sheet, and its texts. Open to any site.

The addresses stay as they are, since they stand in pages of others; so do not their contents,
which are asked for again after an hour. Nothing here says or takes anything about a person.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.views.decorators.http import require_safe

from consent.banner.document import document_of
from profiles.ingest.keys import source_of

FILES = {"js": "text/javascript", "css": "text/css"}
KEPT_SECONDS, TEXTS_KEPT_SECONDS = 3600, 60
LONGEST_LANGUAGE = 35
View = Callable[..., HttpResponse]


def for_any_site(view: View) -> View:
    """Readable from every origin, without cookies; no person is in it."""

    @wraps(view)
    def wrapped(request: HttpRequest, **given: str) -> HttpResponse:
        response = view(request, **given)
        response["Access-Control-Allow-Origin"] = "*"
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    return wrapped


@for_any_site
@require_safe
def file_view(request: HttpRequest, kind: str) -> HttpResponse:
    """The script or the style sheet."""
    content, tag = _file(kind)
    if tag in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified(headers={"ETag": tag})
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={KEPT_SECONDS}"}
    return HttpResponse(content, content_type=f"{FILES[kind]}; charset=utf-8", headers=headers)


@lru_cache(maxsize=4)
def _file(kind: str) -> tuple[bytes, str]:
    content = (Path(settings.BASE_DIR) / "static" / "consent" / f"banner.{kind}").read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'


@for_any_site
@require_safe
def document_view(request: HttpRequest, key: str) -> HttpResponse:
    """The texts of a source's banner; nothing (204) where it shows none, which is no fault."""
    source = source_of(key)
    if source is None:
        body = {"code": "unknown_source", "message": "no source has this write key"}
        return JsonResponse(body, status=404)
    found = document_of(source.pk, request.GET.get("lang", "")[:LONGEST_LANGUAGE])
    if found is None:
        return HttpResponse(status=204)
    return JsonResponse(found, headers={"Cache-Control": f"public, max-age={TEXTS_KEPT_SECONDS}"})
