"""The link that `up` prints on an empty installation, walked in a real browser."""

from urllib.parse import urlsplit

import pytest
from django.test import override_settings
from playwright.sync_api import Browser, expect

from config.workspace import first_admin
from config.workspace.models import User

PASSWORD = "a long enough one"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "rapport.localhost"])
def test_the_printed_link_leads_to_home_under_any_name(
    transactional_db: None, chromium: Browser, live_server, tmp_path, host: str
):
    port = urlsplit(live_server.url).port
    with override_settings(
        VAR_DIR=tmp_path, STATIC_ROOT=tmp_path / "static", BASE_URL=f"http://127.0.0.1:{port}"
    ):
        context = chromium.new_context(base_url=f"http://{host}:{port}")
        page = context.new_page()
        page.goto(first_admin.path())
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password confirmation").fill(PASSWORD)
        page.get_by_role("button", name="Make this admin").click()
        expect(page).to_have_url(f"http://{host}:{port}/console/")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        context.close()
    assert User.objects.get().is_superuser
