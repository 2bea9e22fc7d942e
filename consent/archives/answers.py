"""An archive as an answer to somebody: a file to keep, in one piece where it is small."""

from collections.abc import Iterator
from itertools import chain
from typing import Final, cast

from django.http import HttpResponse, StreamingHttpResponse

from consent.archives.output import as_json, as_page
from consent.models import PersonArchive

SMALL: Final = 4 << 20  # bytes of rows
FORMS: Final = {
    "json": (as_json, "application/json; charset=utf-8"),
    "html": (as_page, "text/html; charset=utf-8"),
}


def download(archive: PersonArchive, form: str) -> HttpResponse:
    """As it is handed out. Raises KeyError for another form, FileNotFoundError without a file."""
    write, content_type = FORMS[form]
    pieces: Iterator[bytes] = write(archive)
    whole = chain([next(pieces)], pieces)  # opened now, so that a missing file is known now
    if archive.size < SMALL:
        response = HttpResponse(b"".join(whole), content_type=content_type)
    else:  # the two have no class in common that views are typed by
        response = cast(HttpResponse, StreamingHttpResponse(whole, content_type=content_type))
    name = f"archive-{archive.request.public_id}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
