"""A part of a page that cannot be had: said, or sent to the log-in, never swallowed."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import Browser, expect

from config.workspace.models import Role, User
from tests.campaigns.builders import launched, make_person, make_segment
from tests.cast import make_user


@pytest.fixture
def page(transactional_db: None, chromium: Browser, live_server):
    """A signed-in admin's page."""
    client = Client()
    client.force_login(make_user(Role.ADMIN), backend="config.workspace.permissions.RoleBackend")
    context = chromium.new_context(base_url=live_server.url)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([cookie | {"url": live_server.url}])
    yield context.new_page()
    context.close()


def test_a_refusal_is_said_and_an_ended_session_leads_to_the_log_in_and_back(page):
    launched(make_segment(make_person("ada")))
    page.goto("/console/messages/")
    choice = page.locator("form.r-filter select").first
    User.objects.update(role=Role.INTEGRATOR)  # who sees no messages
    choice.press("ArrowDown")
    expect(page.get_by_text("That was not done.")).to_be_visible()
    Session.objects.all().delete()
    choice.press("ArrowDown")
    page.wait_for_url("**/console/login/**")
    assert parse_qs(urlsplit(page.url).query)["next"] == ["/console/messages/"]
