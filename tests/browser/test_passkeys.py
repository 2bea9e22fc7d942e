"""Passkeys with Chromium's virtual authenticator: added, to come in by, as a second factor."""

from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Browser, Page, expect

from config.workspace.models import AuditEntry, Role
from tests.cast import make_user

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(transactional_db: None, chromium: Browser, live_server):
    """Ada's browser, with a key in it. Passkeys are for names of hosts, not for numbers."""
    make_user(Role.ADMIN, "ada")
    port = urlsplit(live_server.url).port
    context = chromium.new_context(base_url=f"http://localhost:{port}")
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    page.present = lambda is_there: devtools.send(  # type: ignore[attr-defined]
        "WebAuthn.setUserVerified",
        {"authenticatorId": made["authenticatorId"], "isUserVerified": is_there},
    )
    yield page
    context.close()
    assert errors == []


def sign_in(page: Page) -> None:
    page.goto("/console/login/?next=/console/team/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.goto("/console/security/")
    page.get_by_text("My menu").locator("..").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/logout/")


def add(page: Page, name: str, *, alone: bool) -> None:
    page.goto("/console/security/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Sign in with it alone").set_checked(alone)
    page.get_by_role("button", name="Add it").click()


def test_a_passkey_opens_the_log_in_alone(page: Page):
    sign_in(page)
    expect(page.get_by_role("heading", name="Team", level=1)).to_be_visible()
    add(page, "My <b>laptop</b>", alone=True)
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("My <b>laptop</b>", exact=True).first).to_be_visible()
    expect(page.get_by_text("opens without a password")).to_be_visible()
    sign_out(page)
    page.goto("/console/login/?next=/console/team/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Team", level=1)).to_be_visible()
    told = AuditEntry.objects.filter(action="sign_in.succeeded").latest("id")
    assert told.detail["how"] == "webauthn"
    sign_out(page)
    page.goto("/console/login/?next=//evil.example/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/console/")
    assert "evil" not in page.url
    # it is no key of hers any more
    Authenticator.objects.all().delete()
    sign_out(page)
    page.goto("/console/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("This passkey is not known here")).to_be_visible()
    page.goto("/console/")
    expect(page).to_have_url(
        f"http://localhost:{urlsplit(page.url).port}/console/login/?next=/console/"
    )


def test_a_passkey_is_a_second_factor_and_shows_once_more_who_it_is(page: Page):
    sign_in(page)
    expect(page.get_by_role("heading", name="Team", level=1)).to_be_visible()
    add(page, "Key", alone=False)
    page.get_by_role("link", name="I have kept them").click()
    sign_out(page)
    sign_in(page)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_role("heading", name="Team", level=1)).to_be_visible()
    page.goto("/console/security/again/passkey/?next=/console/security/codes/new/")
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_role("heading", name="New recovery codes")).to_be_visible()
    page.goto("/console/security/")
    page.get_by_role("link", name="Rename Key").click()
    page.get_by_label("Name").fill("Yubi")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Take away Yubi").click()
    page.get_by_role("button", name="Take it away").click()
    expect(page.get_by_text("Yubi")).to_have_count(0)
    assert not Authenticator.objects.exists()


def test_who_does_not_show_their_finger_stays_out_and_reads_why(page: Page):
    sign_in(page)
    expect(page.get_by_role("heading", name="Team", level=1)).to_be_visible()
    add(page, "Phone", alone=True)
    page.get_by_role("link", name="I have kept them").click()
    sign_out(page)
    page.present(False)  # type: ignore[attr-defined]
    page.goto("/console/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("Nothing was chosen. Try again.")).to_be_visible()
    assert page.url.endswith("/console/login/")
