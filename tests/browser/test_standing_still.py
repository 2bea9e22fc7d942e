"""A page that stays open tells of a worker that died, and of a server that does not answer."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.workspace.health import status
from config.workspace.models import WorkRun
from config.workspace.work.due import WORK
from tests.browser.test_people import PHONE, page, sideways

__all__ = ["page"]
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"  # one comes back to the tab


@pytest.fixture
def running(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(status, "STARTED", timezone.now() - timedelta(hours=1))
    settings.WAKE_BY_CELERY, settings.VAR_DIR = True, tmp_path
    now = timezone.now()
    for name in ["worker", "delivery_worker", *WORK.names()]:
        WorkRun.objects.create(name=name, last_success=now, last_progress=now)


def test_an_open_page_tells_when_work_stands_still(page: Page, running):  # noqa: F811
    page.goto("/console/people/")
    dot = page.locator("#sh-dot")
    expect(dot).to_have_text("Everything runs")
    WorkRun.objects.update(last_success=timezone.now() - timedelta(minutes=7))
    status.forget()
    page.evaluate(LOOK)
    expect(page.get_by_role("alert")).to_contain_text("No tick for 7 min.")
    expect(dot).to_have_text("The worker does not run")
    page.set_viewport_size(PHONE)
    assert sideways(page) <= 0
    WorkRun.objects.update(last_success=timezone.now())
    status.forget()
    page.evaluate(LOOK)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(dot).to_have_text("Everything runs")
    page.route("**/console/health/", lambda route: route.abort())
    page.evaluate(LOOK)
    expect(dot).to_have_text("The server does not answer")
