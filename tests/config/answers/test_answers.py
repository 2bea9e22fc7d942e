"""What every answer carries: kept by nobody, framed by nobody; its links follow no Host header."""

import pytest
from django.test import Client

from config.connections import LOCAL_HOSTS, host_names
from config.workspace.access import guessing, tokens
from config.workspace.access.keys import create_api_key
from config.workspace.models import AuditEntry, Role
from tests.api.world import client as api_client
from tests.api.world import make_world, new_key
from tests.cast import make_profile, make_user
from tests.profiles.ingest.conftest import make_source
from tests.surface.routes import routes_with_views

pytestmark = pytest.mark.django_db
EVIL = "evil.example"


def addresses():
    """Every route, with something in the place of its parameters."""
    for path, _callback in routes_with_views():
        plain = path.replace("\\Z", "").replace("^", "").replace("$", "").replace("/?", "/")
        if "(?" not in plain and "<" not in plain and "\\" not in plain and "static" not in plain:
            yield f"/{plain}"


def test_no_answer_may_be_kept_unless_it_holds_nothing_of_anybody(client):
    client.force_login(make_user(Role.ADMIN))
    key = api_client(new_key("all"))
    seen = 0
    for path in {*addresses(), "/nowhere", "/api/nowhere", "/u/sixteen-letters-and-more/"}:
        for one in (client, key if path.startswith("/api/") else Client()):
            answer = one.get(path)
            seen += 1
            if path.endswith("jsi18n/"):
                continue  # words of the interface
            assert "no-store" in answer["Cache-Control"], path
            assert answer["X-Content-Type-Options"] == "nosniff", path
            assert answer["X-Robots-Tag"] == "noindex, nofollow", path
            assert answer["X-Frame-Options"] in ("DENY", "SAMEORIGIN"), path
            assert "default-src" in answer["Content-Security-Policy"], path
            assert "script-src" not in (policy := answer["Content-Security-Policy"]) or (
                "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
            ), path
            if path.startswith("/api/"):
                assert {"Authorization", "Cookie"} <= set(answer["Vary"].split(", ")), path
    assert seen > 80


@pytest.mark.parametrize("path", ["/u/{}/", "/preferences/{}/", "/t/c/{}/0", "/t/o/{}"])
def test_a_page_whose_address_is_a_secret_tells_it_to_nobody(client, path):
    ada = make_profile("Ada", email="ada@example.com")
    for token in (tokens.issue("unsubscribe", ada.pk, 1), "x" * 30):
        answer = client.get(path.format(token))
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] in ("no-referrer", "same-origin")
        assert answer["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize("allowed", [["*"], ["*", "shop.example"], [EVIL[1:]]])
def test_links_do_not_repeat_the_host_header(settings, allowed):
    make_world()
    make_source("site", "browser")
    settings.ALLOWED_HOSTS, settings.BASE_URL = allowed, "https://rapport.example"
    key = api_client(create_api_key(name="k", scopes=["all"])[1])
    for host in (EVIL, f"{EVIL}:81", "rapport.example", "rapport.example:81", "evil.example@x"):
        answer = key.get("/api/profiles/?limit=1", headers={"Host": host})
        document = key.get("/v1/projects/key-site/settings", headers={"Host": host})
        if "*" in allowed and "@" not in host:
            assert answer.json()["next"].startswith("https://rapport.example/api/profiles/?")
        else:
            assert answer.status_code == 400
        ours = document.json()["integrations"]["Segment.io"]
        assert (ours["apiHost"], ours["protocol"]) == ("rapport.example/v1", "https")
        for response in (answer, document):
            assert f"//{EVIL}" not in response.content.decode() + str(response.headers)


def test_a_listed_name_is_a_public_address_of_its_own(settings):
    make_world()
    settings.ALLOWED_HOSTS = ["rapport.example", "track.shop.example"]
    settings.BASE_URL = "https://rapport.example"
    key = api_client(create_api_key(name="k", scopes=["all"])[1])
    answer = key.get("/api/profiles/?limit=1", headers={"Host": "track.shop.example"})
    assert answer.json()["next"].startswith("http://track.shop.example/api/profiles/?")


def test_by_default_only_names_that_nobody_else_can_have_are_answered(settings, client):
    settings.ALLOWED_HOSTS = host_names(LOCAL_HOSTS)
    for host in ("localhost", "localhost:8000", "shop.localhost", "127.0.0.1:8380", "[::1]:80"):
        assert client.get("/health/live", headers={"Host": host}).status_code == 200, host
    for host in ("rebound.example", "127.0.0.1.evil.example", "10.0.0.1", "localhost.evil.example"):
        assert client.get("/console/login/", headers={"Host": host}).status_code == 400, host


@pytest.mark.parametrize(
    "path", ["/u/{}/", "/preferences/{}/", "/t/c/{}/0", "/console/first-admin/{}/"]
)
def test_guessed_links_are_stopped_by_address_and_right_ones_are_not(client, monkeypatch, path):
    monkeypatch.setattr(guessing, "MOST_WRONG", 3)
    wrong = [client.get(path.format(f"{n:020}")).status_code for n in range(5)]
    assert wrong == [404, 404, 404, 429, 429]
    answer = client.get(path.format("x" * 20))
    assert 0 < int(answer["Retry-After"]) <= 60
    assert "Too many wrong links" in answer.content.decode()
    other = client.get(path.format("x" * 20), REMOTE_ADDR="192.0.2.77")
    assert other.status_code == 404
    ada = make_profile("Ada", email="ada@example.com")
    right = client.get(f"/t/o/{tokens.issue('open', ada.pk, 1)}")
    assert right.status_code == 200


def test_guessed_keys_are_stopped_and_leave_no_row(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(guessing, "MOST_WRONG", 3)
    right = api_client(new_key("all"))
    rows = AuditEntry.objects.count()
    for number, status in enumerate((401, 401, 401, 429, 429)):
        with django_assert_num_queries(1):
            answer = api_client(f"rk_{number}").get("/api/segments/")
        assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert 0 < int(answer["Retry-After"]) <= 61
    assert AuditEntry.objects.count() == rows
    assert right.get("/api/segments/").status_code == 200


def test_what_is_remembered_of_guesses_is_bounded(rf, monkeypatch):
    monkeypatch.setattr(guessing, "MOST_ADDRESSES", 10)
    for n in range(50):
        guessing.seconds_to_wait_after_wrong(rf.get("/", REMOTE_ADDR=f"192.0.2.{n}"))
    assert len(guessing._wrong) == 10
