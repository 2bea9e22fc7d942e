"""One's own sessions: listed with device and network, ended one by one or all others."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from config.workspace.access.seen import device_of, prune
from config.workspace.models import AuditEntry, Role, SeenSession
from tests.cast import make_user

pytestmark = pytest.mark.django_db
SECURITY = "/console/security/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/140.0 Edg/140.0"


def come_in(agent, address):
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    client.post("/console/login/", {"username": "ada", "password": "secret"})
    assert client.get("/console/health/").status_code == 200
    return client


@pytest.fixture
def ada():
    return make_user(Role.ADMIN, "ada")


def listed(client):
    return [(one["device"], one["row"].address, one["is_this"]) for one in sessions(client)]


def sessions(client):
    return client.get(SECURITY).context["sessions"]


def test_each_is_listed_once_by_device_and_network_and_ended_by_its_owner_alone(ada):
    mine, phone = come_in(FIREFOX, "192.0.2.77"), come_in(EDGE, "2001:db8:7:8::1")
    other = come_in("<script>", "bad")
    assert listed(mine) == [
        ("Another program", "", False),
        ("Edge on macOS", "2001:0db8:0007:…", False),
        ("Firefox on Windows", "192.0.2.…", True),
    ]
    page = mine.get(SECURITY).content.decode()
    assert "192.0.2.77" not in page
    assert mine.session.session_key not in page
    number = sessions(mine)[1]["row"].pk
    eve = Client()
    eve.force_login(make_user(Role.ADMIN, "eve"))
    assert eve.post(f"/console/sessions/{number}/end/").status_code == 404
    assert mine.get(f"/console/sessions/{number}/end/").status_code == 405
    assert phone.get("/console/health/").status_code == 200
    assert mine.post(f"/console/sessions/{number}/end/").status_code == 302
    assert phone.get("/console/health/").status_code == 302
    assert AuditEntry.objects.filter(action="session.ended").get().actor_name == "ada"
    mine.post("/console/sessions/others/end/")
    assert other.get("/console/health/").status_code == 302
    assert listed(mine) == [("Firefox on Windows", "192.0.2.…", True)]


def test_a_new_password_ends_all_others_and_leaves_no_line_of_them(ada):
    mine, other = come_in(FIREFOX, "192.0.2.1"), come_in(EDGE, "192.0.2.2")
    new = {"new_password1": "a quite new one", "new_password2": "a quite new one"}
    mine.post("/console/password_change/", {"old_password": "secret", **new})
    assert other.get("/console/health/").status_code == 302
    assert [one[0] for one in listed(mine)] == ["Firefox on Windows"]


def test_an_open_session_has_few_guesses_at_the_old_password(ada):
    mine = come_in(FIREFOX, "192.0.2.1")
    new = {"new_password1": "a quite new one", "new_password2": "a quite new one"}
    for number in range(10):
        guess = {"old_password": f"guess{number}", **new}
        assert mine.post("/console/password_change/", guess).status_code == 200
    late = mine.post("/console/password_change/", {"old_password": "secret", **new})
    assert late.status_code == 429
    ada.refresh_from_db()
    assert ada.check_password("secret")


def test_rows_go_when_their_session_is_over(ada):
    mine, other = come_in(FIREFOX, "192.0.2.1"), come_in(EDGE, "192.0.2.2")
    other.post("/console/logout/")
    assert [one[0] for one in listed(mine)] == ["Firefox on Windows"]
    assert (prune(timezone.now()), SeenSession.objects.count()) == (1, 1)
    Session.objects.all().delete()
    assert (prune(timezone.now()), SeenSession.objects.count()) == (1, 0)


@pytest.mark.parametrize("agent", ["", "\x00" * 10, "Chrome" * 10_000, "x" * 600 + "Firefox"])
def test_whatever_a_browser_says_is_read(agent):
    assert device_of(agent)[0] in ("", "Chrome")
