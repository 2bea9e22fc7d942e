"""Segment's published browser SDK with its published consent wrapper, and our banner as the CMP.

Both packages run as npm has them (`tests/sdk`), in a page of another origin: what is refused is
sent with its refusal and not stored, and nothing is sent before there is an answer.
"""

import json
import mimetypes
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from config.postgres.sql import run
from consent.models import ConsentEntry, ConsentState
from consent.reach.profiling import objectors
from profiles.ingest import processor
from profiles.models import DataWarning, Event, Profile
from tests.browser.test_banner import KEY, PERSON, SLUGS, host  # noqa: F401 - a fixture
from tests.sdk.conftest import node  # noqa: F401 - a fixture

pytestmark = pytest.mark.node
PAGE = """<!doctype html><html lang="en"><head><title>Site</title><link rel="icon" href="data:,">
<script src="HOST/consent/banner.js" data-key="KEY" defer></script>
<script src="/npm/@segment/analytics-next/dist/umd/index.js"></script>
<script type="importmap">{"imports": {
  "@segment/analytics-consent-tools": "/npm/@segment/analytics-consent-tools/dist/esm/index.js",
  "@segment/analytics-generic-utils": "/npm/@segment/analytics-generic-utils/dist/esm/index.js",
  "tslib": "/npm/tslib/tslib.es6.js"}}</script>
<script type="module">
import { createWrapper, resolveWhen } from "@segment/analytics-consent-tools";
await rapportConsent.ready;
const said = () => rapportConsent.consent()?.categoryPreferences;
window.analytics = new AnalyticsNext.AnalyticsBrowser();
createWrapper({
  shouldLoadSegment: async (ctx) => {
    await resolveWhen(() => said() !== undefined, 50);
    analytics.setAnonymousId(rapportConsent.anonymousId());
    ctx.load({ consentModel: "opt-in" });
  },
  getCategories: () => said() ?? {},
  registerOnConsentChanged: (tell) => rapportConsent.onChange(() => tell(said())),
})(analytics);
analytics.load({ writeKey: "KEY", cdnURL: "HOST" });
document.documentElement.dataset.ready = "yes";
</script></head><body><main><h1>Site</h1>
<button type="button" data-privacy-choices>Cookies</button></main></body></html>"""


def file_of(packages: Path, path: str) -> Path | None:
    """A file of the packages; their modules import each other without an ending."""
    place = packages / path
    for found in (place, place.with_name(f"{place.name}.js"), place / "index.js"):
        if found.is_file():
            return found
    return None


@pytest.fixture
def site(host: str, node) -> Iterator[str]:  # noqa: F811
    packages = node.folder / "node_modules"
    body = PAGE.replace("HOST", host).replace("KEY", KEY).encode()

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/npm/")
            found = file_of(packages, path) if path != self.path else None
            if found and found != packages / path:  # what it imports lies beside where it is
                self.send_response(302)
                self.send_header("Location", f"/npm/{found.relative_to(packages)}")
                self.end_headers()
                return
            kind = mimetypes.guess_type(found.name)[0] if found else "text/html; charset=utf-8"
            self.send_response(200 if found or self.path == "/" else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.end_headers()
            self.wfile.write(found.read_bytes() if found else body)

        def log_message(self, *_said: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser, site: str, told: list[dict]) -> Iterator[Page]:
    context = chromium.new_context(user_agent=PERSON)
    page = context.new_page()
    noise: list[str] = []
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("request", lambda request: note(told, request))
    page.goto(site)
    expect(page.locator("html")).to_have_attribute("data-ready", "yes")
    yield page
    context.close()
    assert noise == []


@pytest.fixture
def told() -> list[dict]:
    """What the SDK posted, with its consent object."""
    return []


def note(told: list[dict], request: Request) -> None:
    # the SDK's paths have one letter; the banner tells its own answer at /v1/track
    if request.method == "POST" and request.url.rpartition("/v1/")[2] in ("t", "p", "i", "b"):
        told.append(json.loads(request.post_data or "{}"))


def choose(page: Page, *, switched_on: list[str]) -> None:
    page.get_by_role("button", name="Cookies").click()
    dialog = page.get_by_role("dialog", name="Your privacy choices")
    for n, slug in enumerate(SLUGS):
        dialog.get_by_role("switch").nth(n).set_checked(slug in switched_on)
    with page.expect_response("**/v1/track"):
        dialog.get_by_role("button", name="Save my choices").click()


def track(page: Page, name: str) -> dict:
    """Say it by the SDK, and wait until it has been answered."""
    with page.expect_response(
        lambda answer: answer.url.endswith("/v1/t") and name in (answer.request.post_data or "")
    ) as sent:
        page.evaluate("name => { analytics.track(name, {product_id: '7'}) }", name)
    assert sent.value.status == 200
    return json.loads(sent.value.request.post_data)["context"]["consent"]["categoryPreferences"]


def stands() -> dict[str, str]:
    while processor.work():
        pass
    return dict(ConsentState.objects.filter(channel="").values_list("purpose__slug", "status"))


def stored() -> set[str]:
    return set(Event.objects.filter(name__endswith="Viewed").values_list("name", flat=True))


def test_what_is_refused_at_the_banner_is_sent_as_refused_and_held_at_every_gate(page, told):
    page.evaluate("() => { analytics.track('Early Viewed') }")
    page.get_by_role("region").get_by_role("button", name="Choose one by one").wait_for()
    assert told == [], "before an answer the wrapper sends nothing"
    with page.expect_response(lambda answer: "Early Viewed" in (answer.request.post_data or "")):
        page.get_by_role("button", name="Reject all").click()
    refused = dict.fromkeys(SLUGS, False)
    assert track(page, "Product Viewed") == refused
    assert set(stands().values()) == {"denied"}
    assert stored() == set(), "heard, and stored nowhere"
    assert DataWarning.objects.filter(event_name="Product Viewed").exists(), "counted"
    assert Profile.objects.count() == 1, "the banner and the SDK name one visitor"
    choose(page, switched_on=["measuring"])
    assert track(page, "Cart Viewed") == refused | {"measuring": True}
    assert stands() == {"measuring": "granted"} | dict.fromkeys(SLUGS[1:], "denied")
    assert stored() == {"Cart Viewed"}, "what was refused before does not come back"
    assert [pk for (pk,) in run(objectors())] == [Profile.objects.get().pk], "nor is it profiled"
    choose(page, switched_on=SLUGS)
    assert track(page, "Offer Viewed") == dict.fromkeys(SLUGS, True)
    assert set(stands().values()) == {"granted"} and not run(objectors())
    choose(page, switched_on=[])
    assert track(page, "Last Viewed") == refused
    assert set(stands().values()) == {"withdrawn"}
    assert stored() == {"Cart Viewed", "Offer Viewed"}
    changes = [one for one in told if "Consent Preference" in str(one.get("event"))]
    assert len(changes) == 4, "the wrapper tells each change as well"
    assert Profile.objects.count() == 1
    rows = ConsentEntry.objects.filter(purpose__slug="measuring").order_by("id")
    assert [row.status for row in rows] == ["denied", "granted", "withdrawn"], "each once"
