"""Second factors: real codes, each once; few guesses; by role; asked again before changes."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.management import call_command
from django.test import Client

from config.console.signing_in import rules
from config.workspace.access import codes
from config.workspace.freshness import SHOWN_AT
from config.workspace.models import AuditEntry, Role, SignInAttempt, User
from tests.cast import make_user

pytestmark = pytest.mark.django_db
LOGIN, CODE, SECURITY = "/console/login/", "/console/login/code/", "/console/security/"


def code_of(secret: str, steps: int = 0) -> str:
    """What an app would show, so many half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


@pytest.fixture
def clock(monkeypatch):
    """Minutes that can be let go by; codes are of a time."""

    class Clock:
        now = float(int(time.time()) // 30 * 30 + 10)

        def __call__(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr("time.time", clock)
    return clock


@pytest.fixture
def ada():
    return make_user(Role.ADMIN, "ada")


def password(client=None, address="192.0.2.1", **more):
    client = client or Client()
    form = {"username": "ada", "password": "secret", **more}
    return client, client.post(LOGIN, form, REMOTE_ADDR=address)


def add_app(client) -> str:
    page = client.get(f"{SECURITY}app/")
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    assert client.post(f"{SECURITY}app/", {"code": "000000"}).status_code == 200
    answer = client.post(f"{SECURITY}app/", {"code": code_of(secret)})
    assert answer["Location"] == f"{SECURITY}codes/"
    return secret


@pytest.fixture
def app(ada, client, clock):
    """Ada's app: its secret. She added it some minutes ago."""
    password(client)
    secret = add_app(client)
    clock.now += 300
    return secret


def enter(client, code, address="192.0.2.1"):
    return client.post(CODE, {"code": code}, REMOTE_ADDR=address)


def test_the_log_in_asks_for_a_code_and_takes_each_once(app, clock):
    one, answer = password(next="/console/team/")
    assert answer["Location"] == CODE
    key = one.session.session_key
    assert one.get("/console/")["Location"].startswith(LOGIN), "a password alone opens nothing"
    assert "Second factor" in one.get(CODE).content.decode()
    assert enter(one, "123456").status_code == 200
    shown = code_of(app)
    answer = enter(one, f" {shown[:3]} {shown[3:]} ")
    assert answer["Location"] == "/console/team/"
    assert "device" in answer.cookies
    assert one.session.session_key != key
    assert one.get("/console/").status_code == 200
    told = AuditEntry.objects.filter(action="sign_in.succeeded").latest("id")
    assert told.detail["how"] == "password, totp"
    assert AuditEntry.objects.filter(action="second_factor.failed").count() == 1
    # whoever looked over her shoulder, at the same moment and at the next
    for steps in (0, -1):
        other, _answer = password()
        assert "used already" in enter(other, code_of(app, steps)).content.decode()
    assert other.get("/console/").status_code == 302
    clock.now += 30
    assert enter(other, code_of(app)).status_code == 302


def test_the_secret_lies_sealed_and_the_code_that_added_the_app_is_used_up(ada, client, clock):
    password(client)
    secret = add_app(client)
    assert secret not in str(Authenticator.objects.values_list("data", flat=True))
    other, _answer = password()
    assert enter(other, code_of(secret)).status_code == 200
    assert other.get("/console/").status_code == 302


def test_guessing_codes_is_counted_by_user_from_wherever_and_a_known_browser_has_its_own(
    app, client, clock
):
    for number in range(codes.WRONG_CODES):
        one, _answer = password(address=f"192.0.2.{number}")
        assert "not right" in enter(one, "000000", f"192.0.2.{number}").content.decode()
    one, _answer = password(address="198.51.100.9")
    late = enter(one, code_of(app), "198.51.100.9")
    assert "Too many were wrong" in late.content.decode()
    assert one.get("/console/").status_code == 302
    known = Client()
    known.cookies = client.cookies  # ada's own browser
    known.cookies.pop("sessionid")
    password(known)
    assert enter(known, code_of(app)).status_code == 302
    assert known.get("/console/").status_code == 200
    SignInAttempt.objects.filter(kind="code").update(since="2020-01-01T00:00:00Z")
    clock.now += 60
    assert enter(one, code_of(app), "198.51.100.9").status_code == 302


def test_a_recovery_code_opens_once_and_is_shown_once(ada, client, clock):
    password(client)
    add_app(client)
    shown = client.get(f"{SECURITY}codes/").context["unused_codes"]
    assert len(shown) == 10
    assert shown[0] not in client.get(f"{SECURITY}codes/").content.decode()
    one, _answer = password()
    assert enter(one, shown[0]).status_code == 302
    other, _answer = password()
    assert enter(other, shown[0]).status_code == 200
    assert enter(other, shown[1]).status_code == 302
    assert "8 codes are left" in client.get(SECURITY).content.decode()
    client.post(f"{SECURITY}codes/new/")
    third, _answer = password()
    assert enter(third, shown[2]).status_code == 200, "the ones before end"


def test_a_stolen_session_changes_nothing_without_showing_who_it_is(app, client, clock):
    session = client.session
    session[SHOWN_AT] = clock.now - 16 * 60
    session.save()
    for path in ("app/off/", "keys/add/", "codes/new/"):
        answer = client.get(f"{SECURITY}{path}")
        assert answer["Location"].startswith(f"{SECURITY}again/?next="), path
    again = f"{SECURITY}again/?next={SECURITY}app/off/"
    assert "not your password" in client.post(again, {"password": "guess"}).content.decode()
    assert client.post(f"{SECURITY}app/off/").status_code == 302
    assert Authenticator.objects.filter(type="totp").exists()
    for number in range(20):  # counted with the log-ins of that name
        answer = client.post(again, {"password": f"guess{number}"})
    assert "Too many were wrong" in answer.content.decode()
    answer = client.post(f"{SECURITY}again/code/?next=//evil.example/", {"code": code_of(app)})
    assert answer["Location"] == "/console/", "and leads nowhere else"
    assert client.get(f"{SECURITY}app/off/").status_code == 200
    client.post(f"{SECURITY}app/off/")
    assert not Authenticator.objects.exists(), "the recovery codes go with the last factor"


def test_a_role_that_needs_one_opens_nothing_before_it_is_set_up(ada, client, clock):
    password(client)
    mei = make_user(Role.ANALYST, "mei")
    theirs = Client()
    theirs.force_login(mei)
    assert theirs.get("/console/segments/").status_code == 200
    client.post("/console/team/rules/", {"roles": [Role.ANALYST]})
    assert client.get("/console/").status_code == 200
    assert theirs.get("/console/segments/")["Location"] == SECURITY
    part = theirs.get("/console/home/needs/", headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Redirect"]) == (401, SECURITY)
    api = theirs.get("/api/segments/")
    assert (api.status_code, api["Content-Type"]) == (403, "application/problem+json")
    assert "Your role needs a second factor" in theirs.get(SECURITY).content.decode()
    twice = Client()
    for _ in range(2):  # the same password once more is no second factor
        twice.post("/console/login/", {"username": "mei", "password": "secret"})
    assert twice.get("/console/segments/")["Location"] == SECURITY
    add_app(theirs)
    assert theirs.get("/console/segments/").status_code == 200
    refused = theirs.post(f"{SECURITY}app/off/").content.decode()
    assert "add another before" in refused
    assert Authenticator.objects.filter(user=mei, type="totp").exists()
    assert "needed" not in client.get("/console/team/").content.decode()
    assert client.post("/console/team/rules/", {"roles": ["nobody"]}).status_code == 302
    assert rules.required_roles() == [Role.ANALYST]


def test_an_admin_or_the_server_takes_them_away_from_who_lost_theirs(app, client, clock):
    ben = make_user(Role.ADMIN, "ben")
    other = Client()
    other.force_login(ben)
    other.post(f"/console/team/{User.objects.get(username='ada').pk}/factors/")
    assert client.get("/console/").status_code == 302, "her sessions are ended"
    assert password()[1]["Location"] == "/console/"
    mine = Client()
    password(mine)
    add_app(mine)
    call_command("second_factor", "reset", "ada")
    assert password()[1]["Location"] == "/console/"
    assert AuditEntry.objects.filter(action="second_factor.reset").count() == 2


def test_no_stage_is_entered_without_the_password_nor_after_an_hour(app, clock):
    stranger = Client()
    assert stranger.get(CODE)["Location"] == LOGIN
    assert enter(stranger, code_of(app))["Location"] == LOGIN
    one, _answer = password()
    clock.now += 3600
    assert enter(one, code_of(app))["Location"] == LOGIN
    two, _answer = password()
    User.objects.update(is_active=False)
    assert enter(two, code_of(app)).status_code == 302
    assert two.get("/console/").status_code == 302
