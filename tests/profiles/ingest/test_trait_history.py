"""What a source had said of a trait before it said something else."""

from datetime import UTC, datetime, timedelta

import pytest

from profiles.ingest import pruning
from profiles.merging.merging import merge_people, undo_merge
from profiles.models import Identifier, Profile, ProfileTrait, TraitHistory
from tests.profiles.ingest.conftest import work_off

pytestmark = pytest.mark.django_db


def day(number: int) -> datetime:
    return datetime(2026, 3, number, 12, tzinfo=UTC)


def plan(value, on: int, user: str = "u") -> dict:
    return {
        "type": "identify",
        "anonymousId": user,
        "traits": {"plan": value},
        "timestamp": day(on).isoformat(),
        "messageId": f"{user}-{on}-{value}",
    }


def history() -> list[tuple]:
    rows = TraitHistory.objects.order_by("set_at").values_list("value", "set_at", "replaced_at")
    return [(value, start.day, end.day) for value, start, end in rows]


def test_each_value_has_the_time_it_was_set_and_the_time_it_was_replaced(call):
    for value, on in (("free", 1), ("free", 2), ("pro", 5)):
        call.batch(plan(value, on))
        work_off()
    assert history() == [("free", 1, 5)]
    now = ProfileTrait.objects.get(name="plan")
    assert (now.value, now.set_at.day) == ("pro", 5)
    # one that comes late was replaced already; one that says the same changes nothing
    call.batch(plan("trial", 3))
    work_off()
    call.batch(plan("pro", 7))
    work_off()
    assert history() == [("free", 1, 5), ("trial", 3, 5)]
    call.batch(plan(None, 9))
    work_off()
    assert history()[-1] == ("pro", 5, 9)
    assert Profile.objects.get().traits == {}


def test_what_one_batch_says_and_replaces_is_kept(call):
    call.batch(plan("free", 1), plan("pro", 2), plan("pro", 3), plan("team", 4), plan("team", 6))
    work_off()
    assert history() == [("free", 1, 2), ("pro", 2, 4)]
    call.batch(plan("free", 8), plan("pro", 9))
    work_off()
    assert history()[2:] == [("team", 4, 9), ("free", 8, 9)]


def test_history_follows_its_identifier_and_goes_by_age(call, settings):
    for user in ("u", "v"):
        call.batch(plan("free", 1, user), plan("pro", 2, user))
    work_off()
    owners = dict(Identifier.objects.filter(kind="anonymous_id").values_list("value", "profile_id"))
    record = merge_people(
        survivor_id=owners["u"], absorbed_id=owners["v"], rule="by hand", evidence={}
    )
    assert set(TraitHistory.objects.values_list("profile_id", flat=True)) == {owners["u"]}
    undo_merge(merge_id=record)
    assert set(TraitHistory.objects.values_list("profile_id", flat=True)) == set(owners.values())
    assert pruning.prune_traits(day(30)) == 0
    settings.TRAIT_HISTORY_MONTHS = 1
    assert pruning.prune_traits(day(2) + timedelta(days=40)) == 2  # noqa: PLR2004 - both
