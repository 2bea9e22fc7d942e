"""An identifier lies beside its person, and its key says so, whatever becomes of either."""

import re
from uuid import RFC_4122

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from consent.ledger.subjects import refer
from profiles.identity import keys, store
from profiles.ingest import inbox, processor
from profiles.merging import merging
from profiles.models import Event, Identifier, IdentifierKey, Merge
from tests.cast import make_identifier, make_profile
from tests.profiles.ingest.conftest import make_source, work_off
from tests.profiles.ingest.test_races import in_parallel

from .test_lost_joins import merge_all
from .test_merging import identify, person_of, track
from .test_takeover import PLANTED

# what a table that is spread over a cluster by its people does not take
UPDATES_THE_PERSON = re.compile(
    r'UPDATE "?(\w+)"?(?: \w+)?\s+SET(?:(?!\bFROM\b|\bWHERE\b).)*?(?<![\w.])profile_id"? =',
    re.DOTALL,
)
LOCKS_A_SET = re.compile(r"FROM (identifier|profile)\b.*ANY.*FOR (NO KEY )?UPDATE", re.DOTALL)


def agree() -> bool:
    columns = ("id", "kind", "value", "profile_id")
    beside = set(Identifier.objects.values_list(*columns))
    return beside == set(IdentifierKey.objects.values_list(*columns)) and len(beside) > 0


@pytest.mark.django_db
def test_keys_follow_their_identifiers_and_no_statement_moves_a_row_by_its_person(
    call, browser_call
):
    with CaptureQueriesContext(connection) as asked:
        call.batch(identify("v", email="v@example.com"), identify("w", email="w@example.com"))
        work_off()
        browser_call.batch(identify("v", email=PLANTED), track("Seen", anonymous="tablet"))
        work_off()
        assert agree()
        refer(f"email:{PLANTED}")  # by a key of ours: taken out of whom a browser gave it to
        assert person_of("email", PLANTED) != person_of("user_id", "v")
        call.batch(identify("w", "tablet"))
        work_off()
        merge_all()
        assert person_of("anonymous_id", "tablet") == person_of("user_id", "w")
        assert agree()
        browser_call.batch(identify("v", email="also-planted@example.com"))
        work_off()
        call.batch(identify("x", email="also-planted@example.com"))
        work_off()
        assert person_of("email", "also-planted@example.com") == person_of("user_id", "x")
        merging.undo_merge(merge_id=Merge.objects.get().pk)
        assert person_of("anonymous_id", "tablet") != person_of("user_id", "w")
        assert agree()
    said = [query["sql"] for query in asked.captured_queries]
    assert len(said) > 100
    found = [m[1] for text in said for m in [UPDATES_THE_PERSON.search(text)] if m]
    assert set(found) <= {"identifier_key"}
    assert [text for text in said if LOCKS_A_SET.search(text)] == []


def test_public_ids_that_are_made_later_sort_later_and_cannot_be_guessed(monkeypatch):
    made = []
    for milliseconds in (1_700_000_000_000, 1_700_000_000_001, 1_800_000_000_000):
        monkeypatch.setattr(store.time, "time_ns", lambda at=milliseconds: at * 1_000_000)
        made.append([store.ordered_uuid() for _ in range(50)])
    assert max(made[0]) < min(made[1]) and max(made[1]) < min(made[2])
    assert {(one.version, one.variant) for part in made for one in part} == {(7, RFC_4122)}
    assert len({one.int & (1 << 62) - 1 for part in made for one in part}) == 150


@pytest.mark.django_db
def test_a_kind_and_value_is_one_persons():
    ada, ben = make_profile("Ada"), make_profile("Ben")
    make_identifier(ada, "user_id", "u")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_identifier(ben, "user_id", "u")
    make_identifier(ben, "loyalty", "u")
    assert agree()


@pytest.mark.usefixtures("committed")
def test_an_identifier_that_moves_between_look_up_and_lock_is_looked_up_again(monkeypatch):
    source = make_source()
    inbox.accept(source, [{"type": "track", "event": "A", "anonymousId": "d"}])
    inbox.accept(source, [{"type": "track", "event": "B", "userId": "u"}])
    work_off()
    device, user = person_of("anonymous_id", "d"), person_of("user_id", "u")
    look_up, seen = keys.look_up, []

    def slow(cursor, wanted):
        found = look_up(cursor, wanted)
        if not seen:
            in_parallel(
                lambda: merging.merge_people(
                    survivor_id=user, absorbed_id=device, rule="t", evidence={}
                )
            )
        seen.append(found[("anonymous_id", "d")].profile_id)
        return found

    monkeypatch.setattr(keys, "look_up", slow)
    inbox.accept(source, [{"type": "track", "event": "C", "anonymousId": "d"}])
    processor.work()
    assert seen == [device, user]
    assert Event.objects.get(name="C").profile_id == user
    assert agree()
