"""What is too old goes, nothing newer does, and what was derived of it is right."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from consent.models import RetainedTotal, RetentionRule, RetentionRun
from consent.privacy.requests import open_request
from consent.retention import classes, events, keeping, running
from profiles import months
from profiles.merging.merging import merge_people
from profiles.models import Event, EventItem, EventState, Profile
from tests.campaigns.builders import make_person
from tests.cast import make_event, make_identifier

pytestmark = pytest.mark.django_db
ORDER = "Order Completed"


class Killed(BaseException):
    """The process ends here."""


def rule(name: str = "", *, act: str = "delete", n: int = 2, unit: str = "year") -> RetentionRule:
    made = keeping.make(
        {"data_class": "event", "name": name, "act": act, "keep_n": n, "keep_unit": unit}
    )
    keeping.count(made)
    return keeping.switch_on(made)


def carry_out() -> RetentionRun:
    for _ in range(200):
        if not running.carry_out_retention():
            break
    row = RetentionRun.objects.first()
    assert row.state == "done", row.error
    return row


def states() -> dict[tuple[int, str], tuple]:
    return {
        (row.profile_id, row.name): (row.count, round(row.sum, 6), row.first_at, row.last_at)
        for row in EventState.objects.all()
    }


def states_of_what_is_left() -> dict[tuple[int, str], tuple]:
    found = defaultdict(list)
    for row in Event.objects.filter(name=ORDER):
        person = Profile.objects.get(pk=row.profile_id)
        found[person.merged_into_id or person.pk, row.name].append(row)
    return {
        key: (
            len(rows),
            round(sum(row.value or 0 for row in rows), 6),
            min(row.occurred_at for row in rows),
            max(row.occurred_at for row in rows),
        )
        for key, rows in found.items()
    }


def seen() -> set[int]:
    return set(Event.objects.values_list("id", flat=True))


@pytest.mark.parametrize("seed", range(2))
def test_nothing_newer_is_gone_and_nothing_older_is_left(monkeypatch, seed):
    """Names with rules of their own, whole months, portions, people who were merged, a held one."""
    chance = random.Random(seed)
    monkeypatch.setattr(events, "ROWS", 3)
    monkeypatch.setattr(events, "PEOPLE", 2)
    people = [make_person(name) for name in ("ada", "ben", "cleo", "dan", "eve")]
    now = timezone.now()
    held = people[4] if seed % 2 else None
    for _ in range(60):
        name = chance.choice([ORDER, ORDER, "Page Viewed", "Product Viewed"])
        at = now - timedelta(days=chance.choice([20, 300, 500, 750, 790, 1100, 1130]))
        at -= timedelta(minutes=chance.randrange(100))
        who = chance.choice(people[: 4 if held and at.year == (now.year - 3) else 5])
        event = make_event(who, name, at=at, value=float(chance.randrange(100)))
        EventItem.objects.create(profile_id=who.pk, occurred_at=at, event_id=event.pk, name=name)
    merge_people(survivor_id=people[0].pk, absorbed_id=people[1].pk, rule="manual", evidence={})
    if held:
        open_request(type_="access", references=["email:eve@example.com"], regulation="gdpr")
    rule(n=2)
    rule("Product Viewed", n=1)
    keeping.make(
        {"data_class": "event", "name": "Page Viewed", "act": "delete", "keep_n": 5,
         "keep_unit": "year"}
    )  # fmt: skip
    before = {row.pk: row for row in Event.objects.all()}
    carry_out()
    year, two = (keeping.moment_before(now, n, "year") for n in (1, 2))
    limit = {ORDER: two, "Product Viewed": year, "Page Viewed": datetime(2000, 1, 1, tzinfo=UTC)}
    stays = {
        pk
        for pk, row in before.items()
        if row.occurred_at >= limit[row.name] or (held and row.profile_id == held.pk)
    }
    assert seen() == stays
    assert set(EventItem.objects.values_list("event_id", flat=True)) == stays
    assert states() == states_of_what_is_left()
    assert months.taken_out() == []
    assert len(before) > len(stays) > 5


def test_a_month_of_which_all_goes_is_dropped_and_what_came_of_it_is_made_anew(monkeypatch):
    ada, ben = make_person("ada"), make_person("ben")
    old, older = datetime(2021, 3, 9, tzinfo=UTC), datetime(2021, 1, 9, tzinfo=UTC)
    for at in (older, old, old + timedelta(days=3)):
        make_event(ada, ORDER, at=at, value=10.0)
    make_event(ben, "Page Viewed", at=old)
    make_event(ada, ORDER, days_ago=3, value=7.5)
    made = keeping.make({"data_class": "event", "act": "anonymise", "keep_n": 2,
                         "keep_unit": "year"})  # fmt: skip
    counted = keeping.count(made)
    assert (counted.rows, counted.people, counted.oldest) == (4, 2, older)
    assert counted.months == ["2021-01", "2021-03"]
    assert counted.parts == [(ORDER, 3), ("Page Viewed", 1)]
    keeping.switch_on(made)
    run = carry_out()
    assert run.result["rows"]["event"] == 4  # noqa: PLR2004
    assert run.result["months"] == ["2021-01", "2021-03"]
    names = {f"{month:%Y-%m}" for month in months.existing()}
    assert not names & {"2021-01", "2021-03"}
    [state] = EventState.objects.filter(profile_id=ada.pk)
    assert (state.count, state.sum) == (1, 7.5)
    totals = {(f"{row.month:%Y-%m}", row.name): (row.n, row.value_sum)
              for row in RetainedTotal.objects.all()}  # fmt: skip
    assert totals == {
        ("2021-01", ORDER): (1, None),
        ("2021-03", ORDER): (2, None),
        ("2021-03", "Page Viewed"): (1, None),
    }, "numbers are kept; a sum of fewer than five would be somebody's"
    # what comes in for such a month later finds one, and goes with the next run
    make_event(ada, ORDER, at=old, value=1.0)
    RetentionRule.objects.update(next_run_at=timezone.now())
    assert carry_out().result["rows"]["event"] == 1


def test_killed_at_any_portion_it_goes_on_and_counts_each_row_once(monkeypatch):
    monkeypatch.setattr(events, "ROWS", 4)
    monkeypatch.setattr(events, "PEOPLE", 1)
    people = [make_person(name) for name in ("ada", "ben", "cleo")]
    for number in range(30):
        make_event(people[number % 3], ORDER, days_ago=800 + number, value=1.0)
    for person in people:
        for _ in range(6):
            make_event(person, ORDER, at=datetime(2020, 5, 5, tzinfo=UTC), value=2.0)
        make_event(person, ORDER, days_ago=1, value=5.0)
    rule(act="anonymise")
    real, killed = running.next_portion, []

    def kill_sometimes(run):
        portion = real(run)
        if len(killed) < 14:
            killed.append(1)
            raise Killed
        return portion

    def kill_inside(cursor, names):
        inside.append(1)
        if len(inside) % 2:
            raise Killed
        return set_right(cursor, names)

    inside: list[int] = []
    set_right = events.set_right
    monkeypatch.setattr(events, "set_right", kill_inside)
    monkeypatch.setattr(running, "next_portion", kill_sometimes)
    for _ in range(60):
        try:
            while running.carry_out_retention():
                pass
            break
        except Killed:
            continue
    assert len(killed) == 14  # noqa: PLR2004
    run = RetentionRun.objects.get()
    assert (run.state, run.result["rows"]["event"]) == ("done", 48)
    assert sum(row.n for row in RetainedTotal.objects.all()) == 48  # noqa: PLR2004
    assert Event.objects.count() == 3  # noqa: PLR2004
    assert {row.sum for row in EventState.objects.all()} == {5.0}


@pytest.mark.django_db(transaction=True)
def test_a_month_that_others_use_is_waited_for_and_then_its_rows_go_one_by_one():
    ada = make_person("ada")
    make_event(ada, ORDER, at=datetime(2020, 5, 5, tzinfo=UTC))
    rule()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT count(*) FROM event")
            running.carry_out_retention()
            run = RetentionRun.objects.get()
            assert (run.state, run.place["tries"]) == ("running", 1)
            assert Event.objects.count() == 1
            run.place["tries"] = events.TRIES
            run.save()
            carry_out()
            assert Event.objects.count() == 0
            cursor.execute("ROLLBACK")
    finally:
        other.close()


def test_a_rule_is_switched_on_only_as_it_was_counted():
    ada = make_person("ada")
    make_identifier(ada, "user_id", "ada-1")
    values = {"data_class": "event", "name": "", "act": "delete", "keep_n": 3, "keep_unit": "year"}
    made = keeping.make(values)
    with pytest.raises(keeping.RuleRefused, match="Count first"):
        keeping.switch_on(made)
    keeping.count(made)
    keeping.switch_on(made)
    changed = keeping.change(made, {"keep_n": 1})
    assert not changed.is_enabled, "nobody has counted that yet"
    for field, values_, says in (
        ("class", {**values, "data_class": "x"}, "known are"),
        ("keep.n", {**values, "keep_n": 0}, "hundred"),
        ("name", values, "already"),
        ("name", {**values, "data_class": "job", "name": "x"}, "by name"),
        ("act", {**values, "data_class": "job", "act": "anonymise"}, "only be deleted"),
        ("keep.n", {**values, "data_class": "job"}, "JOB_DAYS"),
        ("keep.n", {**values, "data_class": "profile", "keep_n": 2, "keep_unit": "day"}, "30"),
    ):
        with pytest.raises(keeping.RuleRefused, match=says) as refused:
            keeping.make(values_)
        assert refused.value.path == field
    assert set(classes.CLASSES.names()) >= {"event", "profile", "trait_history"}
