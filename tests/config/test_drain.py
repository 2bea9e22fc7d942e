"""`drain` returns only when nothing that is due is left anywhere, in other hands either."""

import subprocess
import sys
import threading
from datetime import timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from campaigns.delivery.claims import lease_chunk
from campaigns.models import Campaign, MessageChunk
from config.management.commands import drain as command
from config.workspace.work.due import LEFT, drain
from profiles.ingest import inbox, processor
from profiles.models import Identifier, ProfileChange
from tests.campaigns.builders import launched, make_person, make_segment, say, smtp_server
from tests.cast import make_source

committed = pytest.mark.django_db(transaction=True)
HOLDER = """
import sys, psycopg
held = psycopg.connect(sys.argv[1])
for statement in sys.argv[2:]:
    held.execute(statement)
print("held", flush=True)
sys.stdin.read()
"""


def nowhere() -> str:
    """A demo mailbox that does not run."""
    return ""


def known(user_id: str) -> bool:
    return Identifier.objects.filter(kind="user_id", value=user_id).exists()


@committed
def test_what_another_worker_is_about_to_commit_is_waited_for(monkeypatch):
    inbox.accept(make_source(), [{"type": "identify", "userId": "u1"}])
    taken, may_go_on = threading.Event(), threading.Event()
    real = processor.apply

    def slow(cursor, messages):
        if threading.current_thread().name == "holder":
            taken.set()
            assert may_go_on.wait(60)
        return real(cursor, messages)

    def hold():
        try:
            processor.process_portion()
        finally:
            connections.close_all()

    monkeypatch.setattr(processor, "apply", slow)
    holder = threading.Thread(target=hold, name="holder")
    holder.start()
    assert taken.wait(60)
    waits = []
    drain(on_wait=lambda held: (waits.append(held), may_go_on.set()))
    assert known("u1")
    assert waits[0] == {"ingest": 1}
    holder.join(60)


@committed
def test_what_a_killed_process_held_is_taken_over():
    with smtp_server() as server:
        ada = make_person("ada")
        say(ada)
        launched(make_segment(ada))
        inbox.accept(make_source(), [{"type": "identify", "userId": "u1"}])
        ProfileChange.objects.create(profile_ids=[ada.pk], names=["trait:plan"])
        params = connection.get_connection_params()
        dsn = psycopg.conninfo.make_conninfo(
            **{name: params[name] for name in ("dbname", "user", "host")}
        )
        statements = ["DELETE FROM inbox", "DELETE FROM profile_change"]
        statements += ["SELECT 1 FROM campaign FOR UPDATE"]
        with subprocess.Popen(
            [sys.executable, "-c", HOLDER, dsn, *statements],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as holder:  # fmt: skip
            assert holder.stdout.readline() == b"held\n"
            waits = []
            drain(on_wait=lambda held: (waits.append(held), holder.kill()))
        assert set(waits[0]) == {"ingest", "segments", "campaigns"}
        assert known("u1") and not ProfileChange.objects.exists()
        assert Campaign.objects.get().status == Campaign.Status.FINISHED
        assert len(server.mails) == 1


@committed
def test_a_portion_under_a_dead_workers_lease_is_waited_for_and_taken_over():
    with smtp_server() as server:
        ada = make_person("ada")
        say(ada)
        launched(make_segment(ada))
        assert lease_chunk("email", timezone.now()) is not None
        waits = []

        def two_minutes_later(held):
            waits.append(held)
            MessageChunk.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

        drain(on_wait=two_minutes_later)
        assert waits == [{"delivery": 1}]
        assert (len(server.mails), MessageChunk.objects.count()) == (1, 0)


@pytest.mark.django_db
def test_what_cannot_go_on_is_left_and_not_waited_for(settings):
    settings.EMAIL_URL, settings.MAILBOX_TARGET = "", f"{__name__}.nowhere"
    ada = make_person("ada")
    say(ada)
    launched(make_segment(ada))
    waits = []
    drain(on_wait=waits.append)
    assert waits == []
    assert LEFT.get("delivery")().due == 1


@committed
def test_a_holder_that_hangs_is_not_waited_for_without_an_end():
    ada = make_person("ada")
    say(ada)
    launched(make_segment(ada))
    assert lease_chunk("email", timezone.now()) is not None
    inbox.accept(make_source(), [{"type": "identify", "userId": "u1"}])
    with pytest.raises(CommandError, match="nothing became of them in 0 s: delivery 1"):
        call_command("drain", wait=0)
    assert known("u1"), "all else is done"


@pytest.mark.django_db
def test_the_command_says_what_it_waits_for_once_in_a_while(monkeypatch):
    monkeypatch.setattr(command, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr(
        command.due, "drain", lambda on_wait, **_: [on_wait({"ingest": 3, "merge": 1})] * 2 and {}
    )
    said = StringIO()
    call_command("drain", stderr=said)
    assert said.getvalue() == "waiting for rows that another worker holds: ingest 3, merge 1\n"
