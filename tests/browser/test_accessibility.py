"""Every main page, light and dark, wide and on a phone: axe finds nothing serious, nothing is wider
than the window, and the browser's console stays silent (blocked by a policy counts as noise)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from campaigns.models import Message
from config.workspace.access import tokens
from config.workspace.models import Role, Webhook
from consent.incidents.reporting import report
from consent.models import Policy, Purpose
from consent.privacy.due import carry_out_due
from consent.privacy.requests import open_request, settle
from consent.proof.standing import send_link
from consent.retention import keeping
from consent.wordings import say
from profiles.models import EventDefinition, Profile, Source
from segments.exports.asking import ask_for
from segments.insight.computed.saving import create_trait
from segments.members.values import refresh_values
from segments.models import ComputedTrait
from tests.browser.axe import AXE, SERIOUS, WHOLE
from tests.campaigns.builders import launched, make_campaign
from tests.campaigns.builders import make_segment as make_list
from tests.cast import (
    give_consent,
    make_ada,
    make_ben,
    make_event,
    make_merge,
    make_profile,
    make_rejection,
    make_user,
    set_trait,
)

# `preload` asks for each style sheet once more
EVERYTHING = {"resultTypes": ["violations"], "preload": False}
# what the other theme can spoil
COLOURS = EVERYTHING | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
# colours are the same at any width
BUT_COLOURS = EVERYTHING | {"rules": {"color-contrast": {"enabled": False}}}
# the menu is the same around each page: it is looked at on these
FRAMED = {"home", "people", "segment", "unsubscribe"}
WITHOUT_MENU = {"include": [["html"]], "exclude": [["#nav-sidebar"]]}
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 900}
# the page is in this theme and as wide, and no colour is on its way any more
SHOWN = """async ([theme, width]) => {
    if (innerWidth !== width) return false;
    const moving = document.getAnimations().filter(one => one instanceof CSSTransition);
    await Promise.all(moving.map(one => one.finished.catch(() => null)));
    const root = document.documentElement;
    return !root.matches("[x-data]") || root.classList.contains("dark") === (theme === "dark");
}"""
# what a page asks for by itself has come: nothing was asked for in three looks, one after another
SETTLED = """() => {
    const asks = document.querySelector(".htmx-request");
    window.quietly = asks || document.readyState !== "complete" ? 0 : (window.quietly || 0) + 1;
    return window.quietly > 2;
}"""
HOSTILE = [
    "<script>document.title='owned'</script><img src=x onerror=alert(1)>",
    "W" * 300,
    "ليلى عبد الرحمن القحطاني " * 4,
    "\u202eevil\u202d",
    "",
]
PAGES = {
    "home": "/console/",
    "people": "/console/people/",
    "nobody found": "/console/people/?q=zzzz",
    "live events": "/console/live/",
    "sources": "/console/profiles/source/",
    "new source": "/console/profiles/source/add/",
    "segments": "/console/segments/",
    "new segment": "/console/segments/-/new/",
    "archived segments": "/console/segments/?archived=1",
    "segments compared": "/console/segments/-/compare/?s=everyone&s=unknown",
    "RFM grid": "/console/segments/-/rfm/",
    "computed traits": "/console/traits/",
    "new computed trait": "/console/traits/-/new/?start=spent_365d",
    "computed trait": "/console/traits/spent/",
    "exports": "/console/exports/",
    "new export": "/console/exports/-/new/?segment=everyone",
    "segment": "/console/segments/everyone/",
    "campaigns": "/console/campaigns/",
    "new campaign": "/console/campaigns/new/",
    "messages": "/console/messages/",
    "senders": "/console/campaigns/sender/",
    "mailbox": "/console/mailbox/",
    "purposes": "/console/consent/purpose/",
    "new purpose": "/console/consent/purpose/add/",
    "topics": "/console/consent/topic/",
    "suppressions": "/console/consent/suppression/",
    "new suppression": "/console/consent/suppression/add/",
    "audit trail": "/console/workspace/auditentry/",
    "team": "/console/workspace/user/",
    "new member": "/console/workspace/user/add/",
    "API keys": "/console/workspace/apikey/",
    "new API key": "/console/workspace/apikey/add/",
    "workspace": "/console/workspace/workspace/1/change/",
    "event definitions": "/console/profiles/eventdefinition/",
    "exchange rates": "/console/profiles/exchangerate/",
    "new request": "/console/privacy/requests/new/",
    "ledger": "/console/privacy/permissions/",
    "nobody's ledger": "/console/privacy/permissions/?q=zzzz",
    "prove it": "/console/privacy/prove/",
    "wordings": "/console/consent/wording/",
    "banners": "/console/privacy/banner/",
    "signals": "/console/consent/signalmapping/",
    "policy table": "/console/privacy/policies/",
    "new policy": "/console/privacy/policies/new/",
    "deadlines": "/console/consent/deadlinerule/",
    "duties": "/console/consent/erasureduty/",
    "clocks of incidents": "/console/consent/breachclock/",
    "data map": "/console/privacy/data-map/",
    "register": "/console/privacy/register/",
    "retention": "/console/privacy/retention/",
    "new retention rule": "/console/privacy/retention/new/",
    "incidents": "/console/privacy/incidents/",
    "new incident": "/console/privacy/incidents/new/",
    "webhooks": "/console/webhooks/",
    "new webhook": "/console/webhooks/new/",
    "identity providers": "/console/workspace/identityprovider/",
    "team and invitations": "/console/team/",
    "my security": "/console/security/",
    "second factor": "/console/security/app/",
    "new passkey": "/console/security/keys/add/",
}
STEPS = ("who", "what", "when", "checks", "launch")


def make_cast() -> dict[str, str]:
    """People with awkward names, one campaign sent and one draft; the addresses of their pages."""
    ada, ben = make_ada(), make_ben()
    for number, name in enumerate(HOSTILE):
        person = make_profile(name, email=f"p{number}@example.com")
        give_consent(person)
        set_trait(person, "nickname", name)
        make_event(person, "Product Viewed", days_ago=1, name=name or "Boots", product_id="b1")
    for number in range(4):
        make_event(ada, "Product Viewed", days_ago=0.1 + number / 2000, product_id="b2", name="Mid")
    make_event(ada, "Order Completed", days_ago=1, revenue=20, order_id="A1")
    make_merge(ada)
    make_rejection(Source.objects.first())
    EventDefinition.objects.get_or_create(name="Order Completed")
    segment = make_list(*Profile.objects.filter(state="active"))
    create_trait(name="spent", description=HOSTILE[0], definition={"event": "Order Completed"})
    refresh_values(ComputedTrait.objects.get().pk)
    admin = make_user(Role.ADMIN)
    for whom in ({"segment": segment.slug}, {"query": ""}):
        ask_for(whom, purpose="service", who=admin)
    sent = launched(segment)
    draft = make_campaign(segment, "draft", name=HOSTILE[0])
    old = make_list(slug="old")
    type(old).objects.filter(pk=old.pk).update(name="W" * 60, archived_at=old.refreshed_at)
    message = Message.objects.filter(profile_id=ada.pk).latest("id")
    pages = PAGES | {f"draft: {step}": f"/console/campaigns/{draft.slug}/{step}/" for step in STEPS}
    numbers = (ada.pk, message.pk)
    return pages | {
        "Ada": f"/console/people/{ada.public_id}/",
        "Ben": f"/console/people/{ben.public_id}/",
        **{
            f"person {person.display_name[:20]}": f"/console/people/{person.public_id}/"
            for person in Profile.objects.filter(display_name__in=HOSTILE)
        },
        "report": f"/console/campaigns/{sent.slug}/report/",
        "message": f"/console/messages/{ada.pk}/{message.pk}/",
        "preferences": f"/preferences/{tokens.issue('preferences', *numbers)}/",
        "unsubscribe": f"/u/{tokens.issue('unsubscribe', *numbers)}/",
        "asking about data": f"/preferences/{tokens.issue('preferences', *numbers)}/data/",
        "why": f"/why/{tokens.issue('unsubscribe', *numbers)}/",
        "proof of a message": f"/console/privacy/prove/{ada.pk}/{message.pk}/",
        "somebody's ledger": f"/console/privacy/permissions/{ada.public_id}/?on=2026-01-31",
        **requests_of(ada),
        **kept_of(ada),
        "no such page": "/console/no-such-page/",
    }


def requests_of(person: Profile) -> dict[str, str]:
    """Pages of requests: one that waits for the link, one whose archive waits to be read."""
    asked = [f"rapport_id:{person.public_id}"]
    waits = open_request(type_="erasure", references=asked, details=HOSTILE[0])
    send_link(waits, None)
    read = open_request(type_="access", references=asked, origin="console")
    settle(read, because=HOSTILE[0])
    carry_out_due(seconds=60)
    here = "/console/privacy/requests/"
    return {
        "requests": here,
        "board": f"{here}?view=board",
        "request": f"{here}{waits.public_id}/",
        "request with an archive": f"{here}{read.public_id}/",
        "archive": f"{here}{read.public_id}/archive/?table=event",
        "one's own link": "/privacy/",
    }


def kept_of(person: Profile) -> dict[str, str]:
    """Awkward purposes, webhooks, rules and incidents, and an erasure that is done."""
    Purpose.objects.create(
        slug="awkward", name=HOSTILE[1][:200], description=HOSTILE[0], purpose_class="marketing"
    )
    say("awkward", "ar", {"text": HOSTILE[2]})
    hook = Webhook.objects.create(
        url=f"https://example.com/{HOSTILE[1][:150]}", description=HOSTILE[0],
        events=["profile.erased"],
    )  # fmt: skip
    rule = keeping.make({"data_class": "event", "keep_n": 3, "keep_unit": "year", "act": "delete"})
    source = Source.objects.order_by("pk")[0]
    now = timezone.now()
    row = report(
        {"kind": "source", "subject_id": source.pk, "title": HOSTILE[1][:200],
         "since": now - timedelta(days=3), "until": now, "known_at": now, "note": HOSTILE[0]}, None,
    )  # fmt: skip
    gone = make_profile("Gone", email="gone@example.com")
    erased = open_request(type_="erasure", references=[f"rapport_id:{gone.public_id}"])
    settle(erased, because=HOSTILE[2])
    carry_out_due(seconds=60)
    here = "/console/privacy"
    policy = Policy.objects.order_by("pk")[0]
    return {
        "policy": f"{here}/policies/{policy.slug}/",
        "webhook": f"/console/webhooks/{hook.pk}/",
        "retention rule": f"{here}/retention/{rule.pk}/",
        "incident": f"{here}/incidents/{row.public_id}/",
        "erased": f"{here}/requests/{erased.public_id}/",
        "certificate": f"{here}/requests/{erased.public_id}/certificate/",
    }


@pytest.fixture
def sign_in(transactional_db: None, chromium: Browser, live_server) -> Iterator:
    """Opens a page of a signed-in admin at a width; gives it and its errors."""
    client = Client()
    client.force_login(make_user(Role.ADMIN), backend="config.workspace.permissions.RoleBackend")
    opened = []

    def open_page(width: int = 1440) -> tuple[Page, list[str]]:
        context = chromium.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 900}
        )
        opened.append(context)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        context.add_cookies([cookie | {"url": live_server.url}])
        page, errors = context.new_page(), []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: said.type == "error" and errors.append(said.text))
        return page, errors

    yield open_page
    for context in opened:
        context.close()


def walk(
    page: Page, errors: list[str], pages: dict[str, str], *, is_wide_too: bool = False
) -> list[str]:
    """What is wrong with each of `pages`, in lines: as a phone loads it, and then widened."""
    wrong = []
    for name, address in pages.items():
        errors.clear()
        page.set_viewport_size(PHONE)
        page.goto(address)
        page.wait_for_function(SETTLED, polling=50)
        page.evaluate(AXE)
        is_framed = name in FRAMED
        looks = [(PHONE, "light", EVERYTHING if is_framed else BUT_COLOURS)]
        if is_wide_too:
            looks += [(WIDE, "light", EVERYTHING), (WIDE, "dark", COLOURS)]
        for size, theme, options in looks:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(SHOWN, arg=[theme, size["width"]])
            where = WHOLE if is_framed else WITHOUT_MENU
            seen = f"{name}, {size['width']} px, {theme}"
            wrong += [f"{seen}: {line}" for line in page.evaluate(SERIOUS, [where, options])]
            too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if too_wide > 0:
                wrong.append(f"{seen}: {too_wide} px wider than the window")
        page.emulate_media(color_scheme="light")
        noise = [text for text in errors if "status of 404" not in text]
        wrong += [f"{name}: {text}" for text in noise]
        if page.title() == "owned":
            wrong.append(f"{name}: a name ran as a script")
    return wrong


def test_every_page_can_be_used_by_everyone(sign_in):
    pages = make_cast()
    page, errors = sign_in(390)
    assert walk(page, errors, pages, is_wide_too=True) == []


def test_an_empty_installation_can_too(sign_in):
    page, errors = sign_in(390)
    # a form to make something is the same whatever is there
    pages = {name: address for name, address in PAGES.items() if not name.startswith("new ")}
    assert walk(page, errors, pages | {"segment": "/console/segments/"}) == []


def test_the_walk_finds_what_is_planted(sign_in):
    page, errors = sign_in(390)
    faint = "document.querySelector('h1').style.color = 'rgb(128 128 128 / .3)'"
    page.add_init_script(f"addEventListener('load', () => {{ {faint} }})")
    wide = "document.body.append(Object.assign(document.createElement('p'), "
    wide += "{style: 'position: absolute; top: 0; left: 0; width: 1500px', textContent: 'x'}))"
    page.add_init_script(f"addEventListener('load', () => {wide})")
    found = walk(page, errors, {"sources": PAGES["sources"]}, is_wide_too=True)
    seen = [line.split(": ")[0:2] for line in found]
    assert ["sources, 1440 px, light", "color-contrast"] in seen
    assert ["sources, 1440 px, dark", "color-contrast"] in seen
    assert "sources, 390 px, light: 1110 px wider than the window" in found


def test_the_menu_on_a_phone_keeps_the_focus_and_gives_it_back(sign_in):
    page, _errors = sign_in(390)
    page.goto("/console/people/")
    page.get_by_role("button", name="Open menu").press("Enter")
    expect(page.get_by_role("button", name="Close menu")).to_be_focused()
    for _press in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate("Boolean(document.activeElement.closest('#nav-sidebar'))")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Open menu")).to_be_focused()
    expect(page.locator("#nav-sidebar")).not_to_be_visible()


def test_a_person_is_found_by_the_keyboard_alone(sign_in):
    make_ada()
    page, _errors = sign_in()
    page.goto("/console/")
    page.keyboard.press("Control+k")
    page.keyboard.type("love")
    expect(page.get_by_role("option", name="Ada Lovelace")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lovelace")


def test_the_sidebar_stays_in_view_on_a_long_page(sign_in):
    for number in range(60):
        make_profile(f"Person {number}")
    page, _errors = sign_in()
    page.goto("/console/people/")
    page.mouse.move(800, 500)  # over the list; the menu scrolls by itself where it is long
    page.mouse.wheel(0, 2000)
    page.wait_for_function("scrollY > 500")
    assert page.locator("#nav-sidebar").bounding_box()["y"] > -1


def test_a_campaign_is_launched_and_undone_by_the_keyboard_alone(sign_in):
    ada = make_ada()
    campaign = make_campaign(make_list(ada))
    page, errors = sign_in()
    page.goto(f"/console/campaigns/{campaign.slug}/checks/")
    send = page.get_by_role("button", name="Send to 1 of")
    expect(send).to_be_enabled(timeout=20_000)
    tab_to(page, send)
    page.keyboard.press("Enter")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible(timeout=20_000)
    tab_to(page, undo)
    page.keyboard.press("Enter")
    expect(page.locator("#status-chip, .r-head").first).to_contain_text("Draft", timeout=20_000)
    assert errors == []


def test_a_preference_is_recorded_by_the_keyboard_alone(sign_in):
    ada = make_ada()
    launched(make_list(ada))
    message = Message.objects.get(profile_id=ada.pk)
    page, _errors = sign_in()
    page.goto(f"/preferences/{tokens.issue('preferences', ada.pk, message.pk)}/")
    tab_to(page, page.get_by_role("button", name="Stop all marketing email"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("No more marketing email from us")).to_be_visible()


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until `wanted` has the focus, which must show wherever it is."""
    for _press in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    pytest.fail("the keyboard does not reach it")
