"""People and the customer page in a real browser."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from config.workspace.models import Role
from tests.cast import (
    ago,
    make_ada,
    make_ben,
    make_event,
    make_merge,
    make_profile,
    make_source,
    make_user,
    set_trait,
)

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
HOSTILE = [
    "<script>document.title='owned'</script>",
    "X" * 300,
    "ليلى عبد الرحمن القحطاني",
    "\u202eevil\u202d",
    "",
]


@pytest.fixture
def page(transactional_db: None, chromium: Browser, live_server) -> Iterator[Page]:
    """A signed-in admin's page; an error in the browser's console fails the test."""
    client = Client()
    client.force_login(make_user(Role.ADMIN), backend="config.workspace.permissions.RoleBackend")
    context = chromium.new_context(base_url=live_server.url, viewport=WIDE)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([cookie | {"url": live_server.url}])
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def sideways(page: Page) -> int:
    """Pixels that the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def test_search_while_typing_and_open_a_person(page: Page):
    make_ada(), make_ben()
    page.goto("/console/people/")
    expect(page.locator(".r-people tbody tr")).to_have_count(2)
    page.get_by_role("searchbox").first.fill("love")
    expect(page.locator(".r-people tbody tr")).to_have_count(1)
    assert "q=love" in page.url
    page.get_by_role("link", name="Ada Lovelace").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lovelace")


def test_the_timeline_goes_on_by_itself_and_filters(page: Page):
    ada = make_ada()
    for number in range(130):
        make_event(ada, "Product Viewed", days_ago=number / 4, product_id=f"p{number}")
    make_event(ada, "Order Completed", days_ago=1, revenue=20, order_id="A1")
    page.goto(f"/console/people/{ada.public_id}/")
    for _scroll in range(8):
        page.mouse.wheel(0, 20_000)
        page.wait_for_timeout(150)
    expect(page.get_by_text("That is the beginning.")).to_be_visible()
    assert page.locator(".r-tl", has_text="Product Viewed").count() == 130
    page.get_by_role("link", name="Orders", exact=True).click()
    expect(page.locator(".r-tl")).to_have_count(1)
    expect(page.locator(".r-tabs [aria-current]")).to_have_text("Orders")


def test_use_this_one_settles_a_conflict(page: Page):
    ada = make_ada()
    set_trait(ada, "shoe_size", 40, source=make_source("Till"), at=ago(100))
    set_trait(ada, "shoe_size", 39, at=ago(3))
    page.goto(f"/console/people/{ada.public_id}/")
    page.get_by_role("button", name="Use this one").click()
    expect(page.get_by_text("shoe_size is settled.")).to_be_visible()
    ada.refresh_from_db()
    assert ada.traits["shoe_size"] == 40


def test_a_burst_unfolds_and_why_opens(page: Page):
    ada = make_ada()
    make_merge(ada)
    noon = timezone.now() - timedelta(hours=3)
    for number in range(5):
        make_event(ada, "Page Viewed", at=noon + timedelta(seconds=number), name=f"Page {number}")
    page.goto(f"/console/people/{ada.public_id}/")
    page.get_by_text("Unfold").click()
    expect(page.get_by_text("Page 4").last).to_be_visible()
    page.get_by_text("Why are these one person?").click()
    expect(page.get_by_text("was joined: one call carried").first).to_be_visible()


def test_it_works_without_scripts(chromium: Browser, live_server, page: Page):
    ada = make_ada()
    make_event(ada, "Order Completed", revenue=20, order_id="A1")
    plain = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    plain.add_cookies(page.context.cookies())
    bare = plain.new_page()
    bare.goto("/console/people/?q=ada")
    bare.get_by_role("link", name="Ada Lovelace").click()
    bare.get_by_role("link", name="Orders", exact=True).click()
    expect(bare.locator(".r-tl")).to_have_count(1)
    plain.close()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_hostile_names_stay_text_and_the_page_its_width(page: Page, size):
    people = [make_profile(name, user_id=f"u{n}") for n, name in enumerate(HOSTILE)]
    for person in people:
        set_trait(person, "w" * 200, "y" * 2000)
        make_event(person, "E" * 300, **{"k" * 200: "v" * 3000})
        make_event(person, "Page Viewed", name="<img src=x onerror=document.title='owned'>")
    page.set_viewport_size(size)
    for url in ("/console/people/", *(f"/console/people/{p.public_id}/" for p in people)):
        page.goto(url)
        assert "owned" not in page.title() or "document.title" in page.title()
        assert sideways(page) <= 0, url


def test_no_page_stays_in_the_browser_after_it_was_left(page: Page) -> None:
    make_ada()
    page.goto("/console/people/")
    page.locator("input[name=q]").first.fill("Ada")
    page.wait_for_url("**q=Ada**")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "Lovelace" not in kept
    assert "htmx-history-cache" not in kept
