"""Takes the pictures of the documentation from a demo that runs: a WebP file each in docs/images.

    .venv/bin/python manage.py demo --port 8000                  # in another terminal
    make screenshots                                             # or: AT=http://127.0.0.1:8000

Light, English, 1440 pixels wide. The log-in is read from VAR_DIR; nothing is launched or sent. A
page that is not there, or that answers with an error, ends it with a sentence.
"""

import argparse
import base64
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from config.demo.generator import content
from tools import browser as finder

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
WIDTH, HEIGHT = 1440, 900
QUALITY = 0.8
WAIT = 20_000  # milliseconds
# the browser has an encoder: no library is needed for it
TO_WEBP = """async ([png, quality]) => {
  const answer = await fetch(`data:image/png;base64,${png}`);
  const picture = await createImageBitmap(await answer.blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const made = await canvas.convertToBlob({type: "image/webp", quality});
  const bytes = new Uint8Array(await made.arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}"""


@dataclass(frozen=True)
class Picture:
    """One page: its file, its address, what is done before it is taken, how high it is."""

    name: str
    path: str
    before: Callable[[Page], None] = lambda page: None
    height: int = HEIGHT


def first_of(selector: str) -> Callable[[Page], None]:
    """Go to the first link that fits."""

    def go(page: Page) -> None:
        address = page.locator(selector).first.get_attribute("href", timeout=WAIT)
        page.goto(address or "")

    return go


PICTURES = (
    Picture("home", "/console/"),
    Picture("people", "/console/people/"),
    Picture("person", "/console/people/?q=Maya", first_of('main a[href*="/people/"]'), 1000),
    Picture("live-events", "/console/live/"),
    Picture("segment", "/console/segments/tent-no-boots/"),
    Picture("campaign-what", "/console/campaigns/{draft}/what/", height=1000),
    Picture("campaign-checks", "/console/campaigns/{draft}/checks/", height=1000),
    Picture("report", "/console/campaigns/{sent}/report/", height=1100),
    Picture("messages", "/console/messages/?state=excluded"),
    Picture("requests", "/console/privacy/requests/"),
    Picture("policies", "/console/privacy/policies/"),
)


def signed_in(browser: Browser, at: str, password: str) -> Page:
    """A page of the demo's admin."""
    context = browser.new_context(
        base_url=at, viewport={"width": WIDTH, "height": HEIGHT}, locale="en-GB",
        color_scheme="light", reduced_motion="reduce", timezone_id="Europe/Amsterdam",
    )  # fmt: skip
    page = context.new_page()
    page.goto("/console/login/", timeout=60_000)
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").or_(
        page.get_by_role("button", name="Sign in")
    ).click()
    page.wait_for_url(lambda url: "/login" not in url)
    return page


def take(page: Page, picture: Picture, names: dict[str, str]) -> bytes:
    """The PNG. Raises SystemExit where the page is none."""
    page.set_viewport_size({"width": WIDTH, "height": picture.height})
    answer = page.goto(picture.path.format(**names), timeout=60_000)
    if answer is None or not answer.ok:
        sys.exit(f"{picture.name}: {picture.path} answered {answer and answer.status}.")
    picture.before(page)
    page.wait_for_load_state("load")
    page.wait_for_timeout(3_000)  # parts that load by themselves
    page.evaluate("document.activeElement?.blur()")
    return page.screenshot(animations="disabled")


def main() -> None:
    """All of them, or those that are named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*")
    parser.add_argument("--at", default="http://127.0.0.1:8000")
    asked = parser.parse_args()
    var = Path(os.environ.get("VAR_DIR", ROOT / "var"))
    try:
        password = (var / "demo_password.txt").read_text().strip()
    except OSError:
        sys.exit(f"{var} is no demo's: run manage.py demo first, or name its VAR_DIR.")
    if driver := finder.driver():
        os.environ["PLAYWRIGHT_NODEJS_PATH"] = driver
    flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=finder.find(), args=flags)
        page = signed_in(browser, asked.at, password)
        encoder = browser.new_page()
        names = {"draft": content.DRAFT_SLUG, "sent": content.SENT_SLUG}
        for picture in PICTURES:
            if asked.names and picture.name not in asked.names:
                continue
            png = base64.b64encode(take(page, picture, names)).decode()
            made = base64.b64decode(encoder.evaluate(TO_WEBP, [png, QUALITY]))
            (IMAGES / f"{picture.name}.webp").write_bytes(made)
            print(f"{picture.name}.webp  {len(made) // 1024} KB")
        browser.close()


if __name__ == "__main__":
    main()
