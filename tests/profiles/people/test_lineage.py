"""Who a person is today, and who they were."""

import pytest
from django.db import connection

from config.postgres.sql import sql
from profiles.merging.merging import merge_people, undo_merge
from profiles.models import Identifier, Merge, Profile
from profiles.people import lineage
from tests.profiles.ingest.conftest import work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(call):
    """Four visitors, by their anonymous id."""
    call.batch(*({"type": "track", "event": "A", "anonymousId": name} for name in "abcd"))
    work_off()
    return dict(Identifier.objects.filter(kind="anonymous_id").values_list("value", "profile_id"))


def merge(survivor: int, absorbed: int) -> int:
    return merge_people(survivor_id=survivor, absorbed_id=absorbed, rule="by hand", evidence={})


def in_sql(ids: list[int]) -> tuple[dict[int, int], set[tuple[int, int]]]:
    """Both questions as the fragments for joins answer them."""
    given = "(SELECT unnest(%(ids)s::bigint[]) AS profile_id)"
    people = sql("(SELECT unnest({ids}::bigint[]) AS profile_id)", ids=ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT h.id, {lineage.today('h')} FROM {given} g JOIN profile h ON h.id = profile_id",
            {"ids": ids},
        )
        now = dict(cursor.fetchall())
        sql("SELECT * FROM {ever} e", ever=lineage.ever(people)).on(cursor)
        return now, set(cursor.fetchall())


def test_stacked_merges_and_undoing_either_first(people, django_assert_num_queries):
    a, b, c, d = (people[name] for name in "abcd")
    lower, upper = merge(a, b), merge(c, a)
    merge(d, c)
    everybody = [a, b, c, d]
    with django_assert_num_queries(2):
        assert lineage.today_of(everybody) == dict.fromkeys(everybody, d)
        assert lineage.ever_of([d]) == {d: [d, *sorted((a, b, c))]}
    assert in_sql(everybody)[0] == dict.fromkeys(everybody, d)
    assert in_sql([d])[1] == {(d, one) for one in everybody}
    assert {p.pk: p.state for p in Profile.objects.all()} == {
        **dict.fromkeys((a, b, c), "merged"),
        d: "active",
    }
    assert Profile.objects.living().get().pk == d
    # what had been joined to whom stands again goes along
    undo_merge(merge_id=upper)
    assert lineage.today_of(everybody) == {a: a, b: a, c: d, d: d}
    undo_merge(merge_id=lower)
    assert lineage.today_of(everybody) == {a: a, b: b, c: d, d: d}
    assert lineage.ever_of(everybody) == {a: [a], b: [b], c: [c], d: [d, c]}
    assert in_sql(everybody)[1] == {(n, n) for n in everybody} | {(d, c)}
    assert lineage.today_of([2**40]) == {2**40: 2**40}


def test_undoing_the_lower_merge_leaves_the_upper_one(people):
    a, b, c = (people[name] for name in "abc")
    lower = merge(a, b)
    merge(c, a)
    undo_merge(merge_id=lower)
    assert lineage.today_of([a, b, c]) == {a: c, b: b, c: c}
    assert Profile.objects.get(pk=b).state == "active"


def test_apart_stays_apart_whoever_took_one_of_them_in_since(people, call):
    a, b, c = (people[name] for name in "abc")
    apart = merge(a, b)
    undo_merge(merge_id=apart)
    merge(c, a)
    # c is a now, and a was taken apart from b
    call.batch({"type": "alias", "previousId": "b", "anonymousId": "c"})
    work_off()
    assert lineage.today_of([a, b, c]) == {a: c, b: b, c: c}
    assert Merge.objects.filter(kind="merge", undone_at=None).count() == 1


def test_the_database_holds_the_state_to_who_holds_it_all(people):
    from django.db import IntegrityError, transaction  # noqa: PLC0415 - beside its only use

    rows = Profile.objects.filter(pk=people["a"])
    for wrong in ({"state": "merged"}, {"merged_into_id": people["b"]}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)
