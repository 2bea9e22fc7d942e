"""kill -9 of web, worker and database in the middle of it: nothing lost, nothing doubled."""

import json
import threading
import time
import uuid

import pytest

from tests.profiles.installation import KEY, is_taken

pytestmark = [pytest.mark.slow]
BATCHES, SIZE = 60, 50


class Client:
    """Sends batches as an SDK does: again, with the same ids, until it is told 200."""

    def __init__(self, installation):
        self.installation, self.run = installation, uuid.uuid4().hex[:8]
        self.answers: list[float] = []
        self.retries = 0
        self.thread = threading.Thread(target=self._send_all, daemon=True)
        self.thread.start()

    def _send_all(self):
        for batch in range(BATCHES):
            items = [
                {
                    "type": "identify" if n % 10 == 0 else "track",
                    "event": "Order Completed",
                    "userId": f"{self.run}-u{n % 20}",
                    "anonymousId": f"{self.run}-a{(n + batch) % 40}" if n % 5 == 0 else None,
                    "messageId": f"{self.run}-{batch}-{n}",
                    "traits": {"batch": batch} if n % 10 == 0 else None,
                    "properties": {"revenue": 1},
                }
                for n in range(SIZE)
            ]
            body = json.dumps({"batch": items, "writeKey": KEY})
            deadline = time.monotonic() + 60
            while (
                not is_taken(self.installation.port, body, seconds=10)
                and time.monotonic() < deadline
            ):
                self.retries += 1
                time.sleep(0.1)
            self.answers.append(time.monotonic())

    def expect_everything_once(self):
        self.thread.join(120)
        assert len(self.answers) == BATCHES
        self.installation.settle()
        rows = self.installation.rows
        like = f"{self.run}-%"
        assert rows(
            "SELECT count(*), count(DISTINCT message_id) FROM event WHERE message_id LIKE %s", like
        ) == [(BATCHES * SIZE, BATCHES * SIZE)]
        assert rows(
            "SELECT sum(s.count) FROM event_state s WHERE s.profile_id IN (SELECT profile_id"
            " FROM identifier WHERE kind = 'user_id' AND value LIKE %s)",
            like,
        ) == [(BATCHES * SIZE * 9 // 10,)]
        assert rows("SELECT count(*) FROM inbox") == [(0,)]
        people = rows(
            "SELECT count(DISTINCT profile_id) FROM identifier WHERE kind = 'user_id'"
            " AND value LIKE %s",
            like,
        )
        assert people == [(20,)]
        orphans = rows(
            "SELECT count(*) FROM event e WHERE e.message_id LIKE %s AND NOT EXISTS (SELECT 1"
            " FROM profile p WHERE p.id = e.profile_id AND p.state = 'active')",
            like,
        )
        assert orphans == [(0,)]


def test_the_worker_is_killed(installation):
    client = Client(installation)
    for n in range(6):
        time.sleep(0.25)
        installation.kill("worker")
        installation.start_worker("worker")
        assert n >= 0
    client.expect_everything_once()


def test_the_web_server_is_killed(installation):
    client = Client(installation)
    for _ in range(3):
        time.sleep(0.2)
        installation.kill("web")
        installation.start_web()
    client.expect_everything_once()


def test_the_database_is_killed(installation):
    client = Client(installation)
    started = installation.rows("SELECT pg_postmaster_start_time()")
    for _ in range(2):
        time.sleep(0.3)
        installation.kill_postgres()
        time.sleep(1)
    client.expect_everything_once()
    assert installation.rows("SELECT pg_postmaster_start_time()") > started
