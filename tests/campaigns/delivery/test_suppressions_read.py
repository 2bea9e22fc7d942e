"""What suppressions cost a few people: as much where a hundred thousand are kept as where few are.

Counted by the database itself: the rows of `suppression` that this transaction read.
"""

import hashlib

import pytest
from django.db import connection
from django.utils import timezone

from campaigns.models import Message
from campaigns.services.single import send_message
from consent.models import Suppression
from consent.reach.contactable import reachability, reachable_channels
from consent.suppression.suppressing import suppress
from tests.campaigns.builders import (
    address_of,
    deliver_all,
    launched,
    make_person,
    make_segment,
    make_sender,
    say,
)

pytestmark = pytest.mark.django_db
_READ = """
SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) FROM pg_stat_xact_user_tables
WHERE relname = 'suppression'
"""


def rows_read(work) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        before = cursor.fetchone()[0]
        work()
        cursor.execute(_READ)
        return int(cursor.fetchone()[0] - before)


def keep(first: int, count: int) -> None:
    Suppression.objects.bulk_create(
        Suppression(
            kind="email",
            digest=hashlib.sha256(str(number).encode()).digest()[:16],
            level=Suppression.Level.ALL,
            reason=Suppression.Reason.HARD_BOUNCE,
            created_at=timezone.now(),
        )
        for number in range(first, first + count)
    )


def test_delivery_single_sends_and_chips_read_the_suppressions_of_their_people_alone(server):
    people = [make_person(f"p{n}") for n in range(30)]
    for person in people:
        say(person)
    make_sender()
    segment = make_segment(*people)

    def hand_over(slug):
        launched(segment, slug, caps={"unlimited": True})
        return rows_read(deliver_all)

    def single(key):
        given = {"content": {"subject": "Hi", "text": "Hi."}, "purpose": "marketing"}
        return rows_read(
            lambda: send_message(profile=people[0], channel="email", idempotency_key=key, **given)
        )

    def looked_up():
        return rows_read(lambda: (reachability(people[0]), reachable_channels([people[1].pk])))

    keep(0, 300)
    few = [hand_over("few"), single("few"), looked_up()]
    keep(300, 3000)
    many = [hand_over("many"), single("many"), looked_up()]
    assert max(many) < 300, (few, many)
    assert len(server.mails) == 60


def test_those_who_are_suppressed_are_found_all_the_same(server):
    """By digest, one by one, of whatever level stops the purpose."""
    bounced, complained, free = (make_person(n) for n in ("bounced", "complained", "free"))
    for person in (bounced, complained, free):
        say(person)
    keep(0, 300)
    segment = make_segment(bounced, complained, free)
    campaign = launched(segment)
    suppress(kind="email", value=address_of(bounced), reason="hard_bounce")
    suppress(kind="email", value=address_of(complained), reason="complaint")
    assert [reachability(p)[0].code for p in (bounced, complained, free)] == [
        "suppressed",
        "suppressed",
        "",
    ]
    deliver_all()
    rows = Message.objects.filter(campaign_id=campaign.pk)
    assert sorted(rows.values_list("reason", flat=True)) == ["", "suppressed", "suppressed"]
    assert len(server.mails) == 1
