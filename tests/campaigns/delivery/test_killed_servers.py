"""PostgreSQL and the web server killed with -9 amid a send: each mail once, each outcome known."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from config.postgres import server as database
from config.web.command import command
from tests.campaigns.builders import smtp_server
from tests.campaigns.delivery.test_killed_worker import COUNT, wait_for
from tests.profiles.installation import Installation, begin, end

pytestmark = pytest.mark.slow
NO_FSYNC = {"fsync": "off"}  # what the system was given outlives the server, not a power cut
LAUNCH = """
import django; django.setup()
from campaigns.services.launching import launch
from tests.campaigns.builders import make_campaign
from tests.campaigns.delivery.test_killed_worker import make_audience
launch(make_campaign(make_audience({count})))
"""
WORKER = """
import django; django.setup()
from django.conf import settings
settings.LEASE_SECONDS = 3
import time
from django.db import connection
from campaigns.services.advance import advance_campaigns
from campaigns.delivery.worker import deliver
while True:
    try:
        handled = advance_campaigns() + deliver()
    except Exception as error:
        print(type(error).__name__, flush=True)
        connection.close()
        handled = 0
    if not handled:
        time.sleep(0.05)
"""


@pytest.fixture
def installation(tmp_path_factory) -> Iterator[Installation]:
    """An installation of its own: its database may be killed."""
    folder = tmp_path_factory.mktemp("send")
    folder.chmod(0o755)
    made = Installation(folder)
    begin(folder)
    try:
        database.ensure_running(folder, NO_FSYNC)
        yield made
    finally:
        for name in list(made.processes):
            made.kill(name)
        end(folder)


def start_web(installation: Installation) -> None:
    """Nobody waits for it here."""
    installation._start("web", *command("127.0.0.1", installation.port)[1:])


def kill_both(installation: Installation) -> None:
    pid = database.status(installation.var).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    installation.kill("web")
    start_web(installation)
    assert wait_for(lambda: not database.is_up(installation.var), 60)
    database.ensure_running(installation.var, NO_FSYNC)


def until(condition: Callable[[], bool], seconds: float) -> None:
    """As `wait_for`, for what costs a connection to ask."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def test_a_send_survives_its_database_and_web_server(installation):
    """Whoever hands over lives, and so knows what became of each: none may be unknown."""
    with smtp_server() as server:
        installation.environment["EMAIL_URL"] = settings.EMAIL_URL
        start_web(installation)
        installation.python(LAUNCH.format(count=COUNT))
        installation._start("sender", "-c", WORKER)
        for goal in (300, 800, 1300):
            assert wait_for(lambda goal=goal: len(server.mails) > goal, 180)
            kill_both(installation)
        finished = "SELECT count(*) FROM campaign WHERE status = 'finished'"
        until(lambda: installation.rows(finished) == [(1,)], 300)
        states = Counter(dict(installation.rows("SELECT state, count(*) FROM message GROUP BY 1")))
    assert states == {"sent": COUNT}
    assert server.counts == {f"p{n}@example.com": 1 for n in range(COUNT)}, "nobody got it twice"
