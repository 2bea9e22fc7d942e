# ruff: noqa: PLC0415 - apps are imported once their database is there
"""`manage.py bench journeys`: people on the way through a campaign, and what kills cost them.

1. N people through "mail, wait two days, mail to those who did not click": people a second at each
   kind of step, by one process.
2. The same with the executor's process ended by `kill -9` in its 1st, 2nd, ... statement, before it
   and behind it, over and over. Claim: each step of each person was executed once.

Runs in a database of its own (`bench_journeys`), made and dropped here.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection

from tests.scale import bench_fanout
from tests.scale.databases import drop_as_owner

DATABASE = "bench_journeys"
KILLED = """
import os, signal, sys, django
from django.conf import settings
django.setup()
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.LEASE_SECONDS = 0
from django.db import connection
from campaigns.engine.executor import advance_enrolments
left = int(sys.argv[2]) // 2 + 1
def ended(execute, statement, params, many, context):
    global left
    left -= 1
    if left == 0 and int(sys.argv[2]) % 2 == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    answer = execute(statement, params, many, context)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
with connection.execute_wrapper(ended):
    advance_enrolments()
"""
BACK = "UPDATE enrolment SET due_at = due_at - interval '2 days'"


def main(argv: Sequence[str] = ()) -> int:
    """Print the figures; 1 where a step was executed twice or not at all."""
    parser = argparse.ArgumentParser(prog="bench journeys")
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--kills", type=int, default=60)
    options = parser.parse_args(argv)
    connection.settings_dict.setdefault("TEST", {})["NAME"] = DATABASE
    name, bench_fanout.DATABASE = connection.settings_dict["NAME"], DATABASE
    drop_as_owner(bench_fanout.DATABASE)
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        segment = bench_fanout._people(options.people)
        _through(segment)
        wrong = _killed(segment, options.people, options.kills)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        drop_as_owner(bench_fanout.DATABASE)
    return int(wrong)


def _begun(segment: Any, slug: str) -> Any:
    """A launched campaign whose whole audience is in."""
    from campaigns.services.advance import advance_campaigns
    from campaigns.services.drafts import update_campaign
    from campaigns.services.launching import launch
    from tests.campaigns.engine_builders import REMINDER

    draft = bench_fanout._draft(segment, slug)
    limits = {"steps": REMINDER, "caps": {"unlimited": True}}
    campaign = launch(update_campaign(draft, limits))
    while advance_campaigns():
        pass
    return campaign


def _through(segment: Any) -> None:
    from django.utils import timezone

    from campaigns.engine.executor import advance

    campaign = _begun(segment, "through")
    for step in ("mail", "wait", "split", "second mail"):
        began = time.perf_counter()
        moved = advance(campaign.pk, timezone.now())  # a batch
        rate = moved / (time.perf_counter() - began)
        bench_fanout._say(f"{step}: {rate:,.0f} people a second")
        _wait_over()


def _killed(segment: Any, count: int, kills: int) -> bool:
    from campaigns.engine.executor import advance_enrolments
    from campaigns.models import Enrolment, Message, Transition

    campaign = _begun(segment, "killed")
    ended = 0
    for number in range(kills):
        ended += _in_a_process(number % 40) == -signal.SIGKILL
        if number % 8 == 0:
            _wait_over()
    while Enrolment.objects.filter(campaign=campaign, ended_at=None).exists():
        if not advance_enrolments():
            _wait_over()
    rows = Transition.objects.filter(campaign_id=campaign.pk)
    steps = Counter(rows.values_list("from_step", flat=True))
    sent = Message.objects.filter(campaign_id=campaign.pk).values_list("step", flat=True)
    once = set(steps.values()) == {count} and set(Counter(sent).values()) == {count}
    bench_fanout._say(f"{ended} processes killed; steps {dict(steps)}; each once: {once}")
    return not once


def _in_a_process(number: int) -> int:
    command = [sys.executable, "-c", KILLED, connection.settings_dict["NAME"], str(number)]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, check=False
    )
    return done.returncode


def _wait_over() -> None:
    with connection.cursor() as cursor:
        cursor.execute(BACK)
