"""The banner on somebody else's page, of another origin and under a strict policy of its own."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.test import override_settings
from playwright.sync_api import Browser, BrowserContext, Page, expect

from consent.banner.saving import save_banner
from consent.banner.texts import names_of, usual_texts
from consent.models import Banner, ConsentEntry, ConsentState, Purpose
from profiles.ingest import keys, processor
from profiles.models import Identifier, Inbox, Source
from tests.browser.axe import AXE, SERIOUS, WHOLE
from tests.profiles.ingest.conftest import make_source

SLUGS = ["measuring", "personalisation", "sharing-for-ads"]
KEY = "key-site"
GPC = "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})"
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"


@pytest.fixture
def host(transactional_db, live_server) -> Iterator[str]:
    """The installation, with a banner in two languages."""
    keys._known.clear()
    source = make_source("site", "browser", public_write_key=KEY)
    write(source)
    with override_settings(BASE_URL=live_server.url):
        yield live_server.url
    keys._known.clear()


def write(source=None, *, place="bottom", **changed):
    purposes = list(Purpose.objects.filter(slug__in=SLUGS))
    texts = {}
    for language in ("en", "id"):
        usual = usual_texts(language, purposes) | changed.get(language, {})
        texts[language] = {name: usual[name] for name in names_of(SLUGS)}
    source = source or Source.objects.get(name="site")
    return save_banner(source=source, purposes=SLUGS, texts=texts, is_on=True, place=place,
                       privacy_url="https://site.test/privacy")  # fmt: skip


def page_of(host: str, lang: str, direction: str) -> bytes:
    return (
        f'<!doctype html><html lang="{lang}" dir="{direction}"><head><title>Site</title>'
        '<link rel="icon" href="data:,">'
        f'<script src="{host}/consent/banner.js" data-key="{KEY}" defer></script></head><body>'
        "<main><h1>Site</h1><a href='#'>A link</a>"
        "<button type='button' data-privacy-choices>Cookies</button></main></body></html>"
    ).encode()


@pytest.fixture
def site(host: str) -> Iterator[str]:
    """A site on another origin, whose policy lets in what the banner needs and nothing else."""
    ours = "; ".join(f"{name}-src {host}" for name in ("script", "style", "connect"))
    policy = f"default-src 'none'; img-src data:; {ours}"

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            lang, _slash, direction = self.path.strip("/").partition("/")
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(page_of(host, lang, direction))

        def log_message(self, *_said: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(chromium: Browser, site: str) -> Iterator[object]:
    """Opens the site anew; whatever the browser complains of fails the test."""
    contexts: list[BrowserContext] = []
    noise: list[str] = []

    def go(*, lang="en", direction="ltr", gpc=False, **given) -> Page:
        headers = {"Sec-GPC": "1"} if gpc else {}
        context = chromium.new_context(user_agent=PERSON, extra_http_headers=headers, **given)
        if gpc:
            context.add_init_script(GPC)
        context.route("**/no/such/page", lambda route: route.abort())  # routing stops the cache
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.on("console", lambda said: noise.append(said.text) if said.type == "error" else None)
        page.goto(f"{site}/{lang}/{direction}")
        return page

    yield go
    for context in contexts:
        context.close()
    assert [said for said in noise if "ERR_INTERNET_DISCONNECTED" not in said] == []


def stands():
    """What the one visitor permits, once the inbox is worked off."""
    while processor.work():
        pass
    rows = ConsentState.objects.filter(channel="").values_list("purpose__slug", "status")
    return dict(rows)


def answered(page: Page, name: str) -> None:
    """Press it; the call that tells it has been answered."""
    with page.expect_response("**/v1/track") as told:
        page.get_by_role("button", name=name).click()
    assert told.value.status == 200


def test_no_and_yes_are_alike_and_either_is_told_with_the_words_that_were_shown(visit):
    page = visit()
    expect(page.get_by_role("region", name="May we use what you do here?")).to_be_visible()
    no, yes = (page.get_by_role("button", name=name) for name in ("Reject all", "Accept all"))
    sizes = [(box["width"], box["height"]) for box in (no.bounding_box(), yes.bounding_box())]
    assert sizes[0] == sizes[1]
    look = "b => [...['color', 'backgroundColor', 'fontSize', 'fontWeight', 'borderColor']]" \
           ".map(name => getComputedStyle(b)[name]).join()"  # fmt: skip
    assert no.evaluate(look) == yes.evaluate(look)
    assert not page.evaluate("rapportConsent.allows('measuring')")
    answered(page, "Reject all")
    expect(page.get_by_role("status")).to_have_text("Your choices are saved.")
    assert set(stands().values()) == {"denied"}
    entry = ConsentEntry.objects.filter(purpose__slug="measuring").get()
    assert (entry.language, entry.evidence["act"]) == ("en", "form")
    assert "May we use what you do here?" in entry.wording
    page.reload()
    expect(page.get_by_role("button", name="Privacy choices")).to_be_visible()
    expect(page.get_by_role("region")).to_have_count(0)
    # withdrawing and giving are two clicks each
    page.get_by_role("button", name="Cookies").click()
    answered(page, "Accept all")
    assert set(stands().values()) == {"granted"}
    assert page.evaluate("rapportConsent.allows('measuring')")
    assert page.evaluate("rapportConsent.consent().categoryPreferences") == dict.fromkeys(
        SLUGS, True
    )


def test_everything_can_be_done_with_the_keyboard_alone(visit):
    page = visit()
    expect(page.get_by_role("region")).to_be_visible()
    page.keyboard.press("Tab")
    assert focused(page) == "Reject all", "the banner comes first"
    for _ in range(2):
        page.keyboard.press("Tab")
    assert focused(page) == "Choose one by one"
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Your privacy choices")
    expect(dialog).to_be_visible()
    seen = set()
    for _ in range(12):  # round and round: nothing behind it is reached
        page.keyboard.press("Tab")
        seen.add(focused(page))
    assert "A link" not in seen and "Save my choices" in seen
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert focused(page) == "Choose one by one", "back where it was opened"
    assert not Inbox.objects.exists(), "Escape is no answer"
    page.get_by_role("button", name="Choose one by one").press("Enter")
    expect(dialog).to_be_visible()
    page.get_by_role("switch", name="Measuring").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save my choices").focus()
    with page.expect_response("**/v1/track"):
        page.keyboard.press("Enter")
    expect(page.get_by_role("region")).to_have_count(0)
    assert stands() == dict(zip(SLUGS, ("granted", "denied", "denied"), strict=True))


def focused(page: Page) -> str:
    return page.evaluate("""() => {
        let at = document.activeElement;
        while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
        return (at?.getAttribute('aria-label') || at?.name || at?.textContent || '').trim();
    }""")


def test_the_browsers_own_signal_is_honoured_and_says_so(visit):
    page = visit(gpc=True)
    note = page.get_by_role("region").get_by_text("opt-out signal (GPC) is honoured")
    expect(note).to_be_visible()
    answered(page, "Accept all")
    opener = page.get_by_role("button", name="Privacy choices")
    expect(opener).to_contain_text("Opt-out honoured")
    opener.click()
    expect(page.get_by_role("switch", name="Sharing for ads")).to_be_disabled()
    assert stands()["sharing-for-ads"] == "denied"
    assert not page.evaluate("rapportConsent.allows('sharing-for-ads')")


def test_it_asks_again_only_for_other_words_or_after_its_time(visit, host):
    page = visit()
    answered(page, "Accept all")
    write(en={"text": "We ask for something else now."})
    page.reload()
    expect(page.get_by_text("We ask for something else now.")).to_be_visible()
    answered(page, "Reject all")
    write(en={"text": "We ask for something else now."}, id={"text": "Lain."})
    page.reload()
    expect(page.get_by_role("button", name="Privacy choices")).to_be_visible()
    expect(page.get_by_role("region")).to_have_count(0)
    page.evaluate("""() => {
        const name = Object.keys(localStorage).find(key => /consent\\.key-site$/.test(key));
        const kept = JSON.parse(localStorage[name]);
        kept.at = new Date(Date.now() - 190 * 86400000).toISOString();
        localStorage[name] = JSON.stringify(kept);
    }""")
    page.reload()
    expect(page.get_by_role("region")).to_be_visible()


def test_what_was_chosen_offline_is_told_once_when_the_network_is_back(visit):
    page = visit()
    expect(page.get_by_role("region")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="Reject all").click()
    expect(page.get_by_role("region")).to_have_count(0)
    assert not Inbox.objects.exists()
    with page.expect_response("**/v1/track"):
        page.context.set_offline(False)
    page.wait_for_function(
        "() => JSON.parse(localStorage['rapport.consent.key-site.queue']).length === 0"
    )
    assert set(stands().values()) == {"denied"}
    assert Identifier.objects.filter(kind="anonymous_id").count() == 1


@pytest.mark.parametrize("place", Banner.Place.values)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(visit, place):
    write(place=place)
    for width, lang, scheme in ((320, "en", "light"), (390, "id", "dark"), (1440, "en", "dark")):
        page = visit(
            lang=lang,
            direction="rtl" if lang == "id" else "ltr",
            color_scheme=scheme,
            reduced_motion="reduce",
            bypass_csp=True,  # axe writes styles of its own
            viewport={"width": width, "height": 720},
        )
        asks = page.get_by_role("dialog" if place == "center" else "region")
        expect(asks).to_be_visible()
        looked_at(page)
        asks.get_by_role("button").nth(2).click()
        expect(page.get_by_role("switch").first).to_be_visible()
        looked_at(page)


def looked_at(page: Page) -> None:
    page.evaluate(AXE)
    assert page.evaluate(SERIOUS, [WHOLE, {}]) == []
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(wide) <= 0
    outside = """() => [...document.getElementById('rapport-consent').shadowRoot
        .querySelectorAll('button, p, label, h2')].filter(e => e.offsetParent !== null
            && e.className !== 'unseen' && (e.getBoundingClientRect().left < 0
            || e.getBoundingClientRect().right > innerWidth)).map(e => e.textContent)"""
    assert page.evaluate(outside) == []
