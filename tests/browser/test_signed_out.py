"""The session ends while somebody types: nothing is lost, and it goes on after a new log-in."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, Page, expect

from config.workspace.models import Role
from profiles.models import Source
from segments.models import Segment
from tests.cast import make_user

LOOK = "document.dispatchEvent(new Event('visibilitychange'))"  # one comes back to the tab
WORDS = "You are signed out."


@pytest.fixture
def page(transactional_db: None, chromium: Browser, live_server):
    """An admin's page, signed in by the form."""
    make_user(Role.ADMIN, "ada")
    context = chromium.new_context(base_url=live_server.url)
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page)
    yield page
    context.close()
    assert errors == []


def sign_in(page: Page) -> None:
    page.goto("/console/login/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/console/")


def sign_in_elsewhere(page: Page) -> None:
    """By the link of the banner; the log-in makes a new token for all forms."""
    with page.expect_popup() as opened:
        page.get_by_role("link", name="sign in in another window").click()
    other = opened.value
    sign_in(other)
    other.close()


def test_a_form_that_was_begun_outlives_the_session(page: Page):
    page.goto("/console/profiles/source/add/")
    name = page.locator("#id_name")
    name.fill("Till in Bandung")
    page.locator("#id_kind").select_option("server")
    Session.objects.all().delete()
    page.evaluate(LOOK)
    expect(page.get_by_role("alert")).to_contain_text(WORDS)
    expect(name).to_have_value("Till in Bandung")
    page.get_by_role("button", name="Make the source").click()
    expect(page.locator(".sh-out")).to_have_count(1)
    assert page.url.endswith("/add/") and not Source.objects.filter(name="Till in Bandung").exists()
    sign_in_elsewhere(page)
    page.evaluate(LOOK)
    expect(page.locator(".sh-out")).to_have_count(0)
    page.get_by_role("button", name="Make the source").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Write key of Till in Bandung")
    assert Source.objects.get(name="Till in Bandung")


def test_a_form_is_not_sent_after_the_session_though_no_page_has_asked(page: Page):
    page.goto("/console/campaigns/new/")
    page.get_by_label("Name").fill("Boots")
    Session.objects.all().delete()
    page.get_by_role("button", name="Choose who gets it").click()
    expect(page.get_by_role("alert")).to_contain_text(WORDS)
    expect(page.get_by_label("Name")).to_have_value("Boots")
    sign_in_elsewhere(page)
    page.get_by_role("button", name="Choose who gets it").click()
    page.wait_for_url("**/who/")


def test_a_page_on_which_nothing_was_typed_goes_to_the_log_in(page: Page):
    page.goto("/console/campaigns/new/")
    Session.objects.all().delete()
    page.evaluate(LOOK)
    page.wait_for_url("**/console/login/**")


def test_a_segment_and_a_list_are_saved_after_a_log_in_elsewhere(page: Page):
    page.goto("/console/segments/-/new/")
    page.get_by_label("Name of the segment").fill("Everybody")
    expect(page.locator("#effect")).not_to_contain_text("Counting")
    Session.objects.all().delete()
    page.get_by_role("button", name="Save segment").click()
    expect(page.locator("#name-error")).to_contain_text("you are logged out")
    expect(page.get_by_label("Name of the segment")).to_have_value("Everybody")
    sign_in_elsewhere(page)
    page.get_by_role("button", name="Save segment").click()
    page.wait_for_url("**/segments/everybody/")

    page.goto("/console/segments/-/new/?kind=static")
    page.get_by_label("Name").fill("Press")
    Session.objects.all().delete()
    page.evaluate("document.getElementById('new-list').noValidate = true")
    page.get_by_role("button", name="Make the list").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    sign_in_elsewhere(page)
    page.get_by_role("button", name="Make the list").click()
    page.wait_for_url("**/segments/press/")
    assert Segment.objects.count() == 2
