"""Traits and columns: a table of (value, operator, operand, who is in)."""

import pytest

from segments.rules import RuleError, parse_rule
from segments.rules.compiler import CompileContext, members_of
from tests.segments.builders import AS_OF, group, make_person, trait

pytestmark = pytest.mark.django_db
MISSING = object()

# the trait's values by letter; each row says which letters are in
VALUES = {
    "a": "pro",
    "b": "Pro",
    "c": "",
    "d": 5,
    "e": "5",
    "f": 7.5,
    "g": True,
    "h": False,
    "i": ["x", 5],
    "j": {"k": 1},
    "k": None,
    "l": MISSING,
    "m": "2026-11-20",
    "n": "2026-02-31",
    "o": "2026-11-20T13:00:00Z",
    "p": "2025-11-25",
    "q": "a%b_c",
    "r": "true",
}
ALL = set(VALUES)
TABLE = [
    ("eq", "pro", "a"),
    ("eq", "5", "e"),
    ("eq", 5, "d"),
    ("eq", 7.5, "f"),
    ("eq", True, "g"),
    ("eq", "true", "r"),
    ("eq", False, "h"),
    ("eq", "", ""),
    ("ne", "pro", ALL - {"a"}),
    ("ne", 5, ALL - {"d"}),
    ("in", ["pro", 5, True, "true"], "adgr"),
    ("in", [5, 7.5], "df"),
    ("not_in", [7.5, 5, 10**30], ALL - {"d", "f"}),
    ("not_in", ["pro", 5], ALL - {"a", "d"}),
    ("gt", 5, "f"),
    ("gte", 5, "df"),
    ("lt", 7.5, "d"),
    ("lte", 7.5, "df"),
    ("between", [5, 7], "d"),
    ("contains", "x", "i"),
    ("contains", 5, "i"),
    ("contains", "%b_", "q"),
    ("contains", "ro", "ab"),
    ("not_contains", "x", ALL - {"i"}),
    ("not_contains", "ro", ALL - {"a", "b"}),
    ("starts_with", "P", "ab"),
    ("ends_with", "_c", "q"),
    ("starts_with", "2026", "mno"),
    ("matches", "^p", "a"),
    ("matches", "^[pP]ro$", "ab"),
    ("is_set", None, ALL - {"k", "l"}),
    ("is_not_set", None, "kl"),
    ("is_true", None, "g"),
    ("is_false", None, "h"),
    ("before", "2026-01-01", "p"),
    ("after", "2026-11-19", "mo"),
    ("after", "2026-11-20", ""),
    ("after", "2026-11-20T12:30:00Z", "o"),
    ("before", "2026-11-20T12:30:00Z", "mp"),
    ("between", ["2026-11-20", "2026-11-20"], "mo"),
    ("between", ["2025-01-01", "2026-11-19"], "p"),
    ("in_last", {"days": 1}, "m"),
    ("in_last", {"hours": 13}, "m"),
    ("in_last", {"hours": 11}, ""),
    ("in_next", {"hours": 1}, "o"),
    ("in_last", {"months": 12}, "mp"),
    ("anniversary_in", {"days": 0}, "mo"),
    ("anniversary_in", {"days": 5}, "mop"),
]


@pytest.fixture
def letters() -> dict[int, str]:
    return {
        make_person(**({} if value is MISSING else {"t": value})).pk: letter
        for letter, value in VALUES.items()
    }


def test_operators_on_traits(letters) -> None:
    wrong = []
    for op, value, expected in TABLE:
        rule = parse_rule(
            group(
                "all",
                {"kind": "trait", "field": "t", "op": op}
                | ({} if value is None else {"value": value})
                if value != ""
                else trait("t", "is_set"),
            )
        )
        if value == "":
            continue
        context = CompileContext(as_of=AS_OF)
        found = {letters[each] for each in members_of(rule, context)}
        rest = parse_rule(
            {
                "match": "none",
                "conditions": [
                    {"kind": "trait", "field": "t", "op": op}
                    | ({} if value is None else {"value": value})
                ],
            }
        )
        others = {letters[each] for each in members_of(rest, context)}
        if found != set(expected) or others != ALL - set(expected):
            wrong.append((op, value, "".join(sorted(found)), "".join(sorted(expected))))
    assert not wrong


@pytest.mark.parametrize(
    ("zone", "days", "is_in"),
    [
        ("Pacific/Kiritimati", 0, False),
        ("Pacific/Kiritimati", 364, True),
        ("UTC", 0, True),
        ("nonsense/zone", 0, True),
        ("", 0, True),
    ],
)
def test_an_anniversary_is_of_the_persons_own_day(zone, days, is_in) -> None:
    """At noon UTC it is the 21st on Kiritimati already."""
    person = make_person(birthday="1990-11-20", time_zone=zone)
    rule = parse_rule(group("all", trait("birthday", "anniversary_in", {"days": days})))
    assert (person.pk in members_of(rule, CompileContext(as_of=AS_OF))) is is_in


def test_a_leap_day_is_kept_on_the_28th() -> None:
    person = make_person(birthday="1992-02-29")
    rule = parse_rule(group("all", trait("birthday", "anniversary_in", {"days": 0})))
    assert members_of(rule, CompileContext(as_of=AS_OF.replace(year=2027, month=2, day=28))) == {
        person.pk
    }
    assert not members_of(rule, CompileContext(as_of=AS_OF.replace(year=2028, month=2, day=28)))


@pytest.mark.parametrize(
    ("condition", "path", "code"),
    [
        (trait("t", "like", "x"), "conditions[0].op", "unknown_operator"),
        (trait("t", "gt", "x"), "conditions[0].value", "type"),
        (trait("t", "gt", True), "conditions[0].value", "type"),
        (trait("t", "in", "x"), "conditions[0].value", "type"),
        (trait("t", "in", ["x", {}]), "conditions[0].value[1]", "type"),
        (trait("t", "between", [3, 1]), "conditions[0].value", "range"),
        (trait("t", "between", [1]), "conditions[0].value", "type"),
        (trait("t", "eq"), "conditions[0].value", "required"),
        (trait("t", "is_set", 1), "conditions[0].value", "not_allowed"),
        (trait("t", "in_last", {"years": 1}), "conditions[0].value.years", "unknown_field"),
        (trait("t", "in_last", {"days": -1}), "conditions[0].value.days", "range"),
        (trait("t", "before", "yesterday"), "conditions[0].value", "type"),
        (trait("t", "matches", "(a+)+"), "conditions[0].value", "pattern"),
        (trait("t", "matches", "("), "conditions[0].value", "pattern"),
        (trait("t", "matches", r"(a)\1"), "conditions[0].value", "pattern"),
        (trait("t", "matches", "((a{50}){50}){50}"), "conditions[0].value", "pattern"),
        (trait("t", "eq", "a\x00"), "conditions[0].value", "type"),
        (trait("t", "eq", "x", extra=1), "conditions[0].extra", "unknown_field"),
        (trait("", "eq", "x"), "conditions[0].field", "required"),
        (trait("profile.shoe", "eq", "x"), "conditions[0].field", "unknown_field"),
        (trait("profile.country", "gt", 3), "conditions[0].op", "operator_type"),
        (trait("profile.last_seen", "eq", "x"), "conditions[0].op", "operator_type"),
        ({"kind": "horoscope"}, "conditions[0].kind", "unknown_kind"),
        ({"field": "x"}, "conditions[0].kind", "required"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(condition, path, code) -> None:
    with pytest.raises(RuleError) as error:
        parse_rule(group("all", condition))
    assert (error.value.path, error.value.code) == (path, code)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(RuleError) as error:
        parse_rule(group("some", trait("t", "like", 1), group("any", trait("t", "gt", "x"))))
    assert [problem.path for problem in error.value.problems] == [
        "match",
        "conditions[0].op",
        "conditions[1].conditions[0].value",
    ]


def test_columns() -> None:
    ada = make_person(country="DE", display_name="Ada", lifecycle="customer")
    ben = make_person(country="", display_name="Ben")

    def who(*args):
        return members_of(parse_rule(group("all", trait(*args))), CompileContext(as_of=AS_OF))

    assert who("profile.country", "eq", "DE") == {ada.pk}
    assert who("profile.country", "ne", "DE") == {ben.pk}
    assert who("profile.country", "is_not_set") == {ben.pk}
    assert who("profile.display_name", "starts_with", "B") == {ben.pk}
    assert who("profile.last_seen", "in_last", {"days": 1}) == {ada.pk, ben.pk}
    assert who("profile.first_seen", "in_last", {"days": 1}) == set()
    assert who("profile.first_seen", "anniversary_in", {"months": 11}) == {ada.pk, ben.pk}


def test_the_erased_count_for_nothing_and_the_restricted_are_not_read() -> None:
    make_person(state="erased", plan="pro")
    make_person(state="restricted", plan="pro")
    alive = make_person(plan="pro")
    for rule in (
        group("all", trait("plan", "eq", "pro")),
        group("none", trait("plan", "eq", "x")),
        group("all"),
        group("none", {"kind": "event", "name": "X"}),
    ):
        assert members_of(parse_rule(rule), CompileContext(as_of=AS_OF)) == {alive.pk}


def test_a_value_within_an_object_is_found_by_its_way():
    near = make_person(address={"city": "Utrecht", "geo": {"lat": 52.1}})
    far = make_person(address={"city": "Oslo"})
    dotted = make_person(**{"address.city": "Utrecht"})
    make_person(address="Utrecht")

    def who(*condition) -> set[int]:
        rule = parse_rule(group("all", trait(*condition)))
        return members_of(rule, CompileContext(as_of=AS_OF))

    assert who("address.city", "eq", "Utrecht") == {near.pk, dotted.pk}
    assert who("address.geo.lat", "gt", 50) == {near.pk}
    assert who("address.city", "starts_with", "os") == {far.pk}
    assert far.pk not in who("address.geo.lat", "is_set")
    (condition,) = parse_rule(group("all", trait("address.city", "eq", "x"))).parts
    assert condition.depends_on() == {"trait:address.city", "trait:address"}
    assert condition.found(CompileContext(as_of=AS_OF), near.pk) == "address.city is Utrecht"


def test_the_random_number_cuts_a_share_of_all():
    people = [make_person() for _ in range(4)]
    buckets = {person.pk: person.bucket for person in people}
    rule = parse_rule(group("all", trait("profile.bucket", "lt", min(buckets.values()) + 2)))
    found = members_of(rule, CompileContext(as_of=AS_OF))
    assert found == {pk for pk, n in buckets.items() if n < min(buckets.values()) + 2}
    with pytest.raises(RuleError):
        parse_rule(group("all", trait("profile.bucket", "eq", "many")))


def test_the_stage_is_a_kind_of_its_own():
    lead = make_person(lifecycle="lead")
    make_person(lifecycle="customer")
    none = make_person()
    said = [
        ({"op": "eq", "value": "lead"}, {lead.pk}),
        ({"op": "is_not_set"}, {none.pk}),
    ]
    for condition, expected in said:
        rule = parse_rule(group("all", {"kind": "lifecycle"} | condition))
        assert members_of(rule, CompileContext(as_of=AS_OF)) == expected
    for wrong in ({"op": "gt", "value": 5}, {"field": "plan", "op": "is_set"}):
        with pytest.raises(RuleError):
            parse_rule(group("all", {"kind": "lifecycle"} | wrong))
