"""A merge never widens permission, and undoing it restores what each had said."""

import pytest
from django.db import connection, transaction
from django.utils import timezone

from consent.ledger.acts import BLOCKING
from consent.ledger.merging import ConsentMerger
from consent.models import ConsentEntry, ConsentState
from profiles.merging.mergers import Parting
from profiles.merging.moving import Pair
from profiles.models import Merge, Profile
from profiles.people.lineage import today_id
from tests.campaigns.builders import make_person, say
from tests.cast import absorb

pytestmark = pytest.mark.django_db
POINT = "shared@example.com"


def state(person, purpose="marketing", channel="email", point=POINT) -> str:
    row = ConsentState.objects.filter(
        profile=person, purpose__slug=purpose, channel=channel, contact_point=point, topic_key=0
    ).first()
    return row.status if row else "never_asked"


def merge(survivor, absorbed):
    with transaction.atomic(), connection.cursor() as cursor:
        snapshot = ConsentMerger().merge(cursor, [Pair(survivor.pk, absorbed.pk)])
        row = Merge.objects.create(
            survivor_id=survivor.pk,
            absorbed_id=absorbed.pk,
            absorbed_public_id=absorbed.public_id,
            rule="email",
            snapshot={"consents": snapshot[absorbed.pk]},
        )
        absorb(survivor, absorbed)
    return row


def undo(row):
    parting = Parting(row, today_id(row.survivor_id), row.absorbed_id)
    Profile.objects.filter(pk=row.absorbed_id).update(state="active", merged_into_id=None)
    with transaction.atomic(), connection.cursor() as cursor:
        ConsentMerger().part(cursor, parting, row.snapshot["consents"])
    Merge.objects.filter(pk=row.pk).update(undone_at=timezone.now())


STATEMENTS = ("granted", "withdrawn", "denied", "pending", "expired", None)


@pytest.mark.parametrize("first", STATEMENTS)
@pytest.mark.parametrize("second", STATEMENTS)
@pytest.mark.parametrize("absorbed_last", [True, False])
def test_the_stricter_stands_and_comes_apart_again(first, second, absorbed_last):
    survivor, absorbed = make_person("sur"), make_person("abs")
    turns = [(survivor, first), (absorbed, second)]
    for person, status in turns if absorbed_last else turns[::-1]:
        if status:
            say(person, status, point=POINT, act="form")
    before = state(survivor), state(absorbed)
    row = merge(survivor, absorbed)
    after = state(survivor)
    if first in BLOCKING or second in BLOCKING:
        assert after in BLOCKING
    elif "expired" in (first, second):
        assert after in ("expired", "pending")
    elif "granted" in (first, second):
        assert after == "granted"
    else:
        assert after == (first or second or "never_asked")
    undo(row)
    assert (state(survivor), state(absorbed)) == before


@pytest.mark.parametrize("status", ["granted", "withdrawn"])
@pytest.mark.parametrize("point", [POINT, ""])
def test_what_was_said_counts_again_where_people_are_joined_again(status, point):
    survivor, absorbed = make_person("sur"), make_person("abs")
    say(absorbed, status, point=point, act="form")
    undo(merge(survivor, absorbed))
    assert state(survivor, point=point) == "never_asked"
    merge(survivor, absorbed)
    assert state(survivor, point=point) == status


def test_silence_takes_nothing_away_and_entries_are_cited_not_moved():
    survivor, absorbed = make_person("sur"), make_person("abs")
    say(survivor, point=POINT)
    entry = say(absorbed, purpose="measuring", point=POINT)
    merge(survivor, absorbed)
    assert state(survivor) == "granted"
    assert state(survivor, "measuring") == "granted"
    copy = ConsentEntry.objects.get(profile=survivor, cites_id=entry.id)
    assert copy.evidence["merged"]
    assert ConsentEntry.objects.filter(profile=absorbed).count() == 1


def test_what_was_said_while_they_were_one_goes_with_the_contact_point():
    survivor, absorbed = make_person("sur"), make_person("abs")
    say(absorbed, point=POINT)
    row = merge(survivor, absorbed)
    say(survivor, "withdrawn", point=POINT)
    undo(row)
    assert state(absorbed) == "withdrawn"
