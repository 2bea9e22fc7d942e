"""Fixtures for every test. The database role is the backend's affair: tests act in its name."""

import gc
import os
import uuid
from collections.abc import Generator, Iterator

import pytest
from django.conf import settings
from django.utils import translation
from pytest_django.plugin import blocking_manager_key

from config.postgres import server
from tests.serving import open_while

MIGRATED: pytest.StashKey[str] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Start the test server once, before the workers of xdist all ask for it."""
    gc.disable()  # until all is imported and collected
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings_test")
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        server.ensure_running(settings.VAR_DIR, settings.EMBEDDED_POSTGRES_OPTIONS)


@pytest.hookimpl(trylast=True)  # after a folder has marked its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest first, so that at the end no worker is left with one alone."""
    slow = {
        item.path for item in items if {"slow", "browser"} & {m.name for m in item.iter_markers()}
    }
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """What is there by now stays to the end, so that nobody looks for garbage in it, and rarely
    elsewhere: a quarter of the suite's computing went into that.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_setup, django_db_blocker) -> None:
    """As pytest-django's, and remember what the migrations wrote."""
    from tests.keeping import migrated_rows  # noqa: PLC0415 - models, after Django is set up

    with django_db_blocker.unblock():
        _same_draws()
        request.config.stash[MIGRATED] = migrated_rows()
        _usual_names_once()


def _usual_names_once() -> None:
    """Rows that no test changes without saying so: else some test would ask a query more."""
    from profiles.personal import usual  # noqa: PLC0415

    usual.KEPT_SECONDS = 1e9
    usual.is_personal_name("")


def _same_draws() -> None:
    """The salt decides who is in which arm: by one of its own a test might fail once in forty."""
    from config.workspace.models import Workspace  # noqa: PLC0415

    Workspace.objects.update(salt="5a" * 32)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Put the migrated rows back after a test that committed: its end empties every table.

    Also where the end itself fails, or the next test fails for want of them.
    """
    try:
        return (yield)
    finally:
        more = nextitem is not None  # after the last one the database itself is gone
        if more and MIGRATED in item.config.stash and _commits(item):
            from tests.keeping import put_back  # noqa: PLC0415

            with item.config.stash[blocking_manager_key].unblock():
                put_back(item.config.stash[MIGRATED])


def _commits(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    asked = {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(asked) or bool(mark and mark.kwargs.get("transaction"))


@pytest.fixture(autouse=True)
def _live_server_ends_first(request: pytest.FixtureRequest) -> Iterator[None]:
    """Set up after the database and before everything that asks the server: ends in between."""
    if "live_server" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    with open_while(request.getfixturevalue("live_server")):
        yield


@pytest.fixture(autouse=True)
def _own_archives(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Archives of people lie beside the files of other tests, which may search them meanwhile."""
    from consent.archives import files  # noqa: PLC0415

    folder = tmp_path_factory.getbasetemp() / uuid.uuid4().hex / "archives"
    monkeypatch.setattr(files, "FOLDER", str(folder))


@pytest.fixture(autouse=True)
def _fresh_caches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a process keeps of the database belongs to one test, and to the whole of it."""
    from config.console.shell import waiting  # noqa: PLC0415
    from config.workspace import selectors  # noqa: PLC0415
    from config.workspace.access import guessing, tokens  # noqa: PLC0415
    from config.workspace.health import status  # noqa: PLC0415
    from config.workspace.work import recording  # noqa: PLC0415

    translation.deactivate()  # the language of the last page that a test asked for
    from consent import volume  # noqa: PLC0415
    from consent.policy import resolving  # noqa: PLC0415
    from profiles.personal import tags  # noqa: PLC0415

    resolving.forget_policies()
    volume.forget_limits()
    selectors.forget_workspace()
    tags.forget_tags()
    tokens.forget_keys()
    guessing.forget()
    status.forget()
    recording.forget()
    waiting.forget()
    monkeypatch.setattr(recording, "FLUSH_SECONDS", 3600.0)  # else somewhere in any test
    for module in (
        selectors,
        status,
        tags,
        resolving,
        waiting,
    ):  # or a slow machine asks once more within a test
        monkeypatch.setattr(module, "KEPT_SECONDS", 3600.0)
    yield
    resolving.forget_policies()
    volume.forget_limits()
    selectors.forget_workspace()
    tags.forget_tags()
    tokens.forget_keys()
