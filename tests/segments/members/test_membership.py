"""Stored membership: differences only, cascades, timed segments, lists."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.postgres.sql import sql
from config.workspace.lifecycle.usage import InUse
from config.workspace.models import AuditEntry
from profiles.changes import announce, announce_each
from profiles.identity.keys import keep
from profiles.language.reading.reader import RuleError
from profiles.models import Identifier, ProfileChange
from profiles.selectors.masking import HARMLESS_ALONE
from segments import services
from segments.archiving import archive_segment
from segments.builder.preview import preview
from segments.members.due import due, work
from segments.members.live import process_changes
from segments.members.signals import membership_changed
from segments.members.stored import reason_of, refresh
from segments.models import Membership, Segment, SegmentSize
from segments.rules import parse_rule
from tests.segments.builders import AS_OF, event, group, make_event, make_person, trait

pytestmark = pytest.mark.django_db
PRO = group("all", trait("plan", "eq", "pro"))


@pytest.fixture
def moves():
    seen = []

    def receive(sender, segment, entered, left, **kwargs):
        seen.append((segment.slug, sorted(entered), sorted(left)))

    membership_changed.connect(receive)
    yield seen
    membership_changed.disconnect(receive)


def members(slug):
    rows = Membership.objects.filter(segment__slug=slug, left_at=None)
    return set(rows.values_list("profile_id", flat=True))


def everything() -> None:
    for _ in range(20):
        if not work():
            return
    raise AssertionError("work does not end")


def change(person, **traits):
    person.traits = person.traits | traits
    person.save()
    announce([person.pk], [f"trait:{name}" for name in traits])


def test_a_refresh_stores_differences_only(moves) -> None:
    ada, ben = make_person(plan="pro"), make_person(plan="free")
    segment = services.create_segment(slug="pro", name="Pro", rule=PRO)
    refresh(segment.pk)
    first = Membership.objects.get(segment=segment)
    assert (first.profile_id, first.left_at) == (ada.pk, None)
    ben.traits, ada.traits = {"plan": "pro"}, {}
    ben.save()
    ada.save()
    refresh(segment.pk)
    refresh(segment.pk)
    assert members("pro") == {ben.pk}
    assert Membership.objects.filter(segment=segment).count() == 2
    assert moves == [("pro", [ada.pk], []), ("pro", [ben.pk], [ada.pk])]
    segment.refresh_from_db()
    assert (segment.count, segment.status) == (1, "fresh")
    assert SegmentSize.objects.get(segment=segment).count == 1


def test_a_change_touches_only_what_depends_on_it(django_assert_num_queries) -> None:
    ada = make_person(plan="free")
    for slug, rule in (("pro", PRO), ("other", group("all", trait("age", "gt", 5)))):
        services.create_segment(slug=slug, name=slug, rule=rule)
    everything()
    before = Segment.objects.get(slug="other").refreshed_at
    change(ada, plan="pro")
    assert process_changes() == 1
    assert members("pro") == {ada.pk}
    assert Segment.objects.get(slug="other").refreshed_at == before
    assert not ProfileChange.objects.exists()
    change(ada, shoe=5)
    # savepoint, claim, computed traits, segments, delete, release
    with django_assert_num_queries(6):
        process_changes()


def test_a_change_cascades_through_segments() -> None:
    ada = make_person(plan="free")
    services.create_segment(slug="pro", name="Pro", rule=PRO)
    services.create_segment(
        slug="not-pro", name="Not", rule=group("none", {"kind": "segment", "slug": "pro"})
    )
    services.create_segment(
        slug="third", name="3", rule=group("all", {"kind": "segment", "slug": "not-pro"})
    )
    everything()
    assert members("third") == {ada.pk}
    change(ada, plan="pro")
    everything()
    assert (members("pro"), members("not-pro"), members("third")) == ({ada.pk}, set(), set())


def test_a_new_segment_is_right_before_those_it_refers_to_are_counted() -> None:
    ada = make_person(plan="pro")
    services.create_segment(slug="pro", name="Pro", rule=PRO)
    assert preview(parse_rule(group("all", {"kind": "segment", "slug": "pro"}))).count == 1
    assert ada


def test_cycles_are_refused_and_named() -> None:
    services.create_segment(slug="a", name="A", rule=PRO)
    services.create_segment(slug="b", name="B", rule=group("all", {"kind": "segment", "slug": "a"}))
    a = Segment.objects.get(slug="a")
    with pytest.raises(RuleError) as error:
        services.update_segment(
            a, rule=group("all", trait("x", "is_set"), {"kind": "segment", "slug": "b"})
        )
    assert (error.value.path, error.value.code) == ("conditions[1].slug", "cycle")
    assert "a → b → a" in error.value.reason
    with pytest.raises(RuleError) as error:
        services.create_segment(
            slug="c", name="C", rule=group("all", {"kind": "segment", "slug": "c"})
        )
    assert error.value.code == "unknown_segment"


def test_time_moves_people_when_the_tick_comes() -> None:
    ada = make_person()
    make_event(ada, "X", (AS_OF - timezone.now()).total_seconds() / 86400 + 1)
    segment = services.create_segment(
        slug="x",
        name="X",
        rule=group(
            "all",
            event(
                "X",
                window={
                    "last": {
                        "days": 1,
                    }
                },
            ),
        ),
    )
    everything()
    assert not due(timezone.now())
    assert due(timezone.now() + timedelta(seconds=61)) == [segment.pk]
    Segment.objects.filter(pk=segment.pk).update(refresh_seconds=10)
    assert not due(timezone.now() + timedelta(seconds=61))


def test_a_failing_segment_says_so_and_stops_nobody_else() -> None:
    ada = make_person(plan="pro")
    services.create_segment(slug="pro", name="Pro", rule=PRO)
    services.create_segment(slug="bad", name="Bad", rule=PRO)
    everything()
    Segment.objects.filter(slug="bad").update(
        rule={"match": "all", "conditions": [{"kind": "gone"}]}
    )
    change(ada, plan="free")
    everything()
    assert members("pro") == set()
    assert Segment.objects.get(slug="bad").status == "failed"


def many(first: int, last: int) -> None:
    """Segments of several kinds that a change of `plan` and an order touch."""
    for number in range(first, last):
        own = trait("plan", "eq", f"plan {number}")
        bought = event(f"Order {number}", count={"op": "gte", "value": number + 1})
        inside = {"kind": "segment", "slug": "pro"}
        rule = group("any", own, group("all", bought, inside))
        services.create_segment(slug=f"s{number}", name=f"S {number}", rule=rule)


def statements_of_a_change(person, names) -> int:
    announce([person.pk], names)
    with CaptureQueriesContext(connection) as asked:
        process_changes()
    return len(asked)


def test_one_changed_person_costs_as_many_statements_however_many_segments() -> None:
    ada = make_person(plan="free")
    services.create_segment(slug="pro", name="Pro", rule=PRO)
    many(0, 2)
    everything()
    names = ["trait:plan", "event:Order 0"]
    few = statements_of_a_change(ada, names)
    many(2, 25)
    everything()
    assert statements_of_a_change(ada, names) == few <= 17
    ada.traits = {"plan": "plan 7"}
    ada.save()
    moved = statements_of_a_change(ada, names)
    assert members("s7") == {ada.pk}
    ada.traits = {"plan": "pro"}
    ada.save()
    assert statements_of_a_change(ada, names) <= moved + 2, "one came, one went, others are told"
    assert (members("s7"), members("pro")) == (set(), {ada.pk})
    sizes = dict(SegmentSize.objects.values_list("segment__slug", "count"))
    assert (sizes["s7"], sizes["pro"], sizes["s8"]) == (0, 1, 0)
    everything()
    assert not ProfileChange.objects.exists()


def test_each_segment_looks_only_at_whom_it_was_told_of() -> None:
    """What one did is no reason to look at the other, and nobody falls out of what is not asked."""
    ada, ben = make_person(plan="pro"), make_person(plan="pro", age=9)
    services.create_segment(slug="pro", name="Pro", rule=PRO)
    services.create_segment(slug="old", name="Old", rule=group("all", trait("age", "gt", 5)))
    everything()
    for person in (ada, ben):
        person.traits = {"plan": "free", "age": 3}
        person.save()
    announce_each({ada.pk: {"trait:plan", "trait:age"}, ben.pk: {"trait:plan"}})
    process_changes()
    assert (members("pro"), members("old")) == (set(), {ben.pk})


def test_a_changed_rule_is_a_new_version_and_audited() -> None:
    segment = services.create_segment(slug="pro", name="Pro", rule=PRO)
    services.update_segment(segment, rule=group("any", trait("plan", "eq", "team")), name="Team")
    segment.refresh_from_db()
    assert (segment.version, segment.status, segment.depends_on) == (
        2,
        "refreshing",
        ["trait:plan"],
    )
    assert [v.number for v in segment.versions.order_by("number")] == [1, 2]
    assert [e.action for e in AuditEntry.objects.order_by("id")] == ["create", "update"]


def test_lists(moves) -> None:
    ada, ben = make_person(), make_person()
    for person, value in ((ada, "ada@example.com"), (ben, "ben@example.com")):
        keep(
            [
                Identifier(
                    kind="email",
                    value=value,
                    profile_id=person.pk,
                    first_source_id=1,
                    first_seen=AS_OF,
                    last_seen=AS_OF,
                )
            ]
        )
    segment = services.create_segment(slug="list", name="List", kind="static")
    services.create_segment(
        slug="listed", name="L", rule=group("all", {"kind": "segment", "slug": "list"})
    )
    everything()
    done = services.add_members(
        segment, ["email:ADA@example.com", "ben@example.com", "email:nobody@example.com", "x"]
    )
    assert (done.changed, done.unknown) == (2, ["email:nobody@example.com", "x"])
    everything()
    assert members("listed") == {ada.pk, ben.pk}
    assert services.remove_members(segment, ["email:ada@example.com"]).changed == 1
    everything()
    assert members("listed") == {ben.pk}
    assert Segment.objects.get(slug="list").count == 1
    with pytest.raises(InUse, match="L "):
        archive_segment(segment)
    with pytest.raises(RuleError):
        services.update_segment(segment, rule=PRO)


def test_whoever_a_query_finds_becomes_a_list_as_who_they_are_today(moves) -> None:
    ada, ben, gone = make_person(), make_person(), make_person(state="erased")
    husk = make_person(state="merged", merged_into_id=ada.pk)
    found = sql(
        "SELECT id FROM profile WHERE id = ANY({ids})", ids=[ada.pk, husk.pk, ben.pk, gone.pk]
    )
    made = services.make_list("Behind a figure", found)
    assert (made.kind, made.slug, made.count) == ("static", "behind-a-figure", 2)
    assert members(made.slug) == {ada.pk, ben.pk}
    assert moves == [(made.slug, [ada.pk, ben.pk], [])]
    assert services.add_people(made, found) == 0  # said again, nothing changes
    cleo = make_person()
    one = sql("SELECT id FROM profile WHERE id = {id}", id=cleo.pk)
    assert services.add_people(made, one) == 1
    assert Segment.objects.get(slug=made.slug).count == 3
    counts = AuditEntry.objects.filter(action="add_members").values_list("detail", flat=True)
    assert sorted(detail["people"] for detail in counts) == [1, 2]


def test_a_new_person_of_whom_nothing_is_known_may_be_in() -> None:
    segment = services.create_segment(
        slug="not-pro", name="N", rule=group("none", trait("plan", "eq", "pro"))
    )
    assert segment.depends_on == ["profile:new", "trait:plan"]


def test_personal_fields_are_refused_without_the_right() -> None:
    rule = group(
        "all", trait("plan", "eq", "x"), group("any", trait("email", "ends_with", "@x.de"))
    )
    with pytest.raises(RuleError) as error:
        services.create_segment(slug="p", name="P", rule=rule, shown=HARMLESS_ALONE)
    assert (error.value.path, error.value.code) == ("conditions[1].conditions[0]", "personal")


def test_whatever_a_poisoned_segment_raises_the_others_are_counted_and_it_is_tried_again() -> None:
    """Not only what a rule or the database says: who listens to its moves may raise anything."""
    ada = make_person(plan="pro")
    bad = services.create_segment(slug="bad", name="Bad", rule=PRO)
    services.create_segment(slug="pro", name="Pro", rule=PRO)
    everything()

    def listener(segment: Segment, **_: object) -> None:
        if segment.slug == "bad":
            raise KeyError("poison")

    membership_changed.connect(listener)
    try:
        change(ada, plan="free")
        everything()
        assert members("pro") == set()
        assert members("bad") == {ada.pk}, "nothing is half done"
        request_all()
        everything()
    finally:
        membership_changed.disconnect(listener)
    assert not Segment.objects.exclude(pk=bad.pk).exclude(status="fresh").exists()
    bad.refresh_from_db()
    assert (bad.status, bad.failures, bad.error) == ("failed", 2, "KeyError")
    assert not due(timezone.now()), "it waits before it is tried again"
    assert due(timezone.now() + timedelta(seconds=31)) == [bad.pk]
    Segment.objects.filter(pk=bad.pk).update(failed_at=AS_OF)
    everything()
    bad.refresh_from_db()
    assert (bad.status, bad.failures, bad.failed_at) == ("fresh", 0, None)
    assert members("bad") == set()


def request_all() -> None:
    for segment in Segment.objects.all():
        services.request_refresh(segment)


def test_why_a_count_failed_is_said_without_anybodys_value():
    """As everywhere: the class and a phrase of ours, never PostgreSQL's own words."""
    slow = OperationalError("canceling statement due to statement timeout, Key (email)=(a@x.com)")
    assert reason_of(slow) == "OperationalError: the statement took too long"
    assert reason_of(ValueError("a@x.com")) == "ValueError"
