"""A marketer makes a computed trait as a sentence, by mouse and by keyboard alone."""

from playwright.sync_api import Page

from segments.members.due import work
from segments.models import ComputedTrait
from tests.browser.test_segment_builder import (  # noqa: F401 - fixtures
    expect,
    shop,
    signed_in,
)


def test_a_computed_trait_by_mouse_then_by_keyboard(signed_in: Page) -> None:  # noqa: F811
    page = signed_in
    page.goto(f"{page.base}/console/traits/")
    page.get_by_role("link", name="Make the first computed trait").click()
    page.get_by_label("Name", exact=True).fill("tents_spend")
    sentence = page.locator("#trait-sentence")
    sentence.locator("[data-word=agg]").click()
    page.get_by_role("option", name="total", exact=True).click()
    sentence.locator("[data-word=name]").click()
    page.get_by_role("option", name="Order Completed").click()
    sentence.locator("[data-word=property]").click()
    page.get_by_role("option", name="revenue").click()
    expect(page.locator("#effect")).to_contain_text("4 people have a value")
    expect(page.locator("#effect")).to_contain_text("total revenue of Order Completed")
    page.get_by_role("button", name="Save computed trait").click()
    expect(page.locator(".r-toast")).to_contain_text("Saved")
    while work():
        pass
    page.reload()
    expect(page.get_by_text("Values of 4 people are stored.")).to_be_visible()

    # by keyboard alone: the same, as how often
    page.goto(f"{page.base}/console/traits/-/new/")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("orders")
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(sentence.locator("[data-word=agg]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.type("Order Comp")
    page.keyboard.press("Enter")
    expect(page.locator("#effect")).to_contain_text("number of Order Completed")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".r-toast")).to_contain_text("Saved")
    assert {row.name: row.definition["measure"] for row in ComputedTrait.objects.all()} == {
        "tents_spend": {"agg": "sum", "property": "revenue"},
        "orders": {"agg": "count"},
    }
