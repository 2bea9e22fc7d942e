"""PostgreSQL and the web server killed with -9 amid a send: nobody twice, nothing lost."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.campaigns.builders import smtp_server
from tests.campaigns.delivery.test_killed_worker import COUNT, wait_for
from tests.profiles.installation import Installation

pytestmark = pytest.mark.slow
UNKNOWN_A_KILL = 25
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
settings.DELIVERY_LEASE_SECONDS = 3
import time
from django.db import connection
from campaigns.delivery.rounds import advance_campaigns
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
    try:
        made.set_up()
        made.kill("worker")  # the inbox is not what is tried here
        yield made
    finally:
        made.stop()


def test_a_send_survives_its_database_and_web_server(installation):
    with smtp_server() as server:
        installation.environment["EMAIL_URL"] = settings.EMAIL_URL
        installation.python(LAUNCH.format(count=COUNT))
        installation._start("sender", "-c", WORKER)
        for goal in (400, 1200):
            assert wait_for(lambda goal=goal: len(server.mails) > goal, 180)
            installation.kill_postgres()
            installation.kill("web")
            time.sleep(0.5)
            installation.start_web()
        finished = "SELECT count(*) FROM campaign WHERE status = 'finished'"
        assert wait_for(lambda: installation.rows(finished) == [(1,)], 300)
        states = Counter(dict(installation.rows("SELECT state, count(*) FROM message GROUP BY 1")))
        sent = {
            row[0] for row in installation.rows("SELECT address FROM message WHERE state='sent'")
        }
    assert set(server.counts.values()) == {1}, "nobody got it twice"
    assert sum(states.values()) == COUNT
    assert set(states) <= {"sent", "unknown"}
    assert states["unknown"] <= 2 * UNKNOWN_A_KILL
    assert sent <= set(server.counts)
