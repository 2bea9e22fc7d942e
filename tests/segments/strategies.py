"""Random people, conditions and rules over few names, so that they meet."""

from datetime import timedelta

from hypothesis import strategies as st

from tests.segments.builders import AS_OF

TEXTS = ["pro", "Pro", "team", "a%b_c", "5", "true", "", " x", "Ann@X.com", "ann@x.com "]
DAYS = ["2026-11-20", "2026-11-19", "2026-11-20T13:00:00+00:00", "2026-10-01", "2026-02-31"]
values = st.one_of(
    st.sampled_from(TEXTS + DAYS),
    st.sampled_from([0, 5, 7.5, -3, 100]),
    st.booleans(),
    st.lists(st.sampled_from(["pro", 5, True, "Ann@X.com"]), max_size=2),
    st.none(),
)
NAMES = ["plan", "t", "email"]
EVENTS = ["Order Completed", "Product Viewed"]
traits = st.dictionaries(st.sampled_from(NAMES), values, max_size=3)
properties = st.dictionaries(st.sampled_from(["category", "revenue", "plan"]), values, max_size=3)
# whole hours apart, never at the edge of a window
moments = st.sampled_from([AS_OF - timedelta(days=n, minutes=30) for n in (0, 1, 5, 20, 60)])
happened = st.lists(st.tuples(st.sampled_from(EVENTS), moments, properties), max_size=4)
people = st.fixed_dictionaries({"traits": traits, "events": happened})

texts = st.sampled_from([text for text in TEXTS + DAYS if text.strip()])
scalars = st.one_of(texts, st.sampled_from([0, 5, 7.5]), st.booleans())
numbers = st.sampled_from([0, 5, 7.5, -3])
spans = st.sampled_from([{"days": 1}, {"hours": 6}, {"weeks": 4}, {"days": 400}])
OPERANDS = {
    **dict.fromkeys(("eq", "ne"), st.one_of(scalars, st.just("pro"))),
    **dict.fromkeys(("in", "not_in"), st.lists(scalars, min_size=1, max_size=3)),
    **dict.fromkeys(("eq_ignore_case", "ne_ignore_case"), texts),
    **dict.fromkeys(("in_ignore_case", "not_in_ignore_case"), st.lists(texts, min_size=1)),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), numbers),
    **dict.fromkeys(("contains", "not_contains"), scalars),
    **dict.fromkeys(("starts_with", "ends_with"), st.one_of(texts, st.just("P"))),
    **dict.fromkeys(("before", "after"), st.sampled_from(DAYS[:4])),
    **dict.fromkeys(("in_last", "in_next"), spans),
    "between": st.sampled_from([[0, 6], [-3, 0], ["2026-11-19", "2026-11-20"], DAYS[1:3]]),
    **dict.fromkeys(("is_set", "is_not_set", "is_true", "is_false"), st.none()),
}


def times(test):
    return test["op"] == "between" and isinstance(test["value"][0], str)


@st.composite
def comparisons(draw, fields):
    op = draw(st.sampled_from(sorted(OPERANDS)))
    operand = draw(OPERANDS[op])
    return draw(fields) | {"op": op} | ({} if operand is None else {"value": operand})


trait_conditions = comparisons(
    st.builds(lambda n: {"kind": "trait", "field": n}, st.sampled_from(NAMES))
)
tests = comparisons(
    st.builds(lambda n: {"property": n}, st.sampled_from(["category", "revenue", "plan"]))
)
# a value property reads its column, in which there are no times
tests = tests.filter(lambda t: t["property"] != "revenue" or not times(t))
wheres = st.lists(tests, max_size=2)
windows = st.one_of(st.none(), st.builds(lambda last: {"last": last}, spans))
counts = st.sampled_from(
    [("gte", 1), ("eq", 0), ("gte", 2), ("lte", 1), ("ne", 1), ("between", [1, 2]), ("in", [0, 2])]
)
measures = st.builds(
    lambda agg, op, value: {"agg": agg, "property": "revenue", "op": op, "value": value},
    st.sampled_from(["sum", "min", "max"]),
    st.sampled_from(["gt", "lte", "eq"]),
    numbers,
)


@st.composite
def event_conditions(draw):
    found = {"kind": "event", "name": draw(st.sampled_from(EVENTS)), "where": draw(wheres)}
    if window := draw(windows):
        found["window"] = window
    if draw(st.integers(0, 4)) == 0:
        return found | {"which": draw(st.sampled_from(["first", "last"]))}
    op, value = draw(counts)
    found["count"] = {"op": op, "value": value}
    if op in ("gte", "between") and draw(st.booleans()):
        found["measure"] = draw(measures)
    if op in ("gte", "between") and draw(st.booleans()):
        found["not_since"] = {"name": draw(st.sampled_from(EVENTS)), "where": draw(wheres)}
    return found


conditions = st.one_of(trait_conditions, event_conditions())
groups = st.recursive(
    conditions,
    lambda inner: st.builds(
        lambda match, parts: {"match": match, "conditions": parts},
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=5,
)
rules = st.builds(
    lambda match, parts: {"match": match, "conditions": parts},
    st.sampled_from(["all", "any", "none"]),
    st.lists(groups, min_size=1, max_size=3),
)
