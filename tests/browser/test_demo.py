"""The first minutes in a real browser: be Maya in the shop, and find her joined in the console."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.test import Client, override_settings
from django.utils import timezone
from playwright.sync_api import Browser, FrameLocator, Page, ViewportSize, expect

from campaigns.models import Campaign
from config.demo import team
from config.demo.generator.people import maya
from config.demo.writing import sink, steps
from config.demo.writing.progress import Progress
from config.running import mailbox
from config.workspace.work.due import drain
from profiles.models import Event, Identifier
from tests.demo.conftest import forget_all

WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
# a browser without a window counts as a machine, whose clicks are nobody's
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
BACKEND = "config.workspace.permissions.RoleBackend"


@pytest.fixture
def shop(transactional_db: None, tmp_path, live_server) -> Iterator[str]:
    """A small demo, committed, and the address of its server."""
    places = {"VAR_DIR": tmp_path, "STATIC_ROOT": tmp_path / "static"}
    with override_settings(**places, BASE_URL=live_server.url):
        forget_all()
        steps.write(steps.begin_or_resume(120, 2_400), Progress(StringIO()))
        yield live_server.url
    forget_all()


@pytest.fixture
def page(shop: str, chromium: Browser) -> Iterator[Page]:
    """The demo's admin; an error or a blocked load in the browser fails the test."""
    client, errors = Client(), []
    client.force_login(team.members(steps.begin_or_resume(0, 0))[0], backend=BACKEND)
    context = chromium.new_context(base_url=shop, viewport=WIDE, user_agent=PERSON)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": shop}])
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert errors == []


def owner(kind: str, value: str) -> int:
    return Identifier.objects.get(kind=kind, value=value).profile_id


def sideways(page: Page) -> int:
    """Pixels that the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def enter(page: Page, path: str) -> None:
    """The shop for the first time: it asks before it counts a visit."""
    page.goto(path)
    page.get_by_role("button", name="Accept all").click()


def test_maya_browses_signs_up_orders_and_is_one_person(page: Page):
    assert owner("anonymous_id", maya.LAPTOP_ID) != owner("user_id", maya.USER_ID)
    enter(page, "/demo/shop/")
    page.get_by_role("link", name="See all boots").click()
    page.get_by_role("link", name="Ridgefoot GT Boots").click()
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="Sign up to order").click()
    page.get_by_role("button", name="Fill in as Maya").click()
    page.get_by_label("Send me news and offers by email.").check()
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    page.locator("#calls summary").click()
    expect(page.locator("#calls")).to_contain_text(f"identify: {maya.USER_ID}")
    page.get_by_role("button", name="Order and pay nothing").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.wait_for_load_state("networkidle")
    drain()
    assert owner("anonymous_id", maya.LAPTOP_ID) == owner("user_id", maya.USER_ID)
    seen = set(
        Event.objects.filter(
            profile_id=owner("user_id", maya.USER_ID), context__library__name="cairnway-shop"
        ).values_list("name", flat=True)
    )
    assert seen >= {"Page Viewed", "Product Viewed", "Product Added", "Signed Up", "identify"}
    page.goto("/console/")
    expect(page.locator("#story .is-done")).to_have_count(2)
    page.get_by_role("link", name="Maya's page").click()
    expect(page.get_by_role("heading", name="Maya Santoso")).to_be_visible()
    expect(page.get_by_text(maya.LAPTOP_ID[:8]).first).to_be_attached()


def test_who_refuses_is_not_counted_and_still_has_an_account(page: Page):
    page.goto("/demo/shop/")
    page.get_by_role("button", name="Reject all").click()
    page.get_by_role("link", name="See all boots").click()
    page.goto("/demo/shop/account/")
    page.get_by_role("button", name="Fill in as Maya").click()
    page.get_by_role("button", name="Make my account").click()
    page.wait_for_load_state("networkidle")
    page.locator("#calls summary").click()
    expect(page.locator("#calls")).to_contain_text(f"identify: {maya.USER_ID}")
    drain()
    told = Event.objects.filter(context__has_key="consent", received_at__gte=page_began(page))
    assert set(told.values_list("name", flat=True)) == {"Consent Preference Updated", "identify"}


def page_began(page: Page) -> datetime:
    """When this browser was first used."""
    began = page.evaluate("JSON.parse(localStorage['rapport.consent.' + "
                          "JSON.parse(telling.textContent).key.slice(0, 8)]).at")  # fmt: skip
    return datetime.fromisoformat(began) - timedelta(minutes=1)


def test_who_logs_out_goes_on_as_another_device(page: Page):
    enter(page, "/demo/shop/account/")
    page.get_by_role("button", name="Fill in as Maya").click()
    page.get_by_role("button", name="Make my account").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_load_state("networkidle")
    device = page.evaluate("localStorage.getItem('cairnway.device')")
    assert device != maya.LAPTOP_ID
    drain()
    assert owner("anonymous_id", device) != owner("user_id", maya.USER_ID)


def sign_up(page: Page) -> None:
    """As Maya, on her laptop, with the news."""
    enter(page, "/demo/shop/account/")
    page.get_by_role("button", name="Fill in as Maya").click()
    page.get_by_label("Send me news and offers by email.").check()
    page.get_by_role("button", name="Make my account").click()
    page.wait_for_load_state("networkidle")
    drain()


def send(page: Page) -> None:
    """Hold a launch, undo it, launch again, and let it leave into the demo's mailbox."""
    for _again in range(2):
        page.get_by_role("button", name=re.compile("^Send to .* now$")).click()
        held = re.compile(r"^Held: [\d,]+ (person gets|people get) it\. Nothing has left yet\.$")
        expect(page.get_by_text(held)).to_be_visible()
        if not _again:
            page.get_by_role("button", name="Undo").click()
            expect(page.get_by_text("It is a draft again")).to_be_visible()
    Campaign.objects.filter(status="held").update(hold_until=timezone.now())
    with sink.open_sink():
        drain()


def her_mail(page: Page) -> FrameLocator:
    """The newest mail to her, opened from the story's step."""
    page.goto("/console/")
    page.locator("#story").get_by_role("link", name="Open Maya's mail").click()
    page.locator(".dm-row").first.click()
    return page.frame_locator("iframe.dm-frame")


def ticked(page: Page, count: int) -> None:
    page.goto("/console/")
    expect(page.locator("#story .is-done")).to_have_count(count)


def test_the_story_is_walked_to_its_end(page: Page):
    sign_up(page)
    ticked(page, 2)
    page.locator("#story").get_by_role("link", name="Open the segment").click()
    page.locator("[data-word=window]").first.click()
    page.locator(".r-pick input[type=number]").first.fill("400")
    page.locator(".r-pick-f button").click()
    page.get_by_role("button", name=re.compile("^Save")).click()
    expect(page.locator("#unsaved")).to_be_hidden()
    drain()
    ticked(page, 3)
    page.locator("#story").get_by_role("link", name="Open the draft").click()
    page.locator(".r-steps").get_by_role("link", name="Launch").click()
    send(page)
    ticked(page, 4)
    with page.context.expect_page() as opened:
        her_mail(page).get_by_role("link", name="Try a pair").click()
    shop = opened.value
    shop.get_by_role("link", name="Ridgefoot GT Boots").click()
    shop.get_by_role("button", name="Add to cart").click()
    shop.goto("/demo/shop/cart/")
    shop.get_by_role("button", name="Order and pay nothing").click()
    expect(shop.get_by_role("heading", name="Thank you")).to_be_visible()
    shop.wait_for_load_state("networkidle")
    drain()
    ticked(page, 5)
    with page.context.expect_page() as opened:
        her_mail(page).get_by_role("link", name="Unsubscribe").click()
    opened.value.locator(".r-stop button").first.click()
    opened.value.wait_for_load_state("networkidle")
    drain()
    ticked(page, 6)


def test_the_shop_fits_a_phone(page: Page):
    page.set_viewport_size(PHONE)
    for path in ("", "boots/", "boots/cw-boo-013/", "account/", "cart/"):
        page.goto(f"/demo/shop/{path}")
        assert sideways(page) <= 0, path


def test_roles_and_traffic_are_switched_on_the_card(page: Page):
    page.goto("/console/")
    page.get_by_label("Work as").select_option("analyst")
    expect(page.get_by_text("You are Mei Tanaka now")).to_be_visible()
    switch = page.get_by_role("switch", name="Light traffic in the background")
    expect(switch).to_be_checked()
    switch.click()
    expect(page.get_by_text("The shop is quiet now.")).to_be_visible()
    expect(switch).not_to_be_checked()


def test_a_mail_is_found_shown_and_its_link_leads_to_the_shop(page: Page):
    [*_, mail] = mailbox.list_messages(limit=200)
    page.goto("/console/mailbox/")
    page.get_by_role("searchbox").first.fill("nobody@example.com")
    expect(page.get_by_text("No mail to nobody@example.com")).to_be_visible()
    page.locator("#to").fill(mail.recipients[0])
    expect(page.locator(".dm-row")).to_have_count(1)
    page.locator(".dm-row").click()
    frame = page.frame_locator("iframe.dm-frame")
    expect(frame.get_by_text("Winter care for your tent").first).to_be_visible()
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="See care and repair").click()
    expect(opened.value.get_by_role("link", name="See all boots")).to_be_visible()
    assert "/demo/shop/" in opened.value.url
    page.set_viewport_size(PHONE)
    assert sideways(page) <= 0
