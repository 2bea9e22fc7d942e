"""What a log line holds: an id, a reason, and nobody's data. The same in both formats."""

import io
import json
import logging
import time

import pytest
from django.db import IntegrityError, connection
from django.urls import path

from config import logs
from config.urls import *  # noqa: F403 - the real addresses, and two that fail
from config.workspace.health import counters
from config.workspace.models import Workspace
from config.workspace.work.reasons import without_people
from tests.cast import make_user

PERSON = "jane@example.com"


def fail(request):
    raise ValueError(f"{PERSON} is unknown")


def collide(request):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE held (email text UNIQUE)")
        cursor.execute("INSERT INTO held VALUES (%s), (%s)", [PERSON, PERSON])


urlpatterns = [path("fail/", fail), path("collide/", collide), *urlpatterns]  # noqa: F405


@pytest.fixture(params=["LINE", "JSON"])
def written(request):
    """What the installation's own handler writes, at the default level."""
    given = logs.configuration("WARNING", request.param)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    chosen = dict(given["formatters"]["chosen"])
    made = {"LineFormatter": logs.LineFormatter, "JsonFormatter": logs.JsonFormatter}
    kind = made[chosen.pop("()").rpartition(".")[2]]
    handler.setFormatter(kind(chosen["fmt"], personal=chosen["personal"]))
    handler.addFilter(logs.WithoutPeople(given["filters"]["people"]["personal"]))
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: _read(stream, request.param)
    root.removeHandler(handler)


def _read(stream, shape):
    text = stream.getvalue()
    if shape == "JSON":
        assert all({"time", "level", "logger", "message"} <= set(json.loads(line))
                   for line in text.splitlines())  # fmt: skip
    return text


@pytest.fixture
def failing(client, settings):
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False
    return client


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        (f"/api/profiles/email:{PERSON}/", 401, "Unauthorized: /api/profiles/<"),
        ("/api/nowhere/jane%40example.com/", 404, "Not Found: /api/…"),
        ("/preferences/sEcReT-token/", 404, "Not Found: /preferences/"),
        # Django escapes what it logs: the line has another path than the request
        ("/api/profiles/user_id:J%C3%B6rg%20jane/", 401, "Unauthorized: /api/profiles/<"),
        ("/console/J%C3%B6rg%20jane%0A2026%20ERROR%20forged/", 404, "Not Found: /console/…"),
        ("/fail/", 500, "ValueError"),
        ("/collide/", 500, "UniqueViolation"),
    ],
)
def test_a_request_that_fails_is_logged_by_its_route_and_class(
    failing, written, asked, status, said
):
    number = "req-12345678"
    answer = failing.get(asked, headers={"x-request-id": number})
    assert answer.status_code == status
    assert answer["X-Request-ID"] == number
    text = written()
    assert said in text
    assert number in text
    for private in ("jane", "sEcReT", "held_email_key"):
        assert private not in text


@pytest.mark.django_db
@pytest.mark.parametrize("piece", ["a", "/", "a.", "%40", "a@", "+1", "/t/a"])
def test_a_long_path_is_read_through_once_and_written_down_short(failing, written, piece):
    """60 KB of one letter kept the interpreter, and with it the web process, for two minutes."""
    long = piece * (60_000 // len(piece))
    began = time.process_time()
    assert failing.get(f"/{long}").status_code == 404
    without_people(f"/{long} {long}")
    assert time.process_time() - began < 2
    assert len(written()) < 500


@pytest.mark.django_db
def test_refused_requests_write_so_many_lines_and_the_others_are_counted(
    failing, written, settings, monkeypatch
):
    """Each address that is none was a line: whoever asked filled the disk with it."""
    settings.ALLOWED_HOSTS = ["testserver"]
    few = logs.Fewer()
    for handler in logging.getLogger().handlers:  # the installation's own counts already
        for other in [one for one in handler.filters if isinstance(one, logs.Fewer)]:
            monkeypatch.setattr(other, "filter", few.filter)
        if type(handler) is logging.StreamHandler:
            handler.addFilter(few)
    counters.forget()
    for number in range(logs.MOST_LINES):
        failing.get(
            f"/nowhere/{number}/", headers={"host": "x.example" if number % 2 else "testserver"}
        )
    lines = len(written().splitlines())
    assert lines + 1 >= logs.MOST_LINES
    for _ in range(50):
        failing.get("/nowhere/")
        failing.get("/console/people/x/", headers={"host": "x.example"})
    assert len(written().splitlines()) == lines
    left_out = counters.counted("log_lines_left_out_total")[()]
    assert left_out >= 100
    assert failing.get("/fail/").status_code == 500  # a fault of ours is always written
    assert "ValueError" in written()
    few._since -= logs.WINDOW_SECONDS
    failing.get("/nowhere/")
    assert f"({left_out:.0f} lines on refused requests left out) Not Found" in written()
    failing.get("/nowhere/")
    assert "left out" not in written().splitlines()[-1]


@pytest.mark.django_db
def test_a_look_up_that_finds_nobody_names_nobody(admin_client, written):
    assert admin_client.get(f"/api/profiles/email:{PERSON}/").status_code == 404
    assert "Not Found" in written()
    assert "jane" not in written()


MARKS = ("marked", "MarkedToken", "655512345", "secret.example")
MAIL, TOKEN = "marked.person@secret.example", "MarkedTokenMarkedToken12345"


@pytest.mark.django_db
def test_no_planted_value_is_in_any_line_whatever_is_asked_and_how(failing, written, caplog):
    with caplog.at_level("DEBUG"):  # what our handler leaves out by its level is asked for too
        asked = _ask_with_marks(failing)
    assert len(asked) > 60
    assert {400, 401, 403, 404, 405, 500} <= set(asked)
    text = written()
    assert len(text.splitlines()) > 40
    for mark in MARKS:
        assert mark not in text, [line for line in text.splitlines() if mark in line][:3]


def _ask_with_marks(client):
    said = {"referer": f"https://x/{TOKEN}/{MAIL}", "user-agent": MAIL, "x-forwarded-for": MAIL}
    places = [f"/{name}/{TOKEN}/" for name in ("u", "preferences", "confirm", "t/o", "t/c")]
    places += [f"/t/c/{TOKEN}/0", f"/console/first-admin/{TOKEN}/", f"/nowhere/{MAIL}?q={MAIL}"]
    places += [f"/console/{MAIL}/", f"/console/login/?next=/{MAIL}", f"/{MAIL}", f"/fail/?{MAIL}"]
    places += [f"/api/{name}/?person=email:{MAIL}" for name in ("messages", "consents", "x")]
    places += [f"/api/profiles/{who}/" for who in (f"email:{MAIL}", "phone:%2B31655512345", MAIL)]
    places += [f"/console/people/{MAIL}/", f"/console/mailbox/{TOKEN}/"]
    asked = []
    for place in places:
        for method in (client.get, client.post, client.put):
            asked.append(method(place, {"email": MAIL}, headers=said).status_code)
    asked.append(client.get("/", headers={"host": MAIL}).status_code)
    asked.append(client.get("/", headers={"host": f"{TOKEN}.secret.example"}).status_code)
    asked.append(client.get("/api/x/", headers={"authorization": f"Bearer {TOKEN}"}).status_code)
    body = {"batch": [{"type": "track", "event": MAIL, "timestamp": MAIL}], "writeKey": TOKEN}
    for place in ("/v1/batch", "/v1/track", f"/v1/i?writeKey={TOKEN}"):
        asked.append(client.post(place, body, content_type="application/json").status_code)
    form = {"username": MAIL, "password": TOKEN}
    asked.append(client.post("/console/login/", form, headers=said).status_code)
    client.handler.enforce_csrf_checks = True
    asked.append(client.post("/console/login/", form, headers=said).status_code)
    asked.append(client.get(f"/collide/?{MAIL}").status_code)  # last: it ends the transaction
    return asked


@pytest.mark.django_db
def test_a_refused_permission_is_one_line(client, written):
    client.force_login(make_user("analyst"), backend="config.workspace.permissions.RoleBackend")
    assert client.get("/console/campaigns/new/").status_code == 403
    text = written()
    assert "Forbidden" in text
    assert "Traceback" not in text and "permissions.py" not in text


def test_addresses_and_numbers_are_taken_out_of_any_line(written):
    log = logging.getLogger("rapport.anything")
    log.warning("refused %s (%s) at /u/abc.DEF?next=%s", PERSON, "+31 6 1234 5678", "x")
    log.warning({"to": PERSON})
    text = written()
    assert "<address>" in text
    assert "<phone>" in text
    for private in ("jane", "1234", "abc.DEF", "next="):
        assert private not in text


@pytest.mark.django_db
def test_an_integrity_error_keeps_its_frames_and_loses_its_words(written):
    try:
        Workspace.objects.create(pk=1, name=PERSON)
    except IntegrityError:
        logging.getLogger("rapport.anything").exception("could not keep it")
    text = written()
    assert "test_logs.py" in text
    assert "IntegrityError" in text
    assert "Key (" not in text


def test_an_id_that_is_none_is_replaced(client):
    for given in ("", "x" * 200, "a b", "<script>"):
        made = client.get("/health/live", headers={"x-request-id": given})["X-Request-ID"]
        assert made != given
        assert len(made) == 16


def test_debug_shows_all_to_whoever_asks_for_it():
    given = logs.configuration("DEBUG", "LINE")
    assert given["formatters"]["chosen"]["personal"] is True
    assert given["root"]["level"] == "DEBUG"
