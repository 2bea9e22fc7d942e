"""The reference of the rule language (docs/integrators/rules.md), made from its classes.

`manage.py rules` writes it anew; `tests/segments/test_documenting.py` fails where the page is not
what the classes say. Kinds, operators, columns, durations and limits are read; only what no
class can say (how groups, windows and days are meant) stands here in sentences.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import override

from config.paths import BASE_DIR
from profiles.language.columns import COLUMNS, PREFIX
from profiles.language.measures import AGGREGATES
from profiles.language.operators import OPERATORS
from profiles.language.times.durations import LONGEST
from segments.rules import KINDS, size
from segments.rules.base import MATCHES

PAGE = BASE_DIR / "docs" / "integrators" / "rules.md"
Rule = dict[str, Any]

# an operand for each way in which a screen asks for one, and a trait that it fits
OPERANDS: dict[str, tuple[str, Any]] = {
    "none": ("plan", None),
    "one": ("plan", "pro"),
    "text": ("company", "mill"),
    "several": ("plan", ["pro", "team"]),
    "number": ("age", 18),
    "range": ("age", [18, 30]),
    "moment": ("trial_ends_at", "2026-11-20"),
    "duration": ("trial_ends_at", {"days": 7}),
}
# where another one says it better
BETTER: dict[str, tuple[str, Any]] = {
    "matches": ("postcode", "^10[0-9]{3}$"),
    "is_true": ("newsletter", None),
    "is_false": ("newsletter", None),
    "anniversary_in": ("birthday", {"days": 7}),
    "in_last": ("signed_up_at", {"days": 30}),
    "contains": ("interests", "camping"),
    "not_contains": ("interests", "camping"),
}
TYPES = {"json": "traits, properties", "text": "texts", "number": "numbers", "time": "times"}

# what a kind can say beside its first example, each with its words
MORE: dict[str, list[tuple[str, Rule]]] = {
    "trait": [
        (
            "A column of the profile",
            {"field": "profile.country", "op": "in", "value": ["NL", "BE"]},
        ),
        (
            "A value within an object",
            {"field": "address.city", "op": "eq", "value": "Utrecht"},
        ),
        (
            "A tenth of all people, drawn once and for good",
            {"field": "profile.bucket", "op": "lt", "value": 1000},
        ),
        (
            "A birthday within a week",
            {"field": "birthday", "op": "anniversary_in", "value": {"days": 7}},
        ),
    ],
    "event": [
        (
            "At least twice in 30 days, of one category",
            {
                "name": "Order Completed",
                "where": [{"property": "category", "op": "eq", "value": "shoes"}],
                "window": {"last": {"days": 30}},
                "count": {"op": "gte", "value": 2},
            },
        ),
        (
            "Did not: none in 90 days",
            {
                "name": "Order Completed",
                "window": {"last": {"days": 90}},
                "count": {"op": "eq", "value": 0},
            },
        ),
        (
            "For more than 250 in a year",
            {
                "name": "Order Completed",
                "window": {"last": {"days": 365}},
                "measure": {"agg": "sum", "property": "revenue", "op": "gt", "value": 250},
            },
        ),
        (
            "A product of an order",
            {
                "name": "Order Completed",
                "where": [{"property": "products.category", "op": "eq", "value": "tents"}],
            },
        ),
        (
            "Between two days of the workspace, the last one included",
            {"name": "Store Visited", "window": {"from": "2026-11-01", "to": "2026-11-30"}},
        ),
        (
            "Ordered for the first time ever in the last week",
            {"name": "Order Completed", "which": "first", "window": {"last": {"days": 7}}},
        ),
        (
            "Put something into the cart and bought nothing since",
            {
                "name": "Product Added",
                "window": {"last": {"days": 3}},
                "not_since": {"name": "Order Completed"},
            },
        ),
    ],
    "sequence": [
        (
            "Viewed and bought within a week, and emptied the cart nowhere in between",
            {
                "steps": [{"name": "Product Viewed"}, {"name": "Order Completed"}],
                "within": {"days": 7},
                "without": [{"name": "Cart Emptied"}],
            },
        ),
        (
            "Put something into the cart, and ordered nothing within the hour after it",
            {
                "steps": [{"name": "Product Added"}],
                "without": [{"name": "Order Completed"}],
                "within": {"hours": 1},
                "window": {"last": {"days": 2}},
            },
        ),
        (
            "Viewed a product, and did not buy the same",
            {
                "steps": [{"name": "Product Viewed"}],
                "without": [{"name": "Order Completed", "same": "products.product_id"}],
                "same": "product_id",
                "window": {"last": {"days": 14}},
            },
        ),
    ],
    "message": [
        (
            "Opened no mail in 30 days",
            {
                "status": "opened",
                "channel": "email",
                "window": {"last": {"days": 30}},
                "count": {"op": "eq", "value": 0},
            },
        ),
        (
            "Left by a message",
            {"status": "unsubscribed", "window": {"last": {"days": 90}}},
        ),
    ],
    "consent": [
        (
            "Were never asked about marketing by SMS",
            {"purpose": "marketing", "channel": "sms", "status": "never_asked"},
        ),
    ],
}
INSIDE = {"name": "Order Completed", "window": {"since_entry": True}}


def condition(kind: str, fields: Mapping[str, Any]) -> Rule:
    """One condition as a whole rule."""
    return {"match": "all", "conditions": [{"kind": kind} | dict(fields)]}


def of_operator(name: str) -> Rule:
    """The example of an operator: a condition on a trait."""

    field, value = BETTER.get(name) or OPERANDS[OPERATORS[name].widget]
    if name in ("before", "after"):
        field = "trial_ends_at"
    tested = {"field": field, "op": name}
    return condition("trait", tested if value is None else tested | {"value": value})


def examples() -> Iterator[tuple[str, Rule, bool]]:
    """Every rule of the page: what it shows, the rule, and whether it needs an entry."""

    for kind in sorted(KINDS):
        yield kind, condition(kind, KINDS[kind].schema()["example"]), False
        for words, fields in MORE.get(kind, ()):
            yield words, condition(kind, fields), False
    for name in OPERATORS:
        yield name, of_operator(name), False
    yield "groups", GROUPS, False
    yield "since_entry", condition("event", INSIDE), True


GROUPS: Rule = {
    "match": "all",
    "conditions": [
        {"kind": "consent", "purpose": "marketing", "channel": "email", "status": "granted"},
        {
            "match": "any",
            "conditions": [
                {"kind": "trait", "field": "plan", "op": "eq", "value": "pro"},
                {
                    "kind": "event",
                    "name": "Order Completed",
                    "window": {"last": {"days": 365}},
                    "count": {"op": "gte", "value": 3},
                },
            ],
        },
        {"match": "none", "conditions": [{"kind": "segment", "slug": "buyers"}]},
    ],
}


def page() -> str:
    """The whole page, in English."""

    with override("en"):
        parts = [_head(), _groups(), _kinds(), _operators(), _times(), _limits(), _errors()]
        return "\n\n".join(part.strip() for part in parts) + "\n"


def _block(rule: Rule) -> str:
    return f"```json\n{_json(rule)}\n```"


def _json(value: Any, depth: int = 0, width: int = 96) -> str:
    """As somebody would write it: on one line where it fits."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + 2 * depth <= width or not isinstance(value, dict | list):
        return line
    pad, end = "  " * (depth + 1), "  " * depth
    if isinstance(value, list):
        inner = ",\n".join(pad + _json(each, depth + 1) for each in value)
        return f"[\n{inner}\n{end}]"
    inner = ",\n".join(f'{pad}"{name}": {_json(each, depth + 1)}' for name, each in value.items())
    return f"{{\n{inner}\n{end}}}"


def _said(text: str | None) -> str:
    """A docstring on one line."""
    return " ".join((text or "").split())


def _head() -> str:
    return """
# The rule language

<!-- Written by `manage.py rules` from the classes; a test compares. Change those. -->

A rule says who is in a segment. It is JSON, and the same in the API (`POST /api/segments/`,
field `rule`), in the builder of the console, in ways of a campaign that part (`when`) and in
the database. `POST /api/segments/preview/` counts a rule without keeping it, and answers with
its sentence; `GET /api/profiles/PERSON/explain/?segment=SLUG` says for one person which
condition holds, and what was found. How rules are kept up to date is in
[Segments](../segments.md).
"""


def _groups() -> str:

    matches = ", ".join(f"`{name}`" for name in MATCHES)
    return f"""
## Groups

A rule is a group: `match` (one of {matches}) and `conditions`, each a condition or a group
again. `all`: every one holds; `any`: at least one; `none`: not one, which is how something is
denied ("not in the segment", "neither this nor that"). An empty `all` or `none` is everybody,
an empty `any` nobody. Fields that a condition does not have are refused, in groups too.

{_block(GROUPS)}
"""


def _kinds() -> str:

    names = ", ".join(f"`{name}`" for name in sorted(KINDS))
    parts = [f"## Conditions\n\nThe `kind` of a condition is one of {names}."]
    parts += [_kind(name) for name in sorted(KINDS)]
    return "\n\n".join(parts)


def _kind(name: str) -> str:

    kind = KINDS[name]
    schema = kind.schema()
    rows = [
        _field(field, inner, field in schema.get("required", ()))
        for field, inner in schema["properties"].items()
    ]
    table = "\n".join(["| field | | takes |", "| --- | --- | --- |", *rows])
    text = [
        f"### `{name}`",
        _said(kind.__doc__),
        table,
        _block(condition(name, schema["example"])),
    ]
    if name == "trait":
        columns = ", ".join(f"`{PREFIX}{one}` ({type_})" for one, type_ in COLUMNS.items())
        text.append(f"Columns of the profile are {columns}; any other name is a trait.")
    for words, fields in MORE.get(name, ()):
        text += [f"{words}:", _block(condition(name, fields))]
    return "\n\n".join(text)


def _field(name: str, schema: Mapping[str, Any], is_needed: bool) -> str:
    return f"| `{name}` | {'needed' if is_needed else ''} | {_takes(name, schema)} |"


def _takes(name: str, schema: Mapping[str, Any]) -> str:
    if name in ("op", "value"):
        return {"op": "an operator, below", "value": "what the operator takes"}[name]
    if name == "window":
        return "when it happened; absent: ever. See [times](#times)"
    if name == "where":
        return "tests of its properties, all of them: `property`, `op`, `value`"
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if schema.get("type") == "object":
        inner = ", ".join(
            f"`{one}`" + (f" ({_values(of)})" if "enum" in of and one not in ("op",) else "")
            for one, of in schema["properties"].items()
        )
        return f"an object of {inner}"
    return str(schema.get("description", "a text"))


def _values(schema: Mapping[str, Any]) -> str:
    return " ".join(str(one) for one in schema["enum"])


def _operators() -> str:

    rows = [
        f"| `{name}` | {one.words()} | {_said(type(one).__doc__)} | {_types(one)} | "
        f"`{json.dumps(_operand(name), ensure_ascii=False)}` |"
        for name, one in OPERATORS.items()
    ]
    denying = ", ".join(f"`{name}`" for name, one in OPERATORS.items() if one.denies)
    table = "\n".join(
        [
            "| `op` | in words | holds for | can be asked of | example |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        ]
    )
    return f"""
## Operators

They are the same for traits, properties of events (`where`), measures and counts, and in the
goals of campaigns. A missing value (JSON null, an empty column) satisfies {denying} and nothing
else. Types are strict: 5 is not "5", and `gt` of a text is false. Names that end in `email`,
`phone` or `mobile` compare in the form in which identifiers do; country, currency and language
in any case.

{table}
"""


def _operand(name: str) -> Rule:
    (only,) = of_operator(name)["conditions"]
    return dict(only)


def _types(operator: Any) -> str:
    return ", ".join(TYPES[one] for one in operator.types)


def _times() -> str:

    units = ", ".join(f"`{unit}` (at most {most:,})" for unit, most in LONGEST.items())
    aggregates = ", ".join(f"`{one}`" for one in AGGREGATES)
    return f"""
## Times

A **duration** is an object of one unit: {units}. Months are calendar months of the workspace's
zone; everything else is rolling: `{{"days": 30}}` is 720 hours, to the minute.

A **window** says when an event counts: `{{"last": DURATION}}` up to now; `{{"from": WHEN, "to":
WHEN}}`, either of which may be left out; absent, ever. `{{"since_entry": true}}` is since the
person entered, and works in rules inside a campaign alone:

{_block(condition("event", INSIDE))}

**WHEN** is a day (`2026-11-20`) or a moment (`2026-11-20T09:00:00Z`). A day is a day of the
workspace's time zone, whoever reads or runs the rule, and the end of a window includes it; a
moment without an offset is UTC. `anniversary_in` alone goes by the person's own zone (else the
workspace's): `{{"days": 0}}` is today, and 29 February is kept on the 28th.

## How often, how much

`count` compares how often an event happened within its window (absent: at least once); `{{"op":
"eq", "value": 0}}` is "did not". `measure` compares {aggregates} of a property over the events
that match; `revenue` is in the workspace's currency. `not_since` leaves out whom such an event
followed. A count that zero satisfies goes with neither of the two.
"""


def _limits() -> str:

    return f"""
## Limits

A rule has at most {size.MOST_CONDITIONS:,} conditions and {size.MOST_GROUPS:,} groups,
{size.DEEPEST} deep; it compares at most {size.MOST_TESTS:,} properties, and has
{size.MOST_VALUES:,} values and {size.MOST_CHARACTERS:,} characters. Segments use one another
{size.MOST_LEVELS} deep, with {size.MOST_IN_ALL:,} conditions in all; a circle is refused, with
its way. A rule that takes too long to count is 422.
"""


def _errors() -> str:
    return """
## What is wrong, and where

What cannot be read is refused with 400, each fault with its JSON path, which begins at the
rule:

```
{"type": "about:blank", "title": "Bad request", "status": 400,
 "detail": "“likes” is no kind of condition; known are consent, event, segment, trait.",
 "errors": [{"path": "conditions[0].kind", "code": "unknown_kind", "message": "“likes” is ..."}]}
```

A key or role that sees personal data masked cannot ask by it: code `personal`.
"""
