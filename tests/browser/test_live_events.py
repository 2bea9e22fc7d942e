"""Live events in a real browser."""

from playwright.sync_api import Page, expect

from tests.browser.test_people import PHONE, page, sideways
from tests.cast import make_ada, make_event, make_rejection, make_source

__all__ = ["page"]


def test_new_calls_wait_behind_a_bar_and_nothing_jumps(page: Page):  # noqa: F811
    ada = make_ada()
    make_event(ada, "Signed Up")
    page.goto("/console/live/")
    expect(page.locator(".r-ev")).to_have_count(1)
    make_event(ada, "Checkout Started")
    make_event(ada, "Product Viewed", product_id="p1")
    bar = page.get_by_role("link", name="2 newer calls")
    expect(bar).to_be_visible(timeout=6000)
    expect(page.locator(".r-ev")).to_have_count(1)
    bar.click()
    expect(page.locator(".r-ev")).to_have_count(3)
    expect(bar).to_have_count(0)


def test_pause_stops_asking(page: Page):  # noqa: F811
    ada = make_ada()
    make_event(ada, "Signed Up")
    page.goto("/console/live/")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    make_event(ada, "Signed Up")
    page.wait_for_timeout(3000)
    expect(page.locator(".r-new")).to_have_count(0)


def test_a_refused_call_opens_and_a_kept_one_shows_its_trace(page: Page):  # noqa: F811
    ada = make_ada()
    make_event(ada, "Signed Up", plan="pro")
    make_rejection(make_source("Till"))
    page.goto("/console/live/")
    page.locator("details.r-evd summary").click()
    expect(page.locator("mark")).to_contain_text("129,00")
    expect(page.get_by_text("What you can do")).to_be_visible()
    page.locator("a.r-ev").click()
    expect(page.get_by_text("Recognised:")).to_be_visible()
    expect(page.locator("#trace").get_by_text("Ada Lovelace")).to_be_visible()


def test_filters_keep_to_the_address(page: Page):  # noqa: F811
    ada = make_ada()
    make_event(ada, "Signed Up"), make_event(ada, "Page Viewed", name="Home")
    page.goto("/console/live/")
    page.get_by_label("Type of call").select_option("page")
    expect(page.locator(".r-ev")).to_have_count(1)
    assert "type=page" in page.url
    page.set_viewport_size(PHONE)
    assert sideways(page) <= 0
