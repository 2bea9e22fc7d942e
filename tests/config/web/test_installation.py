"""A whole installation, by raw sockets: who is not known is told before the body is read."""

import base64
import gzip
import json
import subprocess
import sys

import pytest

from config import paths
from config.postgres import capacity
from config.postgres.server import SETTINGS
from config.web.areas import connections_needed
from tests.config.web.raw import Raw, get, post
from tests.profiles.installation import KEY, Installation

pytestmark = pytest.mark.slow
CALL = json.dumps({"event": "Order Completed", "userId": "ada"}).encode()
LARGE = 100_000  # more than any form
SESSION = """
import django; django.setup()
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from config.workspace.models import User
user = User.objects.create_user("ada", password="a long secret", role="admin")
store = SessionStore()
store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
store[BACKEND_SESSION_KEY] = "config.workspace.permissions.RoleBackend"
store.save()
print(store.session_key)
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    made = Installation(tmp_path_factory.mktemp("doors"))
    made.set_up()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def api_key(installation):
    said = installation.manage("apikey", "create", "doors", "--scope", "people.view")
    return said.split()[-1]


@pytest.fixture(scope="module")
def session(installation):
    made = subprocess.run(
        [sys.executable, "-c", SESSION], env=installation.environment, cwd=paths.BASE_DIR,
        check=True, timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    return made.stdout.split()[-1]


def basic(key: str) -> str:
    return "Authorization: Basic " + base64.b64encode(f"{key}:".encode()).decode()


def ask(installation, data: bytes):
    connection = Raw(installation.port, data)
    try:
        return connection.answer()
    finally:
        connection.close()


def test_idle_sockets_hold_up_neither_ingest_nor_console_nor_health(installation):
    openings = [
        post("/v1/track", b"{", length=1000),
        post("/v1/batch", b"{", basic(KEY), length=1000),
        post("/console/login/", b"a", length=1000),
        post("/api/profiles", b"{", length=1000),
        get("/console/login/")[:20],
        b"",
    ]
    held = [Raw(installation.port, data) for data in openings for _ in range(50)]
    for path in ("/health/live", "/health/ready", "/console/login/", "/static/console.css"):
        assert ask(installation, get(path)).status == 200, path
    assert ask(installation, post("/v1/track", CALL, basic(KEY))).status == 200
    for connection in held:
        connection.close()


@pytest.mark.parametrize(
    "header", [basic("unknown"), "Authorization: Bearer unknown", "X-Write-Key: unknown"]
)
def test_an_unknown_key_is_401_before_the_body_is_read(installation, header):
    connection = Raw(installation.port, post("/v1/track", b"", header, "Origin: x", length=1000))
    answer = connection.answer()
    assert answer.status == 401
    assert answer.json["code"] == "invalid_write_key"
    assert answer.headers["access-control-allow-origin"] == "x"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert ask(installation, post("/v1/t?writeKey=unknown", b"", length=1000)).status == 401
    sending = Raw(installation.port, post("/v1/batch", b"x" * 3_000_000, header))
    assert sending.answer().status == 401, "who is still sending gets to see it"


def test_a_known_key_is_taken_wherever_a_client_puts_it(installation):
    for header in (basic(KEY), f"Authorization: Bearer {KEY}", f"X-Write-Key: {KEY}"):
        for _ in range(2):  # looked up, then remembered
            assert ask(installation, post("/v1/track", CALL, header)).status == 200
    in_body = json.dumps({"event": "x", "userId": "ada", "writeKey": KEY}).encode()
    assert ask(installation, post("/v1/track", in_body)).status == 200
    assert ask(installation, post(f"/v1/track?writeKey={KEY}", CALL)).status == 200
    packed = gzip.compress(CALL)
    header = "Content-Encoding: gzip"
    assert ask(installation, post("/v1/track", packed, header, basic(KEY))).status == 200
    wrong = in_body.replace(KEY.encode(), b"unknown")
    assert ask(installation, post("/v1/track", wrong)).status == 401
    assert ask(installation, post("/v1/track", b"{", basic(KEY))).status == 400
    for size in (600_000, 5_000_000):
        sending = Raw(installation.port, post("/v1/batch", b"x" * size, basic(KEY)))
        assert sending.answer().json["code"] == "body_too_large"


def test_a_large_body_is_for_those_who_are_known(installation, api_key, session):
    """64 KB are read of anybody; more only with a key or a session that is true."""
    body = json.dumps({"segment": "x" * LARGE}).encode()
    kind = "Content-Type: application/json"
    url = "/api/segments"

    def status(*headers: str) -> int:
        return ask(installation, post(url, body, kind, *headers)).status

    assert status() == 413
    assert status("Cookie: sessionid=made-up") == 413
    assert status("Authorization: Bearer made-up") == 401
    assert status(f"Authorization: Bearer {api_key}") == 403, "read, and judged by the view"
    assert status(f"Cookie: sessionid={session}") == 403, "read, and judged: no CSRF token"
    url = "/console/login/"
    assert status() == 413


def test_static_files_come_whole_in_part_and_by_tag(installation):
    file = (paths.BASE_DIR / "static" / "console.css").read_bytes()
    whole = ask(installation, get("/static/console.css"))
    assert whole.body == file
    connection = Raw(installation.port)
    part = connection.send(get("/static/console.css", "Range: bytes=10-19")).answer()
    assert (part.status, part.body) == (206, file[10:20])
    head = connection.send(get("/static/console.css").replace(b"GET", b"HEAD"))
    assert head.answer(has_body=False).headers["content-length"] == str(len(file))
    tag = f"If-None-Match: {whole.headers['etag']}"
    same = connection.send(get("/static/console.css", tag)).answer(has_body=False)
    assert same.status == 304
    assert connection.send(get("/static/../manage.py")).answer().status == 404


def test_who_reads_no_answer_holds_no_thread(installation):
    script = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
    size = len(ask(installation, get(script)).body)
    assert size > 1_000_000, "more than the kernel keeps for a client"
    held = [Raw(installation.port, get(script)) for _ in range(60)]
    assert ask(installation, get("/static/console.css")).status == 200
    assert len(ask(installation, get(script)).body) == size
    for connection in held:
        connection.close()


def test_each_thread_has_one_connection_to_the_database(installation):
    for path in ("/health/ready", "/api/segments", "/console/login/", "/u/x", "/v1/x"):
        held = [Raw(installation.port, get(path)) for _ in range(20)]
        assert all(one.answer().status < 500 for one in held)
    (found,) = installation.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    )
    worker, asking = 2, 1
    assert found[0] <= connections_needed() + worker + asking
    assert connections_needed() == capacity.WEB
    reserved = 3  # for superusers, by PostgreSQL's own setting
    assert not capacity.of(int(SETTINGS["max_connections"]) - reserved).is_short
