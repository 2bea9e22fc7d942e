"""Deletion in a real browser: asked by a mail's page, proved by a link, done, told by a letter."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from campaigns.delivery.service_mails import send_due
from campaigns.models import Message
from config.workspace.access import tokens
from config.workspace.models import Role
from config.workspace.work.due import drain
from consent.models import PrivacyRequest
from consent.proof.issuing import issue_due
from profiles.models import Profile
from tests.campaigns.builders import launched, make_person, make_segment, say, smtp_server
from tests.cast import make_user
from tests.waiting import wait_until

BACKEND = "config.workspace.permissions.RoleBackend"
SMALL, WIDE = {"width": 320, "height": 700}, {"width": 1440, "height": 900}
HOSTILE = "<img src=x onerror=\"document.title='owned'\"> \u202e" + "W" * 200


@pytest.fixture
def person(transactional_db: None, chromium: Browser, live_server) -> Iterator[BrowserContext]:
    """The browser of somebody with a narrow screen and no scripts."""
    context = chromium.new_context(
        base_url=live_server.url, viewport=SMALL, java_script_enabled=False, locale="en"
    )
    yield context
    context.close()


@pytest.fixture
def officer(transactional_db: None, chromium: Browser, live_server) -> Iterator[Page]:
    """The console of a privacy officer."""
    client = Client()
    client.force_login(make_user(Role.PRIVACY_OFFICER), backend=BACKEND)
    context = chromium.new_context(base_url=live_server.url, viewport=WIDE, locale="en")
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([cookie | {"url": live_server.url}])
    yield context.new_page()
    context.close()


def fits(page: Page) -> bool:
    return page.locator("main").bounding_box()["width"] <= SMALL["width"]


def test_a_deletion_from_the_preference_page_to_the_letter(person: BrowserContext, officer: Page):
    maya = make_person("maya")
    say(maya)
    launched(make_segment(maya))
    message = Message.objects.get(profile=maya)
    page = person.new_page()
    page.goto(f"/preferences/{tokens.issue('preferences', maya.pk, message.pk)}/")
    page.get_by_role("link", name="Ask about my data").click()
    page.get_by_label("Delete my data").check()
    page.get_by_label("In your words").fill(HOSTILE)
    assert fits(page)
    page.get_by_role("button", name="Send my request").click()
    expect(page.get_by_role("status")).to_contain_text("look into your mail")
    issue_due()
    with smtp_server() as server:
        send_due()
    text = server.message().get_body(("plain",)).get_content()
    page.goto(re.search(r"/privacy/link/[\w-]+/\?lang=en", text)[0])
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it you who asks?")
    assert fits(page)
    page.get_by_role("button", name="Yes, it is me").click()
    expect(page.get_by_role("main")).to_contain_text("We are on it")
    assert fits(page)

    officer.goto("/console/privacy/requests/?view=board")
    lane = officer.get_by_role("region", name="In work")
    lane.get_by_role("link", name="Erasure").click()
    expect(officer.get_by_text("link: m•••@e••••••.com")).to_be_visible()
    expect(officer.locator("blockquote")).to_contain_text("<img src=x")
    officer.keyboard.press("Tab")
    button = officer.get_by_role("button", name="Erase this person for good")
    button.focus()
    officer.keyboard.press("Enter")
    expect(officer.get_by_role("heading", name="Being carried out")).to_be_visible()
    row = PrivacyRequest.objects.get()

    def is_done() -> bool:
        drain()
        row.refresh_from_db()
        return row.status == "completed"

    wait_until(is_done, "the erasure")
    with smtp_server() as server:
        send_due()
    assert [to for to, _mail in server.mails] == ["maya@example.com"]
    assert server.message()["Subject"] == "Your data is deleted"
    officer.reload()
    expect(officer.get_by_text("Nothing was found.")).to_be_visible()
    expect(officer.get_by_text("maya@example.com")).to_have_count(0)
    assert officer.title() != "owned"
    assert not Profile.objects.living().filter(pk=maya.pk).exists()
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("Done")
