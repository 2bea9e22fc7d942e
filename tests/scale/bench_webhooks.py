"""`manage.py bench webhooks`: what it costs to write down what webhooks are told, and to call them.

A million moves of one segment: telling of them, where nobody listens and where somebody does,
against storing them (the rows of `membership` with its indexes, in the same session). Claims: at
most a thousandth where nobody listens, at most a quarter where somebody does. Then calls to a
receiver of this machine, beside one that takes a second for each answer: those a second.
"""

import argparse
import threading
import time
from collections.abc import Sequence

from django.db import connection, transaction
from django.test import override_settings

from config.workspace.models import Webhook, WebhookDelivery
from config.workspace.outgoing.delivery import deliver_due
from config.workspace.outgoing.endpoints import create_webhook
from config.workspace.outgoing.notices import tell, tell_many
from tests.receiving import Bid, listening
from tests.scale.data import bench_database

NOBODY, SOMEBODY = 0.001, 0.25
SIZE = (1_000, 1_000)  # of the database that it needs for its tables alone
STORE = """
INSERT INTO moves (segment_id, profile_id, entered_at)
SELECT 1, id, now() FROM unnest(%s::bigint[]) AS u(id)
"""


def main(argv: Sequence[str] = ()) -> int:
    """Print the times and ratios; 1 where one is above its claim."""
    parser = argparse.ArgumentParser(prog="bench webhooks")
    parser.add_argument("--moves", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=2_000)
    options = parser.parse_args(list(argv))
    with bench_database(*SIZE, quiet=True), override_settings(CALL_INTERNAL_ADDRESSES=True):
        nobody, somebody = _told(options.moves)
        _called(options.calls)
    print(f"claims: at most {NOBODY} where nobody listens, {SOMEBODY} where somebody does")
    return int(nobody > NOBODY or somebody > SOMEBODY)


def _told(moves: int) -> tuple[float, float]:
    """Both ratios; everything is rolled back."""
    people = list(range(1, moves + 1))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE moves (LIKE membership INCLUDING ALL)")
        stored = _seconds(lambda: cursor.execute(STORE, [people]))
        Webhook.objects.all().delete()
        nobody = _seconds(lambda: tell_many("segment.entered", {"segment": "x"}, people))
        create_webhook(url="https://hooks.example.com/", events=["segment.entered"])
        somebody = _seconds(lambda: tell_many("segment.entered", {"segment": "x"}, people))
        rows = WebhookDelivery.objects.count()
        transaction.set_rollback(True)
    print(f"{moves:,} moves: stored in {stored:.2f} s")
    print(f"  nobody listens   {1000 * nobody:8.2f} ms  {nobody / stored:.5f}")
    print(f"  somebody listens {1000 * somebody:8.2f} ms  {somebody / stored:.3f}  ({rows:,} rows)")
    return nobody / stored, somebody / stored


def _called(calls: int) -> None:
    Webhook.objects.all().delete()
    with listening() as quick, listening() as slow:
        create_webhook(url=quick.url, events=["campaign.finished"])
        seconds = _delivered(quick, calls)
        print(f"{calls:,} calls to one webhook: {calls / seconds:,.0f} a second")
        for _ in range(3):
            create_webhook(url=slow.url, events=["campaign.finished"])
        waits = threading.Event()
        slow.statuses = [Bid(after=waits)] * 12
        timer = threading.Timer(4.0, waits.set)
        timer.start()
        seconds = _delivered(quick, calls)
        timer.cancel()
        waits.set()
        print(f"  beside three that answer after 4 s: {calls / seconds:,.0f} a second")
    Webhook.objects.all().delete()


def _delivered(quick: object, calls: int) -> float:
    quick.told.clear()  # type: ignore[attr-defined]
    tell("campaign.finished", [({"campaign": "x", "name": "x"}, [])] * calls)
    began = time.monotonic()
    done = threading.Event()
    watch = threading.Thread(target=_watch, args=[quick, calls, done])
    watch.start()
    while not done.is_set() and deliver_due():
        pass
    watch.join()
    return _LAST[0] - began


_LAST = [0.0]


def _watch(quick: object, calls: int, done: threading.Event) -> None:
    while len(quick.told) < calls:  # type: ignore[attr-defined]
        time.sleep(0.01)
    _LAST[0] = time.monotonic()
    done.set()


def _seconds(act: object) -> float:
    began = time.perf_counter()
    act()  # type: ignore[operator]
    return time.perf_counter() - began
