"""Who asks, and by which scheme, is said by one function: a stranger's claims are not believed."""

from pathlib import Path

import pytest
from django.http import HttpResponse

from config import paths
from config import settings as ours
from config.connections import networks
from config.workspace.access.client_address import BELIEVED_SCHEME, SchemeOfOurProxies

CODE = ("config", "profiles", "consent", "segments", "campaigns")
# what makes the environ, what reads it for everybody, and figures: whether anything is in between
KNOW_THE_PEER = {
    "config/web/environ.py", "config/workspace/access/client_address.py",
    "config/running/metrics.py",
}  # fmt: skip


def test_nobody_else_reads_the_peer_or_what_is_forwarded():
    signs = ("REMOTE_ADDR", "HTTP_X_FORWARDED", "X-Forwarded-For", "HTTP_X_REAL_IP", "REMOTE_HOST")
    found = set()
    for folder in CODE:
        for file in Path(paths.BASE_DIR, folder).rglob("*.py"):
            code = [line.partition("#")[0] for line in file.read_text().splitlines()]
            if any(f'"{sign}' in line for line in code for sign in signs):
                found.add(str(file.relative_to(paths.BASE_DIR)))
    assert found == KNOW_THE_PEER


@pytest.mark.parametrize(
    ("peer", "said", "is_secure"),
    [
        ("127.0.0.1", "https", True),
        ("127.0.0.1", "http", False),
        ("127.0.0.1", "", False),
        ("192.0.2.7", "https", False),
        ("", "https", False),
    ],
)
def test_https_is_believed_of_a_proxy_of_ours_alone(rf, settings, peer, said, is_secure):
    settings.TRUSTED_PROXIES = networks("127.0.0.1")
    settings.SECURE_PROXY_SSL_HEADER = (BELIEVED_SCHEME, "https")
    headers = {"X-Forwarded-Proto": said} if said else {}
    request = rf.get("/", REMOTE_ADDR=peer, headers=headers)
    SchemeOfOurProxies(lambda request: HttpResponse())(request)
    assert request.is_secure() is is_secure


def test_the_scheme_is_known_before_anything_asks_for_it():
    name = f"{SchemeOfOurProxies.__module__}.{SchemeOfOurProxies.__qualname__}"
    assert ours.MIDDLEWARE[0] == name
    assert not BELIEVED_SCHEME.startswith("HTTP_"), "a header could say it"
