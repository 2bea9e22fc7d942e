"""From an empty list to a delivered mail and its report, in a real browser."""

from collections.abc import Iterator

import pytest
from django.test import Client, override_settings
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect

from campaigns.models import Campaign, Message
from campaigns.services.drafts import create_campaign, update_campaign
from config.workspace.models import Role
from config.workspace.work.due import drain
from segments.models import Segment
from tests.campaigns.builders import (
    HTML,
    join,
    make_person,
    make_segment,
    make_sender,
    say,
    smtp_server,
)
from tests.cast import make_identifier, make_user

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
ABORTED = (
    "htmx:afterRequest", "htmx:sendAbort",  # a request that a newer one, or leaving, ended
    "Failed to load resource: net::ERR_FAILED",  # cut by a test
    "Failed to load resource: the server responded with a status of 40",  # told on the page
)  # fmt: skip
BACKEND = "config.workspace.permissions.RoleBackend"
expect.set_options(timeout=20_000)  # tests run beside one another


@pytest.fixture
def audience(transactional_db: None) -> Segment:
    """Three who may be written to, one who was never asked."""
    make_sender()
    people = [make_person(name) for name in ("ada", "leyla")]
    people.append(make_person("nameless", traits={}))
    for person in people:
        say(person)
        make_identifier(person, "rapport_id", str(person.public_id))
    segment = make_segment(*people, make_person("silent"))
    Segment.objects.update(name="Bought a tent", count=4)
    return segment


@pytest.fixture
def page(audience: Segment, live_server, chromium: Browser) -> Iterator[Page]:
    """A marketer's page; an error in the browser fails the test."""
    client, errors = Client(), []
    client.force_login(make_user(Role.MARKETER, email="me@shop.example"), backend=BACKEND)
    context = chromium.new_context(base_url=live_server.url, viewport=WIDE)
    cookie = {
        "name": "sessionid",
        "value": client.cookies["sessionid"].value,
        "url": live_server.url,
    }
    context.add_cookies([cookie])
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    with override_settings(BASE_URL=live_server.url):
        yield page
    context.close()
    assert [error for error in errors if not error.startswith(ABORTED)] == []


def sideways(page: Page) -> int:
    """Pixels that the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def begin(page: Page) -> None:
    """From the empty list to the step What."""
    page.goto("/console/campaigns/")
    page.get_by_role("link", name="New campaign").click()
    page.get_by_label("Name").fill("Boots for tent people")
    page.get_by_role("button", name="Choose who gets it").click()
    page.get_by_role("radio", name="Bought a tent").check()
    expect(page.locator("#reach")).to_contain_text("of 4")
    expect(page.locator("#saved")).to_contain_text("Saved")
    page.locator(".r-head").get_by_role("button", name="Write the mail").click()


def write(page: Page) -> None:
    """A subject with a variable, words in place of the starter's."""
    page.get_by_label("Subject").focus()
    page.get_by_role("button", name="first_name").click()
    page.get_by_label("Subject").press_sequentially(", dry feet")
    source = page.get_by_label("Mail", exact=True)
    source.fill(source.input_value().replace("[[ your words ]]", "Boots are back."))
    expect(page.locator("#preview .r-inb-s")).to_contain_text(", dry feet")


def test_create_preview_launch_undo_launch_delivered_report(page: Page):
    begin(page)
    write(page)
    page.get_by_placeholder("Somebody else").fill("ada")
    page.get_by_role("button", name="Ada").click()
    expect(page.locator("#preview h2")).to_contain_text("Ada")
    expect(page.locator("#preview .r-inb-s")).to_have_text("Ada, dry feet")
    frame = page.frame_locator("#preview iframe")
    expect(frame.get_by_text("Boots are back.")).to_be_visible()
    page.get_by_role("button", name="Plain text").click()
    expect(page.locator("#preview pre")).to_contain_text("Boots are back.")

    page.locator(".r-head").get_by_role("button", name="Choose when").click()
    page.get_by_label("Goal").fill("Order Completed")
    page.locator(".r-head").get_by_role("button", name="See who gets it").click()
    expect(page.locator(".r-one .r-big")).to_contain_text("3")
    assert sideways(page) <= 0

    page.get_by_role("button", name="Send to 3 of “Bought a tent” now").click()
    expect(page.get_by_text("Held: 3 people get it. Nothing has left yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    drain()
    assert not Message.objects.exists()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("It is a draft again")).to_be_visible()

    page.get_by_role("button", name="Send to 3 of “Bought a tent” now").click()
    expect(page.get_by_text("Held: 3 people get it. Nothing has left yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    Campaign.objects.update(hold_until=timezone.now())
    page.locator("[data-countdown]").dispatch_event("countdown:over")
    # Undo is gone, and the focus with it: what says how it stands has it now
    expect(page.locator("#state-h")).to_be_focused()
    with smtp_server() as server:
        drain()
    assert server.counts == {f"{name}@example.com": 1 for name in ("ada", "leyla", "nameless")}
    expect(page.get_by_text("3 of 3 are handed over")).to_be_visible()
    expect(page.get_by_text("The report opens by itself")).to_be_visible()
    page.get_by_role(
        "heading", name="Sent", exact=True
    ).click()  # whoever does something here stays
    expect(page.get_by_text("The report opens by itself")).to_be_hidden()
    page.get_by_role("link", name="Report").click()
    expect(page.locator("#report")).to_contain_text("0 people did Order Completed after a click")
    expect(page.locator("#report")).to_contain_text("1 no permission")
    page.locator(".r-fb-l").get_by_role("link", name="1", exact=True).first.click()
    expect(page.locator(".r-cmp-p")).to_contain_text("Silent")


def test_the_editor_works_on_a_phone_and_by_keyboard(page: Page):
    page.set_viewport_size(PHONE)
    page.goto("/console/campaigns/new/")
    page.get_by_label("Name").focus()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    radio = page.get_by_role("radio", name="Bought a tent")
    radio.focus()
    page.keyboard.press("Space")
    expect(page.locator("#saved")).to_contain_text("Saved")
    assert sideways(page) <= 0
    slug = Campaign.objects.get().slug
    for here in ("what", "when", "checks", "launch"):
        page.goto(f"/console/campaigns/{slug}/{here}/")
        expect(page.locator("h1")).to_contain_text("By keyboard")
        page.wait_for_load_state("networkidle")
        assert sideways(page) <= 0, here


def test_a_refused_value_is_said_beside_its_field_and_stays(page: Page):
    begin(page)
    page.locator(".r-steps").get_by_role("link", name="Who").click()
    page.get_by_label("Control group").fill("120")
    page.get_by_label("Control group").blur()
    expect(page.locator("#err-holdout")).to_contain_text("less than or equal to 90")
    expect(page.get_by_label("Control group")).to_have_value("120")
    page.get_by_label("Control group").fill("10")
    page.get_by_label("Control group").blur()
    expect(page.locator("#err-holdout")).to_be_hidden()
    expect(page.locator("#saved")).to_contain_text("Saved")


@pytest.fixture
def draft(audience: Segment) -> Campaign:
    """With a mail and nobody chosen yet; two segments to choose from."""
    make_segment(slug="nobody")
    Segment.objects.filter(slug="nobody").update(name="Bought nothing")
    content = {"subject": "Boots", "html": HTML}
    step = {"id": "mail", "kind": "message", "channel": "email", "content": content}
    return create_campaign({"slug": "boots", "name": "Boots", "steps": [step]})


class Line:
    """Between the browser and the console: saves wait in it until they are let go."""

    def __init__(self, page: Page) -> None:
        self.waiting: list[Route] = []
        self.page = page
        page.route("**/campaigns/boots/*/", self.take)

    def take(self, route: Route) -> None:
        if route.request.method == "POST":
            self.waiting.append(route)
        else:
            route.continue_()

    def held(self, count: int) -> Route:
        """The save that waits, once there are so many."""
        for _ in range(100):
            if len(self.waiting) >= count:
                break
            self.page.wait_for_timeout(50)
        assert len(self.waiting) == count
        return self.waiting[-1]


def stored(draft: Campaign) -> tuple[str, str]:
    draft.refresh_from_db()
    return draft.name, draft.entry.get("segment", "")


def test_an_older_save_never_wins_however_slow_the_line(page: Page, draft: Campaign):
    page.goto("/console/campaigns/boots/who/")
    line = Line(page)
    page.get_by_label("Name").press("End")
    page.get_by_label("Name").press_sequentially(" for all", delay=5)
    page.get_by_role("radio", name="Bought nothing").check()
    first = line.held(1)
    page.get_by_role("radio", name="Bought a tent").check()
    page.locator(".r-head").get_by_role("button", name="Write the mail").click()
    assert line.held(1) is first, "one save at a time; the button waits for it"
    assert stored(draft) == ("Boots", "")
    first.continue_()
    second = line.held(2)
    assert stored(draft)[1] != "everyone"
    second.continue_()
    page.wait_for_url("**/boots/what/")
    assert stored(draft) == ("Boots for all", "everyone")

    late = page.request.post(  # the first once more, as a proxy may deliver it
        "/console/campaigns/boots/who/",
        data=first.request.post_data,
        headers={"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
        | {"Origin": page.evaluate("location.origin")},
    )
    assert late.status == 409
    assert stored(draft) == ("Boots for all", "everyone")

    page.go_back()
    expect(page.get_by_role("radio", name="Bought a tent")).to_be_checked()
    expect(page.get_by_label("Name")).to_have_value("Boots for all")


def test_a_save_without_an_answer_is_sent_again_and_is_no_conflict(page: Page, draft: Campaign):
    page.goto("/console/campaigns/boots/who/")
    line = Line(page)
    page.get_by_role("radio", name="Bought a tent").check()
    cut = line.held(1)
    cut.fetch()  # it arrives, and its answer is lost
    assert stored(draft) == ("Boots", "everyone")
    cut.abort()
    expect(page.locator("#saved")).to_contain_text("no connection")
    page.get_by_label("Name").fill("Boots by train")
    again = line.held(2)
    assert again.request.post_data == cut.request.post_data
    again.continue_()
    line.held(3).continue_()
    expect(page.locator("#saved")).to_contain_text("Saved")
    expect(page.locator("#stale section")).to_have_count(0)
    assert stored(draft) == ("Boots by train", "everyone")

    page.get_by_label("Name").fill("Boots by ship")
    page.locator(".r-steps").get_by_role("link", name="What").click()
    line.held(4).continue_()
    page.wait_for_url("**/boots/what/")
    assert stored(draft)[0] == "Boots by ship", "a link waits for the save under way"
    page.unroute_all()

    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.get_by_label("Subject").fill("Logged out")
    expect(page.locator("#saved")).to_contain_text("you are logged out")
    page.evaluate("document.querySelector('#preview iframe').src += '&again=1'")
    expect(page.frame_locator("#preview iframe").locator("body")).to_contain_text("logged out")
    page.context.add_cookies([one for one in cookies if one["name"] == "sessionid"])
    page.get_by_label("Subject").fill("Logged in again")
    expect(page.locator("#saved")).to_contain_text("Saved")
    with smtp_server() as server:
        page.get_by_label("Subject").fill("What stands here now")
        page.get_by_role("button", name="Test to myself").click()
        expect(page.get_by_text("On its way to me@shop.example")).to_be_visible()
    assert server.message()["Subject"] == "[Test] What stands here now", "a test waits too"


def test_of_two_windows_the_older_is_told_and_keeps_what_was_typed(page: Page, draft: Campaign):
    other = page.context.new_page()
    for each in (page, other):
        each.goto("/console/campaigns/boots/who/")
    other.get_by_role("radio", name="Bought a tent").check()
    expect(other.locator("#saved")).to_contain_text("Saved")
    page.get_by_label("Name").fill("Mine")
    note = page.locator("#stale section")
    expect(note).to_contain_text("You changed it")
    expect(note).to_contain_text("Bought a tent")
    expect(page.locator("#saved")).to_contain_text("Not saved")
    assert stored(draft) == ("Boots", "everyone")
    page.get_by_label("Name").fill("Mine again")
    page.set_viewport_size(PHONE)
    assert sideways(page) <= 0
    page.get_by_role("radio", name="Bought nothing").check()
    page.get_by_role("button", name="Save what stands here").click()
    expect(page.locator("#saved")).to_contain_text("Saved")
    expect(note).to_have_count(0)
    assert stored(draft) == ("Mine again", "nobody")

    other.get_by_label("Name").fill("Theirs")
    expect(other.locator("#stale section")).to_contain_text("Mine again")
    other.get_by_role("link", name="Take the stored one").click()
    expect(other.get_by_label("Name")).to_have_value("Mine again")
    assert stored(draft) == ("Mine again", "nobody")
    other.close()


def test_a_launch_is_refused_when_the_audience_is_another_than_shown(page: Page, draft: Campaign):
    update_campaign(draft, {"entry": {"kind": "segment", "segment": "everyone"}})
    page.goto("/console/campaigns/boots/launch/")
    send = page.get_by_role("button", name="Send to 3 of “Bought a tent” now")
    expect(send).to_be_visible()
    expect(page.locator("#go-words")).to_contain_text("3 of the 4 people in “Bought a tent”")
    newcomer = make_person("newcomer")
    say(newcomer)
    join(Segment.objects.get(slug="everyone"), newcomer)
    send.click()
    expect(page.locator("#go-words")).to_contain_text("4 of the 5 people")
    expect(page.locator("#go-words")).to_contain_text("3 were shown before")
    expect(page.get_by_text("4 people would get it now; 3 were shown")).to_be_visible()
    draft.refresh_from_db()
    assert draft.status == "draft"
    page.get_by_role("button", name="Send to 4 of “Bought a tent” now").click()
    expect(page.get_by_text("Held: 4 people get it. Nothing has left yet.")).to_be_visible()
