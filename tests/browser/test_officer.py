"""The officer's work by the keyboard alone: an erasure with something kept, a law tried first."""

import pytest
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, expect

from config.workspace.models import Role
from config.workspace.work.due import drain
from consent.models import ErasureException, Policy, PrivacyRequest
from consent.privacy.requests import open_request
from tests.cast import make_ada, make_event, make_user


@pytest.fixture
def page(transactional_db: None, chromium: Browser, live_server):
    """Of a signed-in privacy officer."""
    client = Client()
    user = make_user(Role.PRIVACY_OFFICER)
    client.force_login(user, backend="config.workspace.permissions.RoleBackend")
    context = chromium.new_context(base_url=live_server.url)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([cookie | {"url": live_server.url}])
    yield context.new_page()
    context.close()


def reach(page: Page, wanted: Locator) -> None:
    """By Tab alone, from wherever one is; what has the focus shows that it has."""
    wanted.wait_for()
    page.wait_for_load_state()
    for _press in range(150):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    pytest.fail("the keyboard does not reach it")


def press(page: Page, name: str) -> None:
    reach(page, page.get_by_role("button", name=name, exact=True))
    page.keyboard.press("Enter")


def write(page: Page, label: str, text: str) -> None:
    reach(page, page.get_by_label(label))
    page.keyboard.type(text)


def test_somebody_is_erased_with_something_kept_and_the_certificate_is_read(page):
    ada = make_ada()
    make_event(ada, "Order Completed", days_ago=9, revenue=20, order_id="A1")
    row = open_request(type_="erasure", references=[f"rapport_id:{ada.public_id}"])
    page.goto("/console/privacy/requests/")
    reach(page, page.get_by_role("link", name="Erasure"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ada Lovelace").first).to_be_visible()
    press(page, "I take it")
    expect(page.get_by_text("It is yours.")).to_be_visible()
    write(page, "You know otherwise that it is them? Say how:", "She came by")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Erase this person for good")).to_be_visible()
    reach(page, page.get_by_role("link", name="Keep something"))
    page.keyboard.press("Enter")
    reach(page, page.get_by_label("What stays"))
    page.keyboard.type("Orders")
    write(page, "The law or the case", "Tax code, section 147")
    write(page, "Or for so many months", "120")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Tax code, section 147").first).to_be_visible()
    assert ErasureException.objects.get(request=row).months == 120
    press(page, "Erase this person for good")
    expect(page.get_by_text("The worker is at it")).to_be_visible()
    drain()
    page.reload()
    reach(page, page.get_by_role("link", name="See the certificate"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("signature right")).to_be_visible()
    expect(page.get_by_text("Tax code, section 147").first).to_be_visible()
    row.refresh_from_db()
    assert (row.status, row.assigned_to.role) == (
        PrivacyRequest.Status.COMPLETED,
        "privacy_officer",
    )


def test_a_law_is_changed_once_its_effect_was_seen(page):
    make_ada()
    row = Policy.objects.filter(name="Marketing needs consent").earliest("pk")
    page.goto(f"/console/privacy/policies/{row.slug}/")
    reach(page, page.locator("[name$=double_opt_in]"))
    page.keyboard.type("yes")
    press(page, "See what would change")
    expect(page.get_by_role("heading", name="What would change")).to_be_visible()
    row.refresh_from_db()
    version = row.version
    write(page, "Why", "Counsel says so")
    press(page, "Save")
    expect(page.get_by_text("Counsel says so")).to_be_visible()
    row.refresh_from_db()
    assert row.version == version + 1
