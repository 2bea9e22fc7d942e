"""What is only appended to is chained in blocks: what settled, whole blocks at once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from config.workspace import audit
from config.workspace.models import AuditEntry, Seal
from config.workspace.trail import sealing
from tests.racing import until_others_ended

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _settled_at_once(monkeypatch):
    monkeypatch.setattr(sealing, "SETTLE", timedelta(0))


def as_owner(statement: str, values: tuple = ()) -> None:
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def seal() -> int:
    until_others_ended()
    return sealing.seal_due(sealing.AUDIT)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE audit_entry SET action = 'nothing.happened'", "entries"),
        ("UPDATE audit_entry SET target = 'other'", "entry"),
        ("DELETE FROM audit_entry", "entries"),
        ("UPDATE seal SET previous_hash = '\\x00'", "seal"),
    ],
)
def test_a_seal_finds_what_was_changed(statement, says):
    audit.record("x.y", "thing", "1", profile_id=7)
    assert seal() == 1
    assert sealing.verify(sealing.AUDIT) == []
    as_owner(statement)
    [sentence] = sealing.verify(sealing.AUDIT)
    assert sentence.startswith(f"audit_entry: {says} ")


def test_an_entry_slipped_in_between_two_blocks_is_found():
    audit.record("x.y", "thing", "1")
    as_owner("SELECT nextval(pg_get_serial_sequence('audit_entry', 'id'))")
    assert seal() == 1
    audit.record("x.y", "thing", "2")
    as_owner("UPDATE seal SET sealed_at = %s", (timezone.now() - sealing.SEAL_EVERY * 2,))
    assert seal() == 1
    first, second = AuditEntry.objects.order_by("id").values_list("id", flat=True)
    assert second == first + 2
    as_owner(
        "INSERT INTO audit_entry (id, at, actor_kind, actor_name, action, target_kind, target,"
        " fields, detail, digest) OVERRIDING SYSTEM VALUE SELECT %s, at, actor_kind, actor_name,"
        " action, target_kind, target, fields, detail, digest FROM audit_entry WHERE id = %s",
        (first + 1, first),
    )
    assert sealing.verify(sealing.AUDIT) == [
        f"audit_entry: entries {second} to {second} were changed"
    ]


def test_an_entry_waits_for_an_earlier_one_whose_transaction_is_still_under_way():
    """Ids do not commit in their order: sealed without the first, it would never be sealed."""
    written, may_commit = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                audit.record("x.y", "thing", "first")
                written.set()
                may_commit.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert written.wait(20)
    audit.record("x.y", "thing", "second")
    assert sealing.seal_due(sealing.AUDIT) == 0
    may_commit.set()
    thread.join()
    assert seal() == 2
    assert sealing.verify(sealing.AUDIT) == []


def test_a_block_ends_before_the_first_entry_that_has_not_settled(monkeypatch):
    """The clock may go back, and the demo's tells the past: a younger one before an older one."""
    monkeypatch.setattr(sealing, "SETTLE", timedelta(minutes=1))
    for number in range(3):
        audit.record("x.y", "thing", str(number))
    first, second, third = AuditEntry.objects.order_by("id").values_list("id", flat=True)
    old = timezone.now() - timedelta(hours=1)
    as_owner("UPDATE audit_entry SET at = %s WHERE id = %s", (old, second))
    assert seal() == 0
    as_owner("UPDATE audit_entry SET at = %s WHERE id = %s", (old, first))
    assert seal() == 2
    assert third not in range(first, Seal.objects.get().last_id + 1)
    assert sealing.verify(sealing.AUDIT) == []


def test_after_a_whole_block_the_next_follows_at_once_else_in_five_minutes(monkeypatch):
    monkeypatch.setattr(sealing, "BLOCK", 2)
    for number in range(5):
        audit.record("x.y", "thing", str(number))
    assert [seal() for _ in range(4)] == [2, 2, 1, 0]
    audit.record("x.y", "thing", "5")
    assert seal() == 0
    assert sealing.verify(sealing.AUDIT) == []
