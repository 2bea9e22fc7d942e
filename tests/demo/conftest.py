"""A small demo, written once for a module in a transaction that is taken back."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

import pytest
from django.db import transaction
from django.test import Client, override_settings

from campaigns.delivery.letters import forget_letterheads
from config.demo import state, team
from config.demo.generator import Observer, Truths
from config.demo.generator.world.clock import to_ms
from config.demo.state import DemoState, moment
from config.demo.writing import steps
from config.demo.writing.progress import Progress
from config.demo.writing.shop_settings import worth
from config.workspace.selectors import forget_workspace
from profiles.ingest import keys

SMALL = {"profiles": 300, "events": 7_500}


@dataclass
class Demo:
    """What was written, what is true of it, and what was said while writing."""

    run: DemoState
    truths: Truths
    said: str


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Demo]:
    """A whole demo of 300 people. What a test changes of it is taken back by `db`."""
    var = tmp_path_factory.mktemp("var")
    with (
        django_db_blocker.unblock(),
        override_settings(VAR_DIR=var, STATIC_ROOT=var / "static", MEDIA_ROOT=var / "media"),
        transaction.atomic(),
    ):
        forget_all()
        yield _written()
        transaction.set_rollback(True)
    forget_all()


def _written() -> Demo:
    observer, out = Observer(worth), StringIO()
    run = steps.begin_or_resume(**SMALL)
    steps.write(run, Progress(out), observer=observer)
    kept = state.load()
    assert kept is not None
    return Demo(kept, observer.truths(to_ms(moment(kept.fed_to))), out.getvalue())


@pytest.fixture(autouse=True)
def own_change(request) -> Iterator[None]:
    """Each test of a module with a demo in a savepoint of its own."""
    if "demo" not in request.fixturenames:
        yield
        return
    demo = request.getfixturevalue("demo")
    assert demo
    with transaction.atomic():
        forget_all()
        yield
        transaction.set_rollback(True)
    forget_all()


def forget_all() -> None:
    """What processes keep for some seconds."""
    forget_workspace()
    forget_letterheads()
    keys._known.clear()


@pytest.fixture
def admin(demo: Demo) -> Client:
    """The demo's admin, logged in."""
    client = Client()
    client.force_login(
        team.members(demo.run)[0], backend="config.workspace.permissions.RoleBackend"
    )
    return client
