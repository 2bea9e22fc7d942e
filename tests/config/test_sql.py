"""The composer: pieces keep their text, everything else is bound, in the order of the text."""

import pytest

from config.postgres.sql import AND, COMMA, EMPTY, TRUE, Sql, every, ids_in, ids_of, one, run, sql
from consent.reach.judging import between, narrowed
from profiles.models import Profile
from tests.segments.builders import make_person

HOSTILE = "'; DROP TABLE profile; -- %s {x} %(y)s"


def test_a_piece_is_put_in_and_a_value_is_bound():
    test = sql("p.id = {id}", id=7)
    query = sql("SELECT {a} FROM t WHERE {test} AND {a} <> 100 %% 3", a="x", test=test)
    assert query.text == "SELECT %s FROM t WHERE p.id = %s AND %s <> 100 %% 3"
    assert query.params == ("x", 7, "x")
    assert sql("'{{}}'::jsonb") == Sql("'{}'::jsonb")
    assert COMMA.joined([]) == EMPTY
    assert AND.joined([test, test]) == Sql("p.id = %s AND p.id = %s", (7, 7))
    assert every([]) == TRUE
    with pytest.raises(KeyError):
        sql("{nobody}")


@pytest.mark.django_db
def test_what_is_bound_is_never_read_as_sql():
    assert one(sql("SELECT {text}::text, 7 %% 4", text=HOSTILE)) == (HOSTILE, 3)
    listed = sql("SELECT v FROM unnest({all}::text[]) AS v", all=[HOSTILE, ""])
    assert run(listed) == [(HOSTILE,), ("",)]
    assert run(Sql("SELECT '{}'::jsonb ? 'a'")) == [(False,)]


@pytest.mark.django_db
def test_ids_of_a_query_set_are_a_piece_also_where_django_knows_that_it_is_empty():
    person = make_person().pk
    found = ids_in(Profile.objects.filter(pk=person).order_by("display_name"))
    assert run(sql("SELECT g.id FROM ({given}) g", given=found)) == [(person,)]
    for nobody in (Profile.objects.none(), Profile.objects.filter(pk__in=[])):
        assert run(sql("SELECT g.id FROM ({given}) g", given=ids_in(nobody))) == []


@pytest.mark.django_db
def test_a_query_of_ids_narrows_a_query_set_and_says_its_bounds_again():
    people = [make_person().pk for _ in range(3)]
    low, high = people[0], people[1]
    assert narrowed(None, "p.id") == EMPTY
    bounds = narrowed(between(low, high), "p.id")
    assert bounds == Sql(" AND p.id > %s AND p.id <= %s", (low, high))
    query = sql("SELECT p.id FROM profile p WHERE TRUE{bounds}", bounds=bounds)
    assert ids_of(run(query)) == [people[1]]
    assert list(Profile.objects.filter(id__in=query.raw()).values_list("pk", flat=True)) == [
        people[1]
    ]
