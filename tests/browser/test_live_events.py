"""Live events in a real browser."""

from playwright.sync_api import Page, expect

from tests.browser.test_people import PHONE, page, sideways
from tests.cast import make_ada, make_ben, make_event, make_rejection, make_source

__all__ = ["page"]


def test_new_calls_come_in_at_the_top_and_wait_where_one_reads(page: Page):  # noqa: F811
    ada = make_ada()
    make_event(ada, "Signed Up")
    page.goto("/console/live/")
    calls = page.locator("#live-rows .r-ev")
    expect(calls).to_have_count(1)
    make_event(ada, "Checkout Started")
    expect(calls).to_have_count(2, timeout=8000)
    expect(calls.first).to_contain_text("Checkout Started")
    # with the focus on a call nothing moves under it, and what comes is counted
    calls.last.focus()
    make_event(ada, "Product Viewed", product_id="p1")
    bar = page.get_by_role("link", name="1 newer call")
    expect(bar).to_be_visible(timeout=8000)
    expect(calls).to_have_count(2)
    bar.focus()
    page.keyboard.press("Enter")
    expect(calls).to_have_count(3)
    expect(bar).to_have_count(0)
    # so it is scrolled down, and back at the top they come in
    for _number in range(30):
        make_event(ada, "Signed Up")
    expect(calls).to_have_count(33, timeout=8000)
    calls.last.scroll_into_view_if_needed()
    top = page.evaluate("document.querySelector('#live-rows').getBoundingClientRect().top")
    make_event(ada, "Order Completed")
    expect(bar).to_be_attached(timeout=8000)
    assert calls.count() == 33
    after = page.evaluate("document.querySelector('#live-rows').getBoundingClientRect().top")
    assert abs(after - top) <= 40, "no more than the bar moves"
    page.locator("h1").scroll_into_view_if_needed()
    expect(calls).to_have_count(34, timeout=8000)
    expect(calls.first).to_contain_text("Order Completed")


def test_a_search_stays_while_one_types_and_narrows_what_comes(page: Page):  # noqa: F811
    ada, ben = make_ada(), make_ben()
    make_event(ada, "Signed Up"), make_event(ben, "Signed Up")
    page.goto("/console/live/")
    box = page.get_by_role("searchbox", name="Person, event, source or message id")
    box.focus()
    page.keyboard.type("Lovel", delay=60)
    calls = page.locator("#live-rows .r-ev")
    expect(calls).to_have_count(1)
    expect(box).to_be_focused()
    expect(box).to_have_value("Lovel")
    assert "q=Lovel" in page.url
    make_event(ben, "Signed Up"), make_event(ada, "Checkout Started")
    expect(calls).to_have_count(2, timeout=8000)
    box.fill("nobody at all")
    expect(page.get_by_text("Nothing like “nobody at all” came in")).to_be_visible()


def test_a_tab_that_nobody_sees_asks_nothing(page: Page):  # noqa: F811
    make_event(make_ada(), "Signed Up")
    page.goto("/console/live/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(
        "Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true})"
    )
    page.wait_for_timeout(4500)
    assert [url for url in asked if "newer" in url][1:] == []


def test_nothing_slides_for_whoever_wants_no_motion(page: Page):  # noqa: F811
    ada = make_ada()
    make_event(ada, "Signed Up")
    page.emulate_media(reduced_motion="reduce")
    page.goto("/console/live/")
    make_event(ada, "Signed Up")
    fresh = page.locator(".r-ev-l.is-fresh")
    expect(fresh).to_have_count(1, timeout=8000)
    assert fresh.evaluate("one => getComputedStyle(one).animationName") == "none"


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
