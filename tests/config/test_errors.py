"""No answer of ours is Django's yellow page, an empty one, or a technical one."""

import pytest
from django.test import Client
from django.urls import path

from config import urls as site_urls
from config.workspace.models import Role
from tests.cast import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
handler400, handler403 = site_urls.handler400, site_urls.handler403
handler404, handler500 = site_urls.handler404, site_urls.handler500


def broken(request):
    raise RuntimeError("a secret of ours")


urlpatterns = [path("api/broken/", broken), path("broken/", broken), *site_urls.urlpatterns]
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


def test_another_host_name_is_told_what_to_set(browser, settings):
    settings.ALLOWED_HOSTS = ["rapport.example"]
    host = {"host": "<b>other.example"}
    text = said(browser.get(LOGIN, headers=host), 400, "ALLOWED_HOSTS", "&lt;b&gt;other.example")
    assert f'href="{settings.BASE_URL}/"' in text


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
    said(browser.get("/x/", headers={"accept-language": "id"}), 404, 'lang="id"', "Buka konsol")


def test_too_many_failed_log_ins_say_how_long_to_wait(client, settings):
    settings.LOGIN_FAILURE_LIMIT = 2
    make_user(Role.ADMIN, "ada")
    tries = [client.post(LOGIN, {"username": "ada", "password": "wrong"}) for _ in range(3)]
    said(tries[2], 429, "15 minutes")
    assert tries[2].headers["Retry-After"] == "900"


@pytest.mark.parametrize(
    ("address", "host", "status"),
    [("/api/x/", "testserver", 404), ("/api/broken/", "testserver", 500), ("/api/", "x.y", 400)],
)
def test_programs_get_problem_details(browser, settings, address, host, status):
    settings.ALLOWED_HOSTS = ["testserver"]
    answer = browser.get(address, headers={"host": host})
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
