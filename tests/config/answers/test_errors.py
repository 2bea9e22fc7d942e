"""No answer of ours is Django's yellow page, an empty one, or a technical one."""

import errno

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import path
from django.utils.html import escape

from config import paths
from config import urls as site_urls
from config.answers import errors
from config.connections import host_names
from config.postgres import server, starting
from config.postgres.backend.base import DatabaseWrapper
from config.web import answers
from config.web.areas import area_of
from config.workspace.models import Role, Workspace
from config.workspace.selectors import forget_workspace
from tests.cast import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
handler400, handler403 = site_urls.handler400, site_urls.handler403
handler404, handler500 = site_urls.handler404, site_urls.handler500


def broken(request):
    raise RuntimeError("a secret of ours")


def unable(request):
    """As Django raises what PostgreSQL said, or what the system said of our own files."""
    code = request.GET["code"]
    if not code[0].isdigit():
        raise OSError(getattr(errno, code), "x")
    raise OperationalError("a secret of ours") from psycopg.errors.lookup(code)("x")


def no_server(request):
    """Asks a database that nobody runs."""
    settings = {"HOST": request.GET["folder"], "NAME": "rapport", "USER": "rapport"}
    given = {**connection.settings_dict, **settings}
    DatabaseWrapper(given, "nowhere").ensure_connection()


urlpatterns = [
    path("api/broken/", broken),
    path("broken/", broken),
    path("api/unable/", unable),
    path("unable/", unable),
    path("no-server/", no_server),
    *site_urls.urlpatterns,
]
LOGIN = "/console/login/"
NOT_OURS = ("CSRF verification failed", "DEBUG=True", "<h1>Bad Request (400)</h1>", "Traceback")


@pytest.fixture
def browser():
    return Client(
        enforce_csrf_checks=True, raise_request_exception=False, headers={"accept": "text/html"}
    )


def said(answer, status: int, *words: str) -> str:
    """The page, which is one of ours and says all of this."""
    text = answer.content.decode()
    assert (answer.status_code, 'class="r-public"' in text) == (status, True)
    assert [word for word in NOT_OURS if word in text] == []
    assert [word for word in words if word not in text] == []
    return text


CSRF = [
    ("null", "http://testserver/console/login/?next=/", "privacy add-on", 'href="/console/login/"'),
    ("https://elsewhere.example", "", "Open the console at its own address", "BASE_URL is"),
    ("", "http://testserver//evil.example/", "kept no cookie", 'href="/console/"'),
]


@pytest.mark.parametrize(("origin", "referer", "words", "more"), CSRF)
def test_a_form_that_is_not_taken_says_why_and_leads_back(browser, origin, referer, words, more):
    headers = {"referer": referer} | ({"origin": origin} if origin else {})
    said(browser.post(LOGIN, {"username": "x"}, headers=headers), 403, words, more)


def test_a_stale_form_says_that_it_is_to_be_loaded_anew(browser):
    browser.cookies["csrftoken"] = "x" * 32
    said(browser.post(LOGIN, {"csrfmiddlewaretoken": "y" * 32}), 403, "load it anew")


def test_another_host_name_is_told_which_line_to_write(browser, settings):
    settings.ALLOWED_HOSTS = ["rapport.example"]
    for host, line in (("vm:8411", "vm"), ("VM.Lan.", "vm.lan"), ("[::2]:80", "[::2]")):
        text = said(browser.get(LOGIN, headers={"host": host}), 400, "into .env and start again")
        assert f"<code>ALLOWED_HOSTS={line}</code>" in text
        assert f'href="{settings.BASE_URL}/"' in text
        settings.ALLOWED_HOSTS = host_names(line)
        assert browser.get(LOGIN, headers={"host": host}).status_code == 200, "it was that line"
        settings.ALLOWED_HOSTS = ["rapport.example"]


@pytest.mark.parametrize("host", ["<b>other.example", "a b", "x,*", "a" * 101, "a@b", "*", ""])
def test_what_is_no_host_name_is_shown_and_never_part_of_a_line_to_write(browser, settings, host):
    settings.ALLOWED_HOSTS = ["rapport.example"]
    text = said(browser.get(LOGIN, headers={"host": host}), 400, "not written as a host name is")
    assert "<code>" not in text and "<b>other" not in text
    assert escape(host[:100]) in text


def test_too_much_at_once_is_answered_with_how_much_may_be_sent(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
    said(client.post(LOGIN, {"username": "x" * 1024 * 1024}), 413, "At most 1 MB")


def test_a_fault_of_ours_shows_no_inside(browser):
    assert "secret" not in said(browser.get("/broken/"), 500, "the server&#x27;s log")


def test_an_address_that_only_takes_forms_is_not_an_empty_page(browser):
    browser.force_login(make_user(Role.ADMIN), backend="config.workspace.permissions.RoleBackend")
    answer = browser.get("/console/language/")
    said(answer, 405, "only takes what a form")
    assert answer.headers["Allow"] == "POST"


def test_a_customer_with_an_ended_link_is_told_so_and_not_sent_to_the_console(browser):
    text = said(browser.get("/preferences/" + "x" * 40 + "/"), 404, "it has ended")
    assert "/console/" not in text


def test_a_role_without_the_right_stays_in_the_shell_and_reads_no_name_of_a_permission(browser):
    browser.force_login(make_user(Role.ANALYST), backend="config.workspace.permissions.RoleBackend")
    answer = browser.get("/console/mailbox/")
    assert answer.status_code == 403
    assert b"people.personal" not in answer.content and b"sh-" in answer.content


def test_pages_speak_the_readers_language(browser):
    said(
        browser.get("/broken/", headers={"accept-language": "id"}), 500, 'lang="id"', "Buka konsol"
    )


@pytest.mark.parametrize("path", ["/x/", "/preferences/" + "x" * 40 + "/", "/u/" + "y" * 30])
def test_a_visitor_reads_one_language_in_the_shops_name_and_is_offered_a_fresh_link(browser, path):
    Workspace.objects.update(name="Tent & Trail")
    forget_workspace()
    page = browser.get(f"{path}?lang=id", headers={"accept-language": "en"})
    text = said(page, 404, 'lang="id"', "Tent &amp; Trail", 'href="/privacy/?lang=id"')
    assert page["Content-Language"] == "id"
    assert "Tidak ada apa\N{NON-BREAKING HYPHEN}apa di alamat ini" in text
    for english in ("There is nothing", "This link is not", "Check the address"):
        assert english not in text
    assert "console" not in text and "Rapport" not in text
    english = said(browser.get(path), 404, "Send me a fresh link", 'hreflang="id"')
    assert 'lang="en"' in english


def test_too_many_failed_log_ins_say_how_long_to_wait(client, settings):
    settings.LOGIN_FAILURE_LIMIT = 2
    make_user(Role.ADMIN, "ada")
    tries = [client.post(LOGIN, {"username": "ada", "password": "wrong"}) for _ in range(3)]
    said(tries[2], 429, " minutes")
    assert 600 < int(tries[2].headers["Retry-After"]) <= 900


@pytest.mark.parametrize(
    ("address", "host", "status"),
    [("/api/x/", "testserver", 404), ("/api/broken/", "testserver", 500), ("/api/", "x.y", 400)],
)
def test_programs_get_problem_details(browser, settings, address, host, status):
    settings.ALLOWED_HOSTS = ["testserver"]
    answer = browser.get(address, headers={"host": host})
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("57P03", "The database does not answer"),
        ("53300", "The database takes no more connections"),
        ("53100", "The disk is full"),
        ("25006", "The disk is full"),
        ("ENOSPC", "The disk is full"),
        ("EROFS", "The disk is full"),
    ],
)
def test_an_outage_is_503_and_says_when_to_try_again(browser, caplog, code, words):
    page = browser.get(f"/unable/?code={code}")
    said(page, 503, words, "What was accepted before is kept")
    problem = browser.get(f"/api/unable/?code={code}")
    assert (problem.status_code, problem["Content-Type"]) == (503, "application/problem+json")
    assert words.split(" ", 1)[1] in problem.json()["detail"]
    assert page["Retry-After"] == problem["Retry-After"] == "5"
    assert "secret" not in page.content.decode() + problem.content.decode() + caplog.text
    assert len(caplog.records) == 1  # once, not for each request
    assert "answering requests failed" in caplog.text


def test_other_words_of_the_database_and_the_system_are_faults_of_ours(browser):
    assert browser.get("/unable/?code=42P01").status_code == 500
    assert browser.get("/unable/?code=EACCES").status_code == 500


def test_a_request_without_a_database_is_answered_and_starts_none(
    browser, tmp_path, settings, monkeypatch
):
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(starting._Process, "is_command", False)
    folder = paths.socket_dir(tmp_path)
    assert browser.get("/no-server/", {"folder": str(folder)}).status_code == 503
    assert not server.is_up(tmp_path)
    assert not server.status(tmp_path).data.parent.joinpath("postgres.lock").exists()  # not begun


def test_a_command_starts_the_database_at_its_start_alone(tmp_path, settings, monkeypatch):
    settings.VAR_DIR = tmp_path
    started = []
    monkeypatch.setattr(starting._Process, "is_command", True)
    monkeypatch.setattr(starting._Process, "may_start", True)
    monkeypatch.setattr(starting, "WAIT_SECONDS", 0.3)
    monkeypatch.setattr(starting.server, "ensure_running", lambda *_: started.append(1))

    def connect():
        if not started:
            raise psycopg.OperationalError("connection refused")
        return "connected"

    assert starting.connecting(connect) == "connected"
    assert started == [1]
    started.clear()
    with pytest.raises(psycopg.OperationalError):
        starting.connecting(connect)
    assert started == []


def test_whoever_is_turned_away_for_now_is_led_to_the_same_page_again(rf):
    login = "/console/login/?next=/console/people/"
    assert f'href="{login}"' in errors.too_busy(rf.post(login)).content.decode()
    for asked in ("/console/people/", "/u/x"):
        area = area_of("GET", asked)
        _status, _headers, body = answers.refusal(area, 503, "full", {"PATH_INFO": asked})
        assert '<a class="r-btn r-big-btn" href="">Try again</a>' in body.decode()
    _status, _headers, body = answers.refusal(area, 413, "large", {"PATH_INFO": "/u/x"})
    assert "Send less." in body.decode()  # a customer has no session
