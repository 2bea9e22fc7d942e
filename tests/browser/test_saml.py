"""A provider on another site: its page sends the answer, which our Lax cookies do not come with."""

import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from config.workspace.freshness import SHOWN_AT
from config.workspace.models import AccessLink, IdentityProvider, Role
from config.workspace.sso.saml.metadata import understood
from tests.cast import make_user
from tests.config.console.signing_in.saml_provider import SamlIdp

MEI = {"mail": ["mei@puncak.example"], "groups": ["bosses"]}
PAGE = """<!doctype html><body onload="document.forms[0].submit()"><form method="post" action="{}">
<input name="SAMLResponse" value="{}"><input name="RelayState" value="x"></form>"""


class OtherSite(SamlIdp):
    """At `localhost`, which for a browser is another site than 127.0.0.1."""

    def __init__(self, port):
        self.entity = self.place = f"http://localhost:{port}/sso?tenant=1"


@pytest.fixture
def idp():
    class Site(BaseHTTPRequestHandler):
        def log_message(self, *args):
            """Says nothing."""

        def do_GET(self):  # noqa: N802
            if "SAMLRequest" not in self.path:
                self.send_error(404)
                return
            idp = OtherSite(self.server.server_address[1])
            asked = idp.asked(f"http://localhost:{self.server.server_address[1]}{self.path}")
            answer = escape(idp.answer(asked, **MEI))
            body = PAGE.format(escape(asked.consumer), answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield OtherSite(server.server_address[1])
        server.shutdown()
        thread.join()


@pytest.fixture
def page(transactional_db, chromium: Browser, live_server, settings, idp):
    settings.CALL_INTERNAL_ADDRESSES = True
    make_user(Role.ADMIN, "ada")
    found = understood(idp.metadata().encode())
    IdentityProvider.objects.create(
        slug="office",
        name="Office",
        kind="saml",
        issuer=found.entity,
        sso_url=found.sso_url,
        certificates=found.certificates,
        email_claim="mail",
        domains=["puncak.example"],
        mapping=[["bosses", "admin"]],
    )
    port = urlsplit(live_server.url).port
    context = chromium.new_context(base_url=f"http://127.0.0.1:{port}")
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def test_in_by_another_site_and_there_again_before_an_invitation(page: Page):
    page.goto("/console/login/?next=/console/team/")
    page.get_by_role("button", name="Continue with Office").click()
    expect(page.get_by_role("heading", name="Team", level=1)).to_be_visible()
    make_old()
    page.get_by_label("Email address").fill("kim@puncak.example")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    assert not AccessLink.objects.exists()
    page.get_by_role("button", name="Sign in at Office once more").click()
    expect(page.get_by_role("heading", name="A link to hand on")).to_be_visible()
    assert AccessLink.objects.get().email == "kim@puncak.example"
    assert urlsplit(page.url).path == "/console/team/"
    page.goto("/console/team/")
    expect(page.get_by_text("kim@puncak.example").first).to_be_visible()


def make_old():
    """All sessions: their users came in long ago."""
    from django.contrib.sessions.models import Session  # noqa: PLC0415

    from config.console.http.session_store import SessionStore  # noqa: PLC0415

    for row in Session.objects.all():
        store = SessionStore(row.session_key)
        if SHOWN_AT in store.load():
            store[SHOWN_AT] = 0
            store.save()
