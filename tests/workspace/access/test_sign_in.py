"""Log-ins: how many may fail from where, what the trail says, and how long a session lasts."""

from datetime import timedelta

import pytest
from django.contrib.auth import hashers
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from config.connections import networks
from config.console.http import sessions
from config.settings import PASSWORD_HASHERS
from config.workspace.access import devices, hashing, sign_in
from config.workspace.access.client_address import address_of, home_of
from config.workspace.access.hashing import HashingBusy
from config.workspace.access.sign_in import AT_ADDRESS, Try
from config.workspace.models import AuditEntry, Role, SignInAttempt, User
from config.workspace.trail.words import in_words
from tests.cast import make_user

pytestmark = pytest.mark.django_db
LOGIN = "/console/login/"
SECRET = "jane@example.com typed it here"  # noqa: S105 - what somebody types as a name


def log_in(name="ada", password="wrong", address="192.0.2.1", client=None):
    client = client or Client()
    return client.post(LOGIN, {"username": name, "password": password}, REMOTE_ADDR=address)


def trail():
    rows = AuditEntry.objects.filter(target_kind="user").order_by("id")
    return [(row.action, row.target) for row in rows]


@pytest.fixture
def ada(settings):
    settings.LOGIN_FAILURE_LIMIT, settings.LOGIN_ADDRESS_LIMIT = 3, 8
    return make_user(Role.ADMIN, "ada")


def test_a_name_is_locked_from_one_address_and_from_no_other(ada, monkeypatch):
    for _ in range(3):
        assert log_in().status_code == 200
    looked_at = []
    monkeypatch.setattr(hashers, "check_password", lambda *_a, **_k: looked_at.append(1))
    answer = log_in(password="secret")  # the right one, too late
    assert answer.status_code == 429
    assert 600 < int(answer["Retry-After"]) <= 900
    assert "Too many failed log-ins" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert not looked_at, "no password is hashed for who has to wait"
    monkeypatch.undo()
    assert log_in(password="secret", address="192.0.2.2").status_code == 302
    assert log_in(name="ADA ".strip(), address="192.0.2.1").status_code == 429  # in any case


def test_one_name_in_other_spellings_is_one_name(ada):
    """The form takes blanks off and reads `ａda` as `ada`: each spelling had tries of its own."""
    for name in (" ada", "ａda", " " * 300 + "AdA "):
        assert log_in(name=name).status_code == 200
    assert log_in(password="secret").status_code == 429
    assert log_in(name="\u3000ａｄａ", password="secret").status_code == 429
    assert log_in(name=" ａda", password="secret", address="192.0.2.2").status_code == 302
    assert trail()[0] == ("sign_in.failed", str(ada.pk))


def test_a_cookie_that_is_no_key_of_a_session_is_asked_nothing(ada):
    """U+0000 in one was a 500 with a traceback, for any stranger."""
    for value in (r'"\000\000abcdefghijklmnopqrstuvwxyz"', "Ünfug-unfug", "short", "a'b--cdefgh"):
        client = Client(headers={"cookie": f"sessionid={value}"})
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/console/").status_code == 302
            assert client.get("/api/profiles/").status_code == 401
        assert not [one for one in asked if "django_session" in one["sql"]]


def test_an_address_is_stopped_whatever_the_names(ada):
    for number in range(8):
        assert log_in(name=f"nobody{number}").status_code == 200
    assert log_in(password="secret").status_code == 429
    assert log_in(password="secret", address="192.0.2.2").status_code == 302
    v6 = "2001:db8:1:2:{}::1"
    for number in range(8):
        assert log_in(name=f"other{number}", address=v6.format(number)).status_code == 200
    assert log_in(password="secret", address=v6.format("ffff")).status_code == 429
    SignInAttempt.objects.update(since=timezone.now() - sign_in.WINDOW)
    assert log_in(password="secret").status_code == 302


def test_a_name_tried_from_everywhere_is_slowed_down_and_not_for_its_owner(ada, monkeypatch):
    monkeypatch.setattr(sign_in, "NAME_FAILURES", 4)
    monkeypatch.setattr(sign_in, "PAUSE", timedelta(minutes=5))
    assert log_in(password="secret", address="198.51.100.1").status_code == 302
    for number in range(4):
        assert log_in(address=f"192.0.2.{number}").status_code == 200
    slow = log_in(password="secret", address="203.0.113.9")
    assert slow.status_code == 429
    assert 60 < int(slow["Retry-After"]) <= 300
    assert log_in(password="secret", address="198.51.100.1").status_code == 302
    earlier = timezone.now() - sign_in.PAUSE
    SignInAttempt.objects.filter(kind=sign_in.NAME).update(last_at=earlier)
    assert log_in(password="secret", address="203.0.113.9").status_code == 302


@pytest.fixture
def starved(settings, monkeypatch):
    """The wall of hashing as strangers keep it: no place is ever free."""
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS
    monkeypatch.setattr(hashing.WalledHasher, "iterations", 1000)
    monkeypatch.setattr(hashing, "wall", hashing.Wall(most_waiting=-1))
    with hashing.for_known():
        make_user(Role.ADMIN, "eve")
        user = User.objects.get(username="ada")
        user.set_password("secret")
        user.save()


def test_a_device_that_its_owner_signed_in_with_is_let_in_whatever_others_do(ada, request, rf):
    """Thousands of addresses can lock name and address, and keep the wall of hashing full."""
    known = Client()
    cookie = log_in(password="secret", client=known).cookies["device"]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"]) == ("Lax", "/")
    for _ in range(9):
        log_in()
    assert log_in(password="secret").status_code == 429  # from the same address
    request.getfixturevalue("starved")
    assert log_in(password="secret", address="203.0.113.5").status_code == 503
    known.cookies.pop("sessionid")
    assert log_in(password="secret", client=known).status_code == 302
    assert log_in("eve", "secret", client=known, address="203.0.113.6").status_code == 503
    signed_in = {"HTTP_COOKIE": f"device={known.cookies['device'].value}"}
    assert devices.is_known(signed_in)
    form = {"old_password": "secret", "new_password1": SECRET, "new_password2": SECRET}
    assert known.post("/console/password_change/", form).status_code == 302
    assert Client().post("/console/password_change/", form).status_code == 302  # to the log-in


def test_a_device_has_its_own_failures_and_cannot_be_made_up(ada, monkeypatch):
    known, other = Client(), Client()
    log_in(password="secret", client=known)
    value = known.cookies["device"].value
    for _ in range(3):
        assert log_in(client=known).status_code == 200
    assert log_in(password="secret", client=known).status_code == 429
    assert log_in(password="secret", address="203.0.113.5").status_code == 302  # nobody else is hit
    SignInAttempt.objects.update(since=timezone.now() - sign_in.WINDOW)
    assert log_in(password="secret", client=known).status_code == 302
    assert SignInAttempt.objects.get(kind=sign_in.DEVICE).failures == 0
    for made_up in (value[:-1], value.replace(":", ".", 1), "x" * 5000, "\x00", "", value + "é"):
        environ = {"HTTP_COOKIE": f"device={made_up}"}
        assert not devices.is_known(environ), made_up[:40]
    other.cookies["device"] = "made.up:and:signed"
    for number in range(8):
        log_in(name=f"nobody{number}", client=other)
    assert log_in(password="secret", client=other).status_code == 429
    monkeypatch.setattr(devices, "VALID_SECONDS", -1)
    assert not devices.is_known({"HTTP_COOKIE": f"device={value}"})


def test_tries_are_counted_before_the_password_is_looked_at(ada):
    one = Try("ada", "192.0.2.1")
    assert [sign_in.seconds_to_wait(one) for _ in range(3)] == [0, 0, 0]
    assert sign_in.seconds_to_wait(one) > 0


def test_whose_password_was_not_looked_at_is_not_counted(ada, monkeypatch):
    def busy(*_args, **_more):
        raise HashingBusy

    monkeypatch.setattr("config.workspace.permissions.RoleBackend.authenticate", busy)
    assert [log_in(password="secret").status_code for _ in range(5)] == [503] * 5
    monkeypatch.undo()
    assert log_in(password="secret").status_code == 302
    assert not SignInAttempt.objects.filter(failures__gt=0).exists()


def test_the_trail_says_who_came_in_who_did_not_and_no_value(ada):
    log_in(name=SECRET)
    log_in(password=SECRET)
    client = Client()
    log_in(password="secret", client=client)
    client.post("/console/logout/")
    log_in(password="secret")
    for _ in range(6):
        log_in()
    me = str(ada.pk)
    assert trail() == [
        ("sign_in.failed", ""),
        ("sign_in.failed", me),
        ("sign_in.succeeded", me),
        ("sign_out", me),
        ("sign_in.succeeded", me),
        *[("sign_in.failed", me)] * 3,
        ("sign_in.locked_out", me),
    ]
    details = [row.detail for row in AuditEntry.objects.order_by("id")]
    assert [one.get("new_address") for one in details if "new_address" in one] == [True, False]
    kept = str([*AuditEntry.objects.values(), *SignInAttempt.objects.values()])
    for private in ("jane", "typed", "192.0.2"):
        assert private not in kept
    assert {len(one["address"]) for one in details if "address" in one} == {12}


def test_a_changed_password_is_in_the_trail_by_whatever_way_and_ends_sessions(ada, monkeypatch):
    assert trail() == []  # a new user is recorded as such
    mine, other = Client(), Client()
    for client in (mine, other):
        log_in(password="secret", client=client)
    form = {"old_password": "secret", "new_password1": SECRET, "new_password2": SECRET}
    assert mine.post("/console/password_change/", form).status_code == 302
    assert mine.get("/console/").status_code == 200
    assert other.get("/console/").status_code == 302
    monkeypatch.setattr("getpass.getpass", lambda prompt="": "another long one")
    call_command("changepassword", "ada")
    said = [row for row in trail() if row[0] == "password.changed"]
    assert said == [("password.changed", str(ada.pk))] * 2


def test_sign_out_everywhere_ends_every_session_of_mine_and_nobody_elses(ada):
    mine, other, hers = Client(), Client(), Client()
    for client in (mine, other):
        log_in(password="secret", client=client)
    make_user(Role.ANALYST, "eve")
    log_in("eve", "secret", client=hers)
    assert mine.get("/console/sessions/end/").status_code == 405
    assert mine.post("/console/sessions/end/").status_code == 302
    assert [one.get("/console/").status_code for one in (mine, other, hers)] == [302, 302, 200]
    assert ("sessions.ended", str(ada.pk)) in trail()
    log_in(password="secret", client=mine)
    assert mine.get("/console/").status_code == 200
    eve = str(User.objects.get(username="eve").pk)
    form = {"action": "end_sessions", "_selected_action": eve}
    assert mine.post("/console/workspace/user/", form).status_code == 302
    assert hers.get("/console/").status_code == 302
    assert ("sessions.ended", eve) in trail()
    assert mine.post("/console/logout/")["Clear-Site-Data"] == '"cache"'


@pytest.mark.parametrize(
    ("began", "seen", "asks", "lasts"),
    [
        (167, 1, {}, True),
        (169, 0, {}, False),
        (20, 11, {}, True),
        (20, 13, {}, False),
        (20, 13, {"HX-Request": "true"}, False),
    ],
)
def test_a_session_ends_when_it_is_idle_or_old(ada, client, began, seen, asks, lasts):
    log_in(password="secret", client=client)
    _age(client, began, seen)
    status = client.get("/console/", headers=asks).status_code
    assert (status == 200) is lasts


def test_what_a_page_asks_for_by_itself_keeps_no_session_alive(ada, client):
    log_in(password="secret", client=client)
    _age(client, 5, 5)
    before = client.session[sessions.SEEN]
    client.get("/console/health/", headers={"HX-Request": "true"})
    assert client.session[sessions.SEEN] == before
    client.get("/console/")
    assert client.session[sessions.SEEN] > before


def _age(client, began, seen):
    session = client.session
    session[sessions.BEGAN] -= began * 3600
    session[sessions.SEEN] -= seen * 3600
    session.save()


def test_an_answer_for_a_session_that_is_over_takes_no_newer_one_away(ada):
    client = Client()
    client.force_login(ada)
    old = client.cookies["sessionid"].value
    client.force_login(ada)
    late = Client()
    late.cookies["sessionid"] = old
    for path in ("/console/home/needs/", "/console/people/", "/console/login/"):
        assert "sessionid" not in late.get(path, headers={"HX-Request": "true"}).cookies, path
    assert client.post("/console/logout/").cookies["sessionid"].value == "", "it ended it itself"


def test_the_session_is_a_new_one_after_the_log_in(ada):
    client = Client()
    client.cookies["sessionid"] = "planted-by-somebody-else"
    log_in(password="secret", client=client)
    first = client.cookies["sessionid"].value
    assert first != "planted-by-somebody-else"
    log_in(password="secret", client=client)
    assert client.cookies["sessionid"].value != first


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "counted"),
    [
        ("192.0.2.1", "203.0.113.7", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.7", "10.0.0.0/8", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.7", "10.0.0.0/8", "203.0.113.7"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.7", "10.0.0.0/8", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7, 10.0.0.2", "10.0.0.0/8", "203.0.113.7"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.7:5678", "10.0.0.0/8", "203.0.113.7"),
        ("10.0.0.1", "1.1.1.1, [2001:db8::1]:5678", "10.0.0.0/8", "2001:db8::1"),
        ("10.0.0.1", "1.1.1.1, unknown", "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", "<script>", "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.0/8", "10.0.0.1"),
        ("::ffff:127.0.0.1", "2001:db8::1", "127.0.0.1", "2001:db8::1"),
        ("", "203.0.113.7", "127.0.0.1", "unknown"),
    ],
)
def test_a_forwarded_address_counts_only_from_a_proxy_of_ours(
    rf, settings, peer, forwarded, trusted, counted
):
    settings.TRUSTED_PROXIES = networks(trusted)
    request = rf.get("/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})
    assert address_of(request) == counted


def test_homes_of_addresses_and_proxies_that_are_none():
    assert home_of("192.0.2.1") == "192.0.2.1"
    assert home_of("2001:db8::1") == home_of("2001:db8::ffff")
    with pytest.raises(ValueError, match="no address"):
        networks("127.0.0.1, proxy.example")


def test_who_manages_the_team_ends_somebodys_sessions_after_a_question(ada):
    ben = make_user(
        Role.MARKETER, "ben", first_name="Ben", last_name="Ek", email="ben@shop.example"
    )
    boss, theirs, other = Client(), Client(), Client()
    boss.force_login(ada)
    for client in (theirs, other):
        client.force_login(ben)
    where = f"/console/workspace/user/{ben.pk}/sessions/end/"
    assert (
        f'href="{where}"' in boss.get(f"/console/workspace/user/{ben.pk}/change/").content.decode()
    )
    page = boss.get(where).content.decode()
    assert "Ben Ek (ben@shop.example)" in page and "This is you" not in page
    assert theirs.get("/console/").status_code == 200, "asking ends nothing"
    assert theirs.get(where).status_code == theirs.post(where).status_code == 403
    assert Client().post(where).status_code == 302, "to the log-in"
    assert "ended" not in {action for action, _target in trail()}
    answer = boss.post(where, follow=True)
    assert "All sessions of Ben Ek (ben@shop.example) are ended." in answer.content.decode()
    assert theirs.get("/console/").status_code == other.get("/console/").status_code == 302
    entry = AuditEntry.objects.get(action="sessions.ended")
    assert (entry.actor_id, entry.target) == (ada.pk, str(ben.pk))
    assert boss.get("/console/").status_code == 200
    own = f"/console/workspace/user/{ada.pk}/sessions/end/"
    assert "This is you" in boss.get(own).content.decode()
    assert boss.post(own).status_code == 302 and boss.get("/console/").status_code == 302
    assert theirs.get("/console/workspace/user/987654/sessions/end/").status_code == 302
    boss.force_login(User.objects.get(pk=ada.pk))
    assert boss.get("/console/workspace/user/987654/sessions/end/").status_code == 404


def test_the_trail_is_counted_in_entries(ada, client):
    client.force_login(ada)
    log_in()
    log_in()
    trail_page = client.get("/console/workspace/auditentry/").content.decode()
    assert " entries<" in trail_page and ">Audit trail</h1>" in trail_page


def test_old_attempts_go_and_known_addresses_stay(ada):
    log_in()
    log_in(password="secret", address="192.0.2.9")
    later = timezone.now() + timedelta(hours=1)
    while sign_in.prune(later):
        pass
    assert list(SignInAttempt.objects.values_list("kind", flat=True)) == [AT_ADDRESS]
    while sign_in.prune(later + sign_in.KNOWN_FOR):
        pass
    assert not SignInAttempt.objects.exists()


def test_the_audit_page_says_it_in_plain_words_and_both_languages(ada, client):
    log_in()
    log_in(password="secret", client=client)
    page = client.get("/console/workspace/auditentry/").content.decode()
    for words in ("Signed in, from an address not seen before", "A log-in failed", "somebody at"):
        assert words in page
    entry = AuditEntry.objects.get(action="sign_in.failed")
    assert (
        "address, as a digest: "
        in client.get(f"/console/workspace/auditentry/{entry.pk}/change/").content.decode()
    )
    with translation.override("en"):
        launch = AuditEntry(action="launch", target_kind="campaign", detail={})
        assert in_words(launch) == "Campaign launched"
    assert User.objects.get(username="ada").last_login is not None
