"""The WSGI environ of a request (PEP 3333), whose body is in memory already."""

import sys
from io import BytesIO
from typing import Any

from config.web.files import FileWrapper

BASE: dict[str, Any] = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "Rapport",
    "CONTENT_LENGTH": "",
    "CONTENT_TYPE": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multiprocess": False,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.file_wrapper": FileWrapper,
}
UNREAD = "rapport.body_unread"  # in the environ of a request whose body nobody read
_names: dict[str, str] = {}
MOST_NAMES = 1000  # of headers that are remembered: anybody may invent some


def environ_of(scope: Any) -> dict[str, Any]:
    """All but the body. A header with `_` in its name is left out: it would pass for another.

    A value that is not ASCII is "", several of one name are joined, as granian itself does.
    """
    host, _colon, port = scope.server.rpartition(":")
    client = scope.client.rpartition(":")[0]
    version = scope.http_version
    environ = BASE | {
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/1.0" if version == "1" else f"HTTP/{version}",
        "REMOTE_ADDR": client.strip("[]"),
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": _latin(scope.path),
        "QUERY_STRING": _latin(scope.query_string),
        "wsgi.url_scheme": scope.scheme,
    }
    headers = scope.headers
    pairs = headers.items()
    for key, value in pairs:
        name = _names.get(key) or _name(key)
        if name in environ and environ[name] != "":
            _add(environ, name, value)
        elif name:
            environ[name] = value
    if len(pairs) < len(headers.keys()):  # what is not ASCII is in no pair
        for key in list(headers):
            environ.setdefault(_name(key), "")
    environ.pop("", None)
    if "HTTP_HOST" not in environ:
        environ["HTTP_HOST"] = scope.authority or ""
    return environ


def with_body(environ: dict[str, Any], body: bytes) -> dict[str, Any]:
    """A whole body: however it came, it has a length now and no coding of transfer."""
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_LENGTH"] = str(len(body)) if body else environ["CONTENT_LENGTH"] and "0"
    environ["wsgi.input"] = BytesIO(body)
    return environ


def without_body(environ: dict[str, Any]) -> dict[str, Any]:
    """What was announced stays as announced; nothing of it was read."""
    environ["wsgi.input"] = BytesIO()
    environ[UNREAD] = True
    return environ


def _name(key: str) -> str:
    """`HTTP_X_REQUEST_ID` of `x-request-id`; "" for what is left out."""
    if "_" in key:
        return ""
    name = key.replace("-", "_").upper()
    if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        name = f"HTTP_{name}"
    if len(_names) < MOST_NAMES:
        _names[key] = name
    return name


def _add(environ: dict[str, Any], name: str, value: str) -> None:
    """One more value of the same header: a cookie holds commas, a type or length is said once."""
    if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        environ[name] += ("; " if name == "HTTP_COOKIE" else ",") + value


def _latin(text: str) -> str:
    """Bytes as WSGI writes them, one character each."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")
