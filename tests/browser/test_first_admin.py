"""The link that `up` prints on an empty installation, walked in a real browser."""

from urllib.parse import urlsplit

from django.test import override_settings
from playwright.sync_api import Browser, Page, expect

from config.workspace.access import first_admin
from config.workspace.models import User

PASSWORD = "a long enough one"


def fill_in(page: Page, again: str) -> None:
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(again)
    page.get_by_role("button", name="Make this admin").click()


def test_the_printed_link_leads_to_home_under_any_name(
    transactional_db: None, chromium: Browser, live_server, tmp_path
):
    port = urlsplit(live_server.url).port
    with override_settings(
        VAR_DIR=tmp_path, STATIC_ROOT=tmp_path / "static", BASE_URL=f"http://127.0.0.1:{port}"
    ):
        link = first_admin.path()
        for host in ("127.0.0.1", "localhost", "rapport.localhost"):
            context = chromium.new_context(base_url=f"http://{host}:{port}")
            page = context.new_page()
            page.goto(link)
            fill_in(page, "another one")  # the form is taken, and answered in it
            expect(page.get_by_text("didn’t match")).to_be_visible()
            assert not User.objects.exists()
            if host == "rapport.localhost":
                fill_in(page, PASSWORD)
                expect(page).to_have_url(f"http://{host}:{port}/console/")
                expect(page.get_by_role("heading", level=1)).to_be_visible()
            context.close()
    assert User.objects.get().is_superuser
