"""The executor broken off at every statement, by an error and by `kill -9`: each step once."""

import os
import subprocess
import sys
from collections import Counter
from itertools import count

import pytest
from django.conf import settings
from django.db import connection

from campaigns.engine.executor import advance_enrolments
from campaigns.models import Campaign, ContactCount, Enrolment, Message, MessageChunk, Transition
from campaigns.services.advance import advance_campaigns
from campaigns.services.launching import launch
from tests.campaigns.builders import make_campaign
from tests.campaigns.delivery.test_killed_worker import committed, make_audience
from tests.campaigns.engine_builders import REMINDER, advance_all, let_pass

__all__ = ["committed"]  # a fixture
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PEOPLE = 30
STEPS = ("first", "pause", "clicked", "second")


class Broken(BaseException):
    """As a process that ends: nobody gives anything back, nothing of the transaction stays."""


class BreakAt:
    """Ends in the `number`th statement: before it, or when it is done."""

    def __init__(self, number: int, *, is_done: bool) -> None:
        self.left, self.is_done = number, is_done

    def __call__(self, execute, statement, params, many, context):
        self.left -= 1
        if self.left == 0 and not self.is_done:
            raise Broken(statement)
        answer = execute(statement, params, many, context)
        if self.left == 0:
            raise Broken(statement)
        return answer


def begun(size: int = PEOPLE) -> Campaign:
    data = {"steps": REMINDER, "caps": {"unlimited": True}}
    return launch(make_campaign(make_audience(size), **data))


def check_each_step_once(size: int) -> None:
    """Everybody is through, each step was executed once, and each message is in one chunk."""
    assert Enrolment.objects.count() == size
    assert set(Enrolment.objects.values_list("end_reason", flat=True)) == {"completed"}
    assert Counter(Transition.objects.values_list("from_step", flat=True)) == dict.fromkeys(
        STEPS, size
    )
    assert Counter(Message.objects.values_list("step", flat=True)) == {
        "first": size, "second": size,
    }  # fmt: skip
    held = [n for ids in MessageChunk.objects.values_list("message_ids", flat=True) for n in ids]
    assert sorted(held) == sorted(Message.objects.values_list("pk", flat=True))
    assert set(ContactCount.objects.values_list("n", flat=True)) == {2}


def broken_at_each_statement(act) -> tuple[int, int]:
    """Before and behind each statement, until it gets through: how often, and what it answers."""
    for number in count():
        breaking = BreakAt(number // 2 + 1, is_done=bool(number % 2))
        try:
            with connection.execute_wrapper(breaking):
                return number, act()
        except Broken:
            let_pass(minutes=5)  # so that the lease of who broke off is over
    raise AssertionError


def test_an_error_in_any_statement_leaves_each_step_to_be_executed_once(committed):
    begun()
    broken = 0
    while Enrolment.objects.exclude(end_reason="completed").exists() or not broken:
        for act in (advance_campaigns, advance_enrolments):
            times, moved = broken_at_each_statement(act)
            broken += times
            while moved:
                times, moved = broken_at_each_statement(act)
                broken += times
        let_pass(days=2)
    assert broken > 100
    advance_all()
    check_each_step_once(PEOPLE)


KILLED = """
import os, signal, sys, django
from django.conf import settings
django.setup()
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.LEASE_SECONDS = 0
from django.db import connection
from campaigns.engine.executor import advance_enrolments
from campaigns.services.advance import advance_campaigns
left = int(sys.argv[2])
def ended(execute, statement, params, many, context):
    global left
    left -= 1
    if left == 0 and int(sys.argv[2]) % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    answer = execute(statement, params, many, context)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
with connection.execute_wrapper(ended):
    print(advance_campaigns() + advance_enrolments(), flush=True)
"""


def in_a_process(number: int) -> subprocess.CompletedProcess[str]:
    """One round of work in a process of its own, which ends in its `number`th statement."""
    command = [sys.executable, "-c", KILLED, connection.settings_dict["NAME"], str(number)]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings_test"}
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )


def test_a_process_killed_in_its_statements_leaves_each_step_to_be_executed_once(committed):
    begun()
    killed = 0
    for number in (3, 8, 12, 15, 18, 20, 22, 24, 26, 28):
        killed += in_a_process(number).returncode == -9
        let_pass(days=2)  # of leases too
    assert killed >= 8, "it was ended amid its work"
    for _round in range(10):
        advance_all()
        let_pass(days=2)
    check_each_step_once(PEOPLE)
