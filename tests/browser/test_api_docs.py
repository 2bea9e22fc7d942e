"""The reference at /api/docs/ in a real browser: under our policy, from our own address alone."""

import pytest
from playwright.sync_api import Browser

# watches for what the policy forbids, from the first line of the page on
WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation",
    event => window.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.mark.parametrize("path", ["/api/docs/", "/api/docs"])
def test_the_reference_loads_under_our_policy_and_asks_nobody_else(
    chromium: Browser, live_server, path: str
):
    # it draws what is in sight: high enough for all of it
    page = chromium.new_context(viewport={"width": 1280, "height": 12_000}).new_page()
    page.add_init_script(WATCH)
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: line.type == "error" and said.append(line.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{live_server.url}{path}")
    page.locator(".opblock").nth(100).wait_for()
    page.get_by_text("/api/segments/preview/").first.click()
    page.get_by_text("took_ms").first.wait_for()
    inside = (live_server.url, "data:", "blob:")
    assert [url for url in asked if not url.startswith(inside)] == []
    assert page.evaluate("window.refused") == []
    assert said == []
    page.context.close()
