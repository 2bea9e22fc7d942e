"""A real browser for the tests in this folder, or one loud line that there is none."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Browser, sync_playwright

from tools import browser as finder

FLAGS = [
    "--disable-dev-shm-usage",  # a container has little of it, and the page dies
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
HERE = Path(__file__).parent
# Playwright's own loop runs in this thread; Django must not take ours for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests here; without a browser skip them, and in CI fail."""
    mine = [item for item in items if HERE in item.path.parents]
    if not mine:
        return
    for item in mine:
        item.add_marker(pytest.mark.browser)
    driver = finder.driver()
    if driver:
        os.environ["PLAYWRIGHT_NODEJS_PATH"] = driver
    if driver is None or finder.find() is None:
        remedy = "set CHROMIUM to one" if driver else "its driver needs libatomic1"
        reason = f"NO BROWSER: {len(mine)} browser tests are skipped ({remedy})"
        if os.environ.get("CI") == "true":
            pytest.exit(reason.replace("are skipped", "cannot run"), returncode=1)
        config.stash[SKIPPED] = reason
        for item in mine:
            item.add_marker(pytest.mark.skip(reason=reason))


SKIPPED: pytest.StashKey[str] = pytest.StashKey()


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Path of a Chromium that starts."""
    found = finder.find()
    if found is None:
        pytest.skip("no browser")
    return found


@pytest.fixture(scope="module")
def chromium(browser_path: str, django_db_blocker) -> Iterator[Browser]:
    """One browser for a file of tests; open a context of your own for each test.

    While Playwright's loop runs, Django keeps connections apart: those are closed before it ends,
    or they would be in the way when the test database is dropped.
    """
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=flags)
        yield browser
        with django_db_blocker.unblock():
            connections.close_all()
        browser.close()
