"""RFM: scores by mid-rank, a map that is a partition, groups as segments, and who moved."""

import math
from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.postgres.sql import run
from config.workspace.models import Role
from profiles.changes import announce
from profiles.language.question import Question
from profiles.models import EventDefinition
from segments.builder.explain import explain_membership
from segments.insight.rfm.cuts import choose, cut_daily, cut_now, terms
from segments.insight.rfm.grid import rfm_grid, rfm_migration
from segments.insight.rfm.groups import CELLS, USUAL, NoPartition, group_names, groups, set_groups
from segments.insight.rfm.scoring import RfmTerms, cut, scored
from segments.members.due import work
from segments.members.live import process_changes
from segments.models import Membership, RfmCut, Segment
from segments.rules import parse_rule
from segments.rules.compiler import CompileContext, members_of
from segments.services import create_segment
from tests.api.world import client as api_client
from tests.api.world import new_key
from tests.cast import make_user
from tests.segments.builders import AS_OF, group, make_event, make_person

pytestmark = pytest.mark.django_db
ORDER = "Order Completed"
TERMS = RfmTerms(ORDER, 365)


def test_each_cell_is_in_exactly_one_group():
    counts = Counter(cell for cells in USUAL.values() for cell in cells)
    assert set(counts) == CELLS
    assert set(counts.values()) == {1}
    assert list(group_names()) == list(USUAL)


def test_another_map_has_to_be_a_partition():
    swapped = {name: list(cells) for name, cells in USUAL.items()}
    swapped["champions"].append(swapped["loyal"].pop())
    set_groups(swapped)
    assert sorted(groups()["champions"]) == sorted(swapped["champions"])
    set_groups(None)
    assert groups() == USUAL
    for wrong, words in (
        ({"champions": [555]}, "in no group"),
        (swapped | {"lost": [*swapped["lost"], 555]}, "two groups"),
        (swapped | {"heroes": []}, "no group “heroes”"),
        (swapped | {"lost": [600]}, "no cell"),
    ):
        with pytest.raises(NoPartition, match=words):
            set_groups(wrong)


def by_mid_rank(values: dict[int, float]) -> dict[int, int]:
    """The formula as it is written, in plain Python."""
    n = len(values)
    return {
        person: math.ceil(
            5
            * (
                sum(other < value for other in values.values())
                + sum(other == value for other in values.values()) / 2
            )
            / n
        )
        for person, value in values.items()
    }


orders = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from([None, 0, 5, 5.5, 20, 100])), max_size=4
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(orders, min_size=1, max_size=14))
def test_scores_are_the_mid_rank_percentile_in_fifths(world):
    with transaction.atomic():
        EventDefinition.objects.update_or_create(name=ORDER, defaults={"value_property": "revenue"})
        recency, frequency, money = {}, {}, {}
        for some in world:
            person = make_person()
            for days, revenue in some:
                make_event(
                    person, ORDER, days + 0.5, **({} if revenue is None else {"revenue": revenue})
                )
            inside = [(days, revenue or 0) for days, revenue in some if days < 365]
            if inside:
                recency[person.pk] = -min(days for days, _r in inside)
                frequency[person.pk] = len(inside)
                money[person.pk] = sum(r for _d, r in inside)
        erased = make_person(state="erased")
        make_event(erased, ORDER, 1, revenue=5)
        context = CompileContext(as_of=AS_OF)
        cuts = cut(TERMS, context)
        assert cuts.people == len(recency)
        found = {row[0]: row[1:4] for row in run(scored(cuts, context))}
        each = [by_mid_rank(values) for values in (recency, frequency, money)]
        assert found == {pk: tuple(scores[pk] for scores in each) for pk in recency}
        transaction.set_rollback(True)


@pytest.fixture
def buyers():
    """Ten people who bought ever longer ago, less often and for less."""
    now = (AS_OF - timezone.now()).total_seconds() / 86400
    people = []
    for n in range(10):
        person = make_person(display_name=f"P{n}")
        for order in range(10 - n):
            make_event(person, ORDER, now + 3 * n + order + 1, revenue=100 - 5 * n)
        people.append(person)
    make_person(display_name="never")
    return people


def test_groups_are_segments_and_follow_live(buyers):
    best, last = (
        create_segment(slug=name, name=name, rule=group("all", {"kind": "rfm", "group": name}))
        for name in ("champions", "lost")
    )
    while work():
        pass
    assert not Membership.objects.filter(left_at=None).exists(), "nobody is scored yet"
    assert cut_daily() == 1
    assert cut_daily() == 0
    while work():
        pass

    def members(segment: Segment) -> set[int]:
        rows = Membership.objects.filter(segment=segment, left_at=None)
        return set(rows.values_list("profile_id", flat=True))

    assert members(best) == {person.pk for person in buyers[:2]}
    assert members(last) == {person.pk for person in buyers[8:]}
    best.refresh_from_db()
    assert f"event:{ORDER}" in best.depends_on
    assert best.is_timed
    # an order of one person moves them, by the cuts that stand
    late = buyers[9]
    now = (AS_OF - timezone.now()).total_seconds() / 86400
    for _n in range(9):
        make_event(late, ORDER, now + 0.1, revenue=200)
    announce([late.pk], [f"event:{ORDER}"])
    while process_changes():
        pass
    assert late.pk in members(best)
    assert late.pk not in members(last)
    why = explain_membership(best, late)
    assert why.member is True
    assert why.clauses[0].found == "recency 5, frequency 5, money 5 of 5"
    assert "not among" in explain_membership(best, make_person()).clauses[0].found


def test_another_event_is_scored_at_once(buyers):
    champions = group("all", {"kind": "rfm", "group": "champions"})
    create_segment(slug="best", name="Best", rule=champions)
    cut_now()
    choose("Store Visited", 90)
    assert terms() == RfmTerms("Store Visited", 90)
    assert RfmCut.objects.first().people == 0
    assert "event:Store Visited" in Segment.objects.get().depends_on
    while work():
        pass
    assert Segment.objects.get().count == 0


def test_the_grid_counts_everybody_once_and_knows_who_moved(buyers):
    found = rfm_grid(timezone.now())
    assert found.people == 10
    assert sum(line.people for line in found.lines) == 10
    assert sum(n for row in found.grid for n in row) == 10
    total = sum((10 - n) * (100 - 5 * n) for n in range(10))
    assert sum(line.revenue for line in found.lines) == total
    moved = rfm_migration(timezone.now() - timedelta(days=13), timezone.now())
    assert sum(n for _a, _b, n in moved) == 8, "the first two began later"


def test_the_api_answers_as_the_contract_says(buyers):
    caller = api_client(new_key("segments.view"))
    said = caller.get("/api/insights/rfm/").json()
    assert [one["name"] for one in said["groups"]] == list(USUAL)
    assert set(said["groups"][0]) == {"name", "people", "revenue"}
    assert [len(row) for row in said["grid"]] == [5] * 5
    assert said["map"]["champions"] == list(USUAL["champions"])
    then = (timezone.now() - timedelta(days=3)).isoformat()
    assert caller.get("/api/insights/rfm/", {"at": then}).json()["people"] < 11
    moves = caller.get("/api/insights/rfm/migration/", {"from": then}).json()["moves"]
    assert set(moves[0]) == {"from", "to", "people"}
    for query in ({}, {"from": "soon"}, {"from": "2026-11-20", "to": "2026-11-19"}):
        assert caller.get("/api/insights/rfm/migration/", query).status_code == 400, query
    assert caller.get("/api/insights/rfm/", {"at": "soon"}).status_code == 400
    assert api_client(new_key("events.view")).get("/api/insights/rfm/").status_code == 403


def test_the_page_has_each_group_as_a_segment(buyers):
    client = Client()
    client.force_login(make_user(Role.MARKETER))
    page = client.get(reverse("segments:rfm"))
    text = page.content.decode()
    assert "Champions" in text
    first = page.context["lines"][0]
    built = client.get(first["url"])
    assert built.context["setup"]["rule"]["conditions"] == [{"kind": "rfm", "group": "champions"}]
    assert built.context["setup"]["name"] == "Champions"
    assert client.get(reverse("segments:rfm_moves")).status_code == 200
    client.post(reverse("segments:rfm_terms"), {"event": ORDER, "days": "30"})
    assert terms() == RfmTerms(ORDER, 30)
    client.post(reverse("segments:rfm_terms"), {"event": ORDER, "days": "0"})
    assert terms() == RfmTerms(ORDER, 30)


def test_it_is_narrowed_and_asked_of_the_past(buyers):
    cut_now()
    rule = parse_rule(group("all", {"kind": "rfm", "group": "champions"}))
    everybody = members_of(rule, CompileContext(as_of=timezone.now()))
    some = [person.pk for person in buyers[::3]]
    narrowed = members_of(rule, CompileContext(as_of=timezone.now(), profile_ids=some))
    assert narrowed == everybody & set(some)
    assert narrowed
    before = CompileContext(as_of=timezone.now() - timedelta(days=1), is_now=False)
    assert members_of(rule, before) == set(), "nothing was cut by then"
    assert Question(as_of=timezone.now()).profile_ids is None
