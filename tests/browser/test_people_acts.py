"""What one does with people in a real browser: notes, lists, withdrawals, messages, files."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from campaigns.models import Campaign, Message
from consent.reach import reachability
from profiles.models import Note
from segments import services
from segments.exports.making import make_files
from segments.models import Membership
from tests.browser.test_people import HOSTILE, PHONE, WIDE, page, sideways  # noqa: F401 - a fixture
from tests.campaigns.builders import make_campaign, make_segment
from tests.cast import give_consent, make_ada, make_ben, make_profile

SLOW = 20_000  # milliseconds, where a page is left for another
SHOTS = os.environ.get("SHOTS")  # a folder for pictures, for whoever looks at them


def shot(shown: Page, name: str) -> None:
    if SHOTS:
        shown.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def test_a_note_is_written_changed_and_deleted_with_the_keyboard(page: Page) -> None:  # noqa: F811
    ada = make_ada()
    page.goto(f"/console/people/{ada.public_id}/")
    page.get_by_role("link", name="Note", exact=True).focus()
    page.keyboard.press("Enter")
    field = page.get_by_label("What should colleagues know?")
    expect(field).to_be_focused()
    shot(page, "note")
    page.keyboard.type("Wants a call on Friday.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".r-note-t")).to_have_text("Wants a call on Friday.", timeout=SLOW)
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("What should colleagues know?").fill("Called.")
    page.get_by_role("button", name="Save the note").click()
    expect(page.locator(".r-note-t")).to_have_text("Called.", timeout=SLOW)
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("What should colleagues know?")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#act")).not_to_be_visible()
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator(".r-note-t")).to_have_count(0, timeout=SLOW)
    assert Note.objects.count() == 0


def test_a_person_goes_onto_a_list_and_is_tested_in_a_segment(page: Page) -> None:  # noqa: F811
    ada = make_ada()
    rule = {"match": "all", "conditions": [{"kind": "trait", "field": "plan", "op": "is_set"}]}
    services.create_segment(slug="planned", name="Planned", rule=rule)
    page.goto(f"/console/people/{ada.public_id}/")
    page.get_by_role("link", name="Lists", exact=True).click()
    page.get_by_label("Name of the new list").fill("Call back")
    page.get_by_role("button", name="Put on the list").click()
    expect(page.get_by_text("On the new list")).to_be_visible(timeout=SLOW)
    assert Membership.objects.get().profile_id == ada.pk
    page.get_by_role("link", name="Lists", exact=True).click()
    page.get_by_role("button", name="Take off Call back").hover()
    shot(page, "lists")
    page.get_by_role("button", name="Take off Call back").click()
    expect(page.get_by_text("Taken off")).to_be_visible(timeout=SLOW)
    page.get_by_role("link", name="Test in a segment").click()
    page.locator("#act-segment").select_option("planned")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("#act .r-sb-why")).to_be_visible()
    shot(page, "test")


def test_a_withdrawal_and_a_suppression_for_a_person(page: Page) -> None:  # noqa: F811
    ada = make_ada()
    give_consent(ada)
    page.goto(f"/console/people/{ada.public_id}/")
    page.get_by_role("link", name="Unsubscribe", exact=True).click()
    page.get_by_label("How they asked").select_option("phone")
    shot(page, "withdraw")
    page.get_by_role("button", name="Withdraw for them").click()
    expect(page.get_by_text("with how they asked as the proof")).to_be_visible(timeout=SLOW)
    assert next(one for one in reachability(ada) if one.channel == "email").code == "withdrawn"
    page.get_by_role("link", name="Suppress an address").click()
    page.get_by_role("button", name="Suppress it").hover()
    shot(page, "suppress")
    page.get_by_role("button", name="Suppress it").click()
    expect(page.get_by_text("Suppressed:")).to_be_visible(timeout=SLOW)


def test_one_message_is_judged_before_it_is_sent(page: Page) -> None:  # noqa: F811
    ada, ben = make_ada(), make_ben()
    campaign = make_campaign(make_segment(ada), "spring")
    page.goto(f"/console/people/{ben.public_id}/")
    page.get_by_role("link", name="Send a message").click()
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("They would not get it")).to_be_visible(timeout=SLOW)
    shot(page, "send-refused")
    expect(page.get_by_role("button", name="Send it to them")).to_have_count(0)
    give_consent(ada)
    page.goto(f"/console/people/{ada.public_id}/")
    page.get_by_role("link", name="Send a message").click()
    page.get_by_role("button", name="Look at it").click()
    mail = page.frame_locator("iframe.r-onemail")
    expect(mail.get_by_text("Hello")).to_be_visible()
    shot(page, "send")
    content = dict(campaign.steps[0]["content"], text="Good evening", html="<p>Good evening</p>")
    step = dict(campaign.steps[0], content=content)
    Campaign.objects.filter(pk=campaign.pk).update(steps=[step])
    page.get_by_role("button", name="Send it to them").click()
    expect(page.get_by_text("The message was changed since you looked at it.")).to_be_visible()
    expect(mail.get_by_text("Good evening")).to_be_visible()
    assert not Message.objects.exists()
    page.get_by_role("button", name="Send it to them").click()
    expect(page.get_by_text("It is on its way")).to_be_visible(timeout=SLOW)
    assert Message.objects.get(profile=ada).state == "queued"


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_people_are_narrowed_chosen_and_kept(page: Page, size) -> None:  # noqa: F811
    people = [make_profile(name, user_id=f"u{n}", country="NL") for n, name in enumerate(HOSTILE)]
    for n in range(55):
        make_profile(f"Person {n}", user_id=f"p{n}", country="ID", email=f"p{n}@example.com")
    page.set_viewport_size(size)
    page.goto("/console/people/")
    shot(page, f"people-{size['width']}")
    assert sideways(page) <= 0
    if size is WIDE:
        page.get_by_label("Choose everyone on this page").check()
        page.get_by_role("button", name="Choose all 60 that match").click()
        expect(page.locator("[data-count]")).to_have_text("All 60 that match")
        shot(page, "people-all")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Country").select_option("NL")
    expect(page.locator(".r-people tbody tr")).to_have_count(len(people), timeout=SLOW)
    assert page.url.endswith("?country=NL")
    shot(page, f"people-filters-{size['width']}")
    assert sideways(page) <= 0
    page.locator("[name=person]").first.check()
    expect(page.locator("[data-count]")).to_have_text("1 chosen")
    page.get_by_role("button", name="Put on a list").click()
    page.get_by_label("Name of the new list").fill("Kept")
    shot(page, f"people-list-{size['width']}")
    page.get_by_role("button", name="Put them on it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kept", timeout=SLOW)
    assert Membership.objects.count() == 1
    page.goto("/console/people/?country=NL")
    page.locator("[name=person]").first.check()
    page.get_by_role("button", name="Export").click()
    page.get_by_label("For which purpose").select_option("service")
    shot(page, f"people-export-{size['width']}")
    page.get_by_role("button", name="Make the file").click()
    page.wait_for_url("**/exports/")
    while make_files():
        pass
    with page.expect_download() as file:  # the page looks again by itself
        page.get_by_role("link", name="Download").click(timeout=SLOW)
    assert file.value.suggested_filename.endswith(".csv")
    assert len(Path(file.value.path()).read_text().splitlines()) == 2
    page.goto("/console/people/?country=NL")
    page.get_by_role("link", name="Make a segment").click()
    page.wait_for_url("**/segments/-/new/?rule=*")
