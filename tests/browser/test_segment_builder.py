"""A person builds one segment with the mouse and another with the keyboard alone."""

import json
import os
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from config.workspace.models import User, Workspace
from config.workspace.selectors import forget_workspace
from config.workspace.zones import zone_of
from profiles.language.operators import operators_of
from profiles.models import EventDefinition
from segments.members.due import work
from segments.models import Segment
from segments.rules import KINDS
from segments.services import create_segment, update_segment
from tests.segments.builders import AS_OF, make_event, make_person
from tests.segments.toy import ParityCondition

HOSTILE = '<img src=x onerror="window.pwned=1">'


@pytest.fixture
def shop(transactional_db: None) -> None:  # noqa: F811 - the fixture
    now = (AS_OF - timezone.now()).total_seconds() / 86400
    for name in ("Order Completed", "Product Viewed"):
        EventDefinition.objects.get_or_create(name=name)
    people = [
        ("Maya Santoso", "pro"),
        ("ليلى عبد الرحمن القحطاني", "pro"),
        (HOSTILE, "free"),
        ("", "team"),
    ]
    for index, (name, plan) in enumerate(people):
        person = make_person(display_name=name, plan=plan, country="DE", last_seen=timezone.now())
        for days in range(index + 1):
            make_event(person, "Order Completed", now + days + 1, category="tents", revenue=50)
        make_event(person, "Product Viewed", now + 1, category="boots" if index else HOSTILE)


@pytest.fixture
def signed_in(shop: None, chromium: Browser, live_server) -> Iterator[Page]:
    user = User.objects.create_user("ines", password="x", role="marketer")
    client = Client()
    client.force_login(user)
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en")
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("dialog", lambda dialog: dialog.accept())
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.base = live_server.url  # type: ignore[attr-defined]
    yield page
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/builder-last.png", full_page=True)
    context.close()
    assert not errors


def number(page: Page, text: str) -> None:
    expect(page.locator("#live-number")).to_contain_text(text)


def test_a_segment_by_mouse(signed_in: Page) -> None:
    page = signed_in
    page.goto(f"{page.base}/console/segments/-/new/")
    number(page, "4")
    page.get_by_label("Name of the segment").fill("Tents twice")
    include = page.locator("section[aria-labelledby=inc]")
    include.get_by_role("button", name="Clause").click()
    page.get_by_role("option", name="Order Completed").click()
    include.locator("[data-word=count]").click()
    page.locator(".r-pick input[name=value]").fill("2")
    page.locator(".r-pick-f button").click()
    number(page, "3")
    include.get_by_role("button", name="+ where").click()
    expect(include.locator("[data-word=w0p]")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("option", name="category").click()
    include.locator("[data-word=w0value]").click()
    page.get_by_role("option", name="tents").click()
    number(page, "3")
    out = page.locator("section[aria-labelledby=out]")
    out.get_by_role("button", name="Clause").click()
    page.get_by_role("option", name="plan").click()
    out.locator("[data-word=value]").click()
    page.get_by_role("option", name="team").click()
    number(page, "2")
    expect(out.locator("[data-total=out]")).to_have_text("1 leave here")
    expect(page.locator("#sentence")).to_contain_text("did Order Completed at least 2 times")
    assert page.evaluate("window.pwned") is None
    if os.environ.get("SCREENSHOTS"):
        page.wait_for_timeout(800)
        page.screenshot(
            path=f"{os.environ['SCREENSHOTS']}/builder-new-1440-light.png", full_page=True
        )
    page.get_by_role("button", name="Save segment").click()
    page.wait_for_url("**/segments/tents-twice/")
    segment = Segment.objects.get(slug="tents-twice")
    assert segment.rule == {
        "match": "all",
        "conditions": [
            {
                "kind": "event",
                "name": "Order Completed",
                "window": {"last": {"days": 30}},
                "count": {"op": "gte", "value": 2},
                "where": [{"property": "category", "op": "eq", "value": "tents"}],
            },
            {
                "match": "none",
                "conditions": [{"kind": "trait", "field": "plan", "op": "eq", "value": "team"}],
            },
        ],
    }
    while work():
        pass
    page.reload()
    page.locator("[data-word=value]").click()
    page.get_by_role("option", name="free").click()
    expect(page.locator("#save")).to_have_text("Save: adds 1, drops 1")
    expect(page.locator("#unsaved")).to_be_visible()


def test_days_are_the_workspaces_and_case_says_nothing_where_asked(signed_in: Page) -> None:
    page = signed_in
    # wherever the browser is: a zone in which it is another day than in Greenwich now
    zone = "Pacific/Kiritimati" if timezone.now().hour >= 10 else "Pacific/Pago_Pago"
    Workspace.objects.update(time_zone=zone)
    forget_workspace()
    rule = {
        "match": "all",
        "conditions": [
            {"kind": "event", "name": "Order Completed", "window": {"last": {"days": 30}}},
            {"kind": "trait", "field": "plan", "op": "eq", "value": "PRO"},
        ],
    }
    create_segment(slug="days", name="Days", rule=rule)
    page.goto(f"{page.base}/console/segments/days/")
    number(page, "0")
    page.locator("[data-word=op]").click()
    page.keyboard.type("in any case")
    page.get_by_role("option", name="is (in any case)", exact=True).click()
    number(page, "2")
    expect(page.locator("#sentence")).to_contain_text("plan is (in any case) PRO")
    page.locator("[data-word=window]").click()
    page.locator(".r-pick .r-link").last.click()
    today = timezone.localdate(timezone=zone_of(zone))
    expect(page.locator("[data-word=window]")).to_contain_text(f"to {today:%-d %b %Y}")
    expect(page.locator("#sentence")).to_contain_text(f"to {today:%-d %b %Y}")
    page.locator("[data-word=window]").click()
    expect(page.locator(".r-pick input[name=to]")).to_have_value(today.isoformat())


def test_a_segment_by_keyboard_alone(signed_in: Page) -> None:
    page = signed_in
    page.goto(f"{page.base}/console/segments/-/new/")
    number(page, "4")
    keys = page.keyboard
    page.locator("#segment-name").focus()
    keys.type("By keys")
    for _ in range(30):
        keys.press("Tab")
        if page.evaluate("document.activeElement.dataset.word === 'add'"):
            break
    keys.press("Enter")
    expect(page.get_by_role("option", name="plan")).to_be_visible()
    keys.type("plan")
    keys.press("Enter")
    expect(page.locator("[data-word=value]")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("option", name="pro", exact=False).first).to_be_visible()
    keys.type("pro")
    keys.press("Enter")
    number(page, "2")
    page.locator("section[aria-labelledby=inc] [data-word=add]").focus()
    keys.press("Enter")
    expect(page.get_by_role("option", name="Product Viewed")).to_be_visible()
    keys.type("Product Viewed")
    keys.press("Enter")
    expect(page.locator("[data-word=count]")).to_be_focused()
    keys.press("Alt+ArrowRight")
    expect(page.locator("li.r-grp")).to_have_count(1)
    number(page, "4")
    keys.press("Alt+ArrowUp")
    expect(page.locator("li.r-grp li.r-cl").first).to_contain_text("Product Viewed")
    keys.press("Alt+ArrowLeft")
    expect(page.locator("section[aria-labelledby=inc] > ul > li")).to_have_count(2)
    keys.press("Escape")
    page.locator("#segment-name").focus()
    keys.press("Enter")
    page.wait_for_url("**/segments/by-keys/")
    assert Segment.objects.get(slug="by-keys").rule["match"] == "all"


def test_the_picker_is_grouped_and_offers_what_makes_sense(signed_in: Page) -> None:
    page, keys = signed_in, signed_in.keyboard
    EventDefinition.objects.get_or_create(name="Email Opened")
    for n in range(8):
        make_person(display_name=f"P{n}", last_seen=timezone.now(), age=n, **{f"trait_{n}": "x"})
    page.goto(f"{page.base}/console/segments/-/new/")
    include = page.locator("section[aria-labelledby=inc]")
    include.get_by_role("button", name="Clause").click()
    groups = page.locator(".r-pick [role=group]")
    expect(groups).to_have_count(5)
    names = [groups.nth(n).get_attribute("aria-label") for n in range(5)]
    assert names == ["Did", "Is", "Is in", "May be written to", "Got a message"]
    is_ = page.get_by_role("group", name="Is", exact=True)
    expect(is_.get_by_role("option")).to_have_count(7)
    is_.get_by_role("option", name=re.compile(r"^All \d+$")).click()
    expect(is_.get_by_role("option", name="Trait 7")).to_be_visible()
    # an attribute is a trait, and what was typed is found by its name before others
    keys.type("attribute")
    expect(groups).to_have_count(1)
    page.locator(".r-pick input").fill("age")
    keys.press("Enter")
    op = include.locator("[data-word=op]")
    expect(op).to_have_text("is at least")
    op.focus()
    keys.press("Enter")
    offered = page.locator(".r-pick").get_by_role("option")
    expect(offered).to_have_count(10)
    assert "contains" not in offered.all_inner_texts()
    keys.press("ArrowUp")  # round to the last: the rarer ones
    marked = page.locator(".r-pick").get_by_role("option", selected=True)
    expect(marked).to_have_text(f"More ways ({len(operators_of('json')) - 9})")
    keys.press("Enter")
    expect(offered).to_have_count(len(operators_of("json")))
    keys.type("matches")
    keys.press("Enter")
    expect(op).to_have_text("matches")
    op.press("Enter")
    expect(offered).to_have_count(11)
    expect(offered.filter(has_text="matches")).to_be_visible()


def test_what_adds_a_part_goes_on_with_its_first_word(signed_in: Page) -> None:
    page, keys = signed_in, signed_in.keyboard
    page.goto(f"{page.base}/console/segments/-/new/")
    include = page.locator("section[aria-labelledby=inc]")
    include.get_by_role("button", name="Clause").press("Enter")
    keys.type("Order Completed")
    keys.press("Enter")
    for add, word in (
        ("+ where", "w0p"),
        ("+ sum or average", "agg"),
        ("+ and not since", "since"),
    ):
        include.get_by_role("button", name=add).press("Enter")
        expect(include.locator(f"[data-word={word}]")).to_be_focused()
    include.locator("[data-word=drop-add-measure]").press("Enter")
    expect(include.get_by_role("button", name="+ sum or average")).to_be_focused()


def test_what_is_wrong_stands_at_its_clause_and_loses_nothing(signed_in: Page) -> None:
    page = signed_in
    page.goto(f"{page.base}/console/segments/-/new/")
    page.locator("#as-json").click()
    page.locator("#json-text").fill(
        '{"match": "all", "conditions": [{"kind": "trait", "field": "plan", "op": "gt", '
        '"value": "x"}]}'
    )
    expect(page.locator("#json-errors")).to_contain_text("conditions[0].value")
    page.locator("#as-json").click()
    expect(page.locator("li.r-cl .r-form-e")).to_contain_text("must be a number")
    page.locator("#save").click()
    expect(page.locator("#name-error")).to_be_visible()
    page.locator("#segment-name").fill("Wrong")
    page.locator("#save").click()
    expect(page.locator("li.r-cl.is-bad")).to_have_count(1)
    assert not Segment.objects.exists()


def test_of_two_windows_the_older_saves_over_nothing(signed_in: Page) -> None:
    page = signed_in
    rule = {"match": "all", "conditions": [{"kind": "event", "name": "Order Completed"}]}
    segment = create_segment(slug="buyers", name="Buyers", rule=rule)
    page.goto(f"{page.base}/console/segments/buyers/")
    number(page, "4")
    update_segment(segment, name="Buyers of tents", rule={"match": "all", "conditions": []})
    page.get_by_label("Name of the segment").fill("Mine")
    page.get_by_role("button", name="Save", exact=False).first.click()
    note = page.locator("#stale")
    expect(note).to_contain_text("the segment is newer than this page")
    expect(note).to_contain_text("Buyers of tents")
    assert Segment.objects.get().name == "Buyers of tents"
    page.get_by_role("button", name="Save what stands here").click()
    expect(page.get_by_text("Saved. The members are brought up to date.")).to_be_visible()
    expect(page.get_by_label("Name of the segment")).to_have_value("Mine")
    expect(note).to_be_hidden()
    assert (Segment.objects.get().name, Segment.objects.get().rule) == ("Mine", rule)


def test_a_kind_that_the_script_never_heard_of_is_drawn(signed_in: Page, monkeypatch) -> None:
    monkeypatch.setitem(KINDS, ParityCondition.kind, ParityCondition)
    page = signed_in
    page.goto(f"{page.base}/console/segments/-/new/")
    number(page, "4")
    page.get_by_label("Name of the segment").fill("Odd")
    include = page.locator("section[aria-labelledby=inc]")
    include.get_by_role("button", name="Clause").click()
    page.get_by_role("option", name="Parity").click()
    clause = include.locator("li.r-cl p").first
    expect(clause).to_have_text("have a number that is even")
    expect(include.locator("[data-word=parity]")).to_be_focused()
    number(page, "2")
    page.keyboard.press("Enter")
    page.get_by_role("option", name="odd").click()
    expect(clause).to_have_text("have a number that is odd")
    expect(page.locator("#sentence")).to_have_text("have a number that is odd")
    page.get_by_role("button", name="Save segment").click()
    page.wait_for_url("**/segments/odd/")
    assert Segment.objects.get(slug="odd").rule["conditions"] == [
        {"kind": "parity", "parity": "odd"}
    ]


def rule_of(page: Page) -> dict:
    return json.loads(page.locator("#live-rule").input_value())


def test_a_sequence_with_undo_and_the_clipboard_by_keyboard(signed_in: Page) -> None:
    page = signed_in
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{page.base}/console/segments/-/new/?start=viewed-not-bought")
    include = page.locator("section[aria-labelledby=inc]")
    expect(page.get_by_label("Name of the segment")).to_have_value(re.compile("did not buy"))
    expect(page.locator("#sentence")).to_contain_text("did Product Viewed")
    number(page, "0")
    page.goto(f"{page.base}/console/segments/-/new/")
    expect(page.locator("#starts")).to_be_visible()
    add = include.locator("[data-word=add]")
    add.press("Enter")
    page.keyboard.type("sequence")
    page.keyboard.press("Enter")
    expect(include.locator("[data-word=s0name]")).to_be_focused()
    expect(page.locator("#starts")).to_be_hidden()
    for word, name in (("s0name", "Product Viewed"), ("s1name", "Order Completed")):
        include.locator(f"[data-word={word}]").press("Enter")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        expect(include.locator(f"[data-word={word}]")).to_have_text(name)
    include.locator("[data-word=add-without]").press("Enter")
    expect(include.locator("[data-word=n0name]")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("Cart Emptied")
    page.keyboard.press("Enter")
    include.locator("[data-word=add-s1where]").press("Enter")
    expect(include.locator("[data-word=s1w0p]")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("category")
    page.keyboard.press("Enter")
    include.locator("[data-word=s1w0value]").press("Enter")
    page.keyboard.type("tents")
    page.keyboard.press("Enter")
    expect(page.locator("#sentence")).to_contain_text(
        "did Product Viewed, then Order Completed (where category is tents), without Cart Emptied"
        " in between, within 7 days, in the last 30 days"
    )
    (condition,) = rule_of(page)["conditions"]
    assert condition == {
        "kind": "sequence",
        "steps": [
            {"name": "Product Viewed"},
            {
                "name": "Order Completed",
                "where": [{"property": "category", "op": "eq", "value": "tents"}],
            },
        ],
        "without": [{"name": "Cart Emptied"}],
        "within": {"days": 7},
        "window": {"last": {"days": 30}},
    }
    # taken back step by step, and done again
    page.keyboard.press("Control+z")
    expect(include.locator("[data-word=s1w0value]")).to_have_text("choose")
    page.keyboard.press("Control+Shift+z")
    expect(include.locator("[data-word=s1w0value]")).to_have_text("tents")
    expect(page.locator("#redo")).to_be_disabled()
    include.locator("[data-word=drop-add-without]").press("Enter")
    expect(include.locator("[data-word=n0name]")).to_have_count(0)
    page.locator("#undo").press("Enter")
    expect(include.locator("[data-word=n0name]")).to_have_text("Cart Emptied")
    # a clause goes by the clipboard, here and into another segment
    include.locator("[data-word=grip]").focus()
    page.keyboard.press("Control+c")
    expect(page.locator("#builder-said")).to_contain_text("Copied")
    page.keyboard.press("Control+v")
    expect(include.locator("li.r-cl")).to_have_count(2)
    include.locator("[data-word=grip]").nth(1).focus()
    page.keyboard.press("Control+x")
    expect(include.locator("li.r-cl")).to_have_count(1)
    page.goto(f"{page.base}/console/segments/-/new/")
    expect(page.locator("#starts")).to_be_visible()
    page.keyboard.press("Control+v")
    expect(include.locator("[data-word=s1w0value]")).to_have_text("tents")
    expect(page.locator("#sentence")).to_contain_text("without Cart Emptied in between")
    page.evaluate("navigator.clipboard.writeText('no clause')")
    page.keyboard.press("Control+v")
    expect(page.locator("#builder-said")).to_have_text("There is no clause in what was copied.")
    expect(include.locator("li.r-cl")).to_have_count(1)
