"""How a provider is called: guarded as every call to an address that somebody gave us.

The very address that was checked is connected to, no redirect is followed and no proxy asked.
"""

import socket
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from config.workspace.outgoing.addresses import CallTarget, Refused, place_of
from config.workspace.outgoing.calls import connected

SECONDS: Final = 10.0
MOST_BYTES: Final = 1_000_000


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return connected(CallTarget("http", self.host, self.port or 80, "/"))


class _Tls(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return connected(CallTarget("https", self.host, self.port or 443, "/"))


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


class _Guarded(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            place_of(request.url or "")
            return super().send(request, *args, **{**kwargs, "timeout": SECONDS})
        except Refused as error:
            raise requests.ConnectionError(str(error)) from error


class GuardedSession(requests.Session):
    """A session of `requests` that calls nobody inside, and is led nowhere else."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Guarded())

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Raises requests.RequestException, also for an answer that is too large."""
        given = {**kwargs, "allow_redirects": False, "stream": True}
        response = super().request(*args, **given)
        body = bytearray()
        for part in response.iter_content(16_384):
            body += part
            if len(body) > MOST_BYTES:
                response.close()
                raise requests.ConnectionError("the answer is too large")
        response._content = bytes(body)  # as `requests` keeps it once it is read
        return response
