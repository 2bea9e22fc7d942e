"""`manage.py bench segments`: compiled rules against the hand-written queries of reference.sql.

Both run in one session, warm, alternately; the same people, median of at least five. Claim: a
compiled rule takes at most 1.3 times as long.
"""

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from django.db import transaction

from config.postgres.sql import Sql, run
from segments.rules import parse_rule, read_rule
from segments.rules.compiler import CompileContext, compile_rule
from segments.rules.size import MOST_CONDITIONS
from tests.scale.data import AS_OF, bench_database

LIMIT = 1.3
DAYS = {days: {"last": {"days": days}} for days in (7, 14, 30, 365)}


def _trait(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"kind": "trait", "field": field, "op": op, "value": value}


def _event(name: str, days: int, **fields: Any) -> dict[str, Any]:
    return {"kind": "event", "name": name, "window": DAYS[days]} | fields


def _all(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"match": "all", "conditions": list(conditions)}


RULES = {
    "traits": _all(
        _trait("country", "eq", "ID"), _trait("plan", "eq", "pro"), _trait("ltv", "gt", 100)
    ),
    "did_twice": _all(_event("Order Completed", 30, count={"op": "gte", "value": 2})),
    "did_a_not_b": _all(_event("Cart Added", 7, not_since={"name": "Order Completed"})),
    "property_sum": _all(
        _event(
            "Order Completed",
            365,
            where=[{"property": "category", "op": "eq", "value": "shoes"}],
            measure={"agg": "sum", "property": "revenue", "op": "gt", "value": 250},
        )
    ),
    "sequence": _all(
        {
            "kind": "sequence",
            "steps": [
                {"name": name} for name in ("Product Viewed", "Cart Added", "Order Completed")
            ],
            "within": {"days": 7},
            "window": DAYS[30],
        }
    ),
    "nested": _all(
        _trait("country", "in", ["ID", "SG", "MY"]),
        _trait("plan", "in", ["pro", "team"]),
        {
            "match": "any",
            "conditions": [_event("Order Completed", 30), _event("Checkout Started", 14)],
        },
        {"match": "none", "conditions": [{"kind": "segment", "slug": "left-out"}]},
    ),
}


def references() -> dict[str, Sql]:
    """The hand-written queries by name."""
    text = (Path(__file__).parent / "reference.sql").read_text()
    found = re.findall(r"-- name: (\w+)[^\n]*\n(.*?);", text, re.DOTALL)
    return {
        name: Sql(
            query.replace("%", "%%").replace(":asof", "%s::timestamptz"),
            (AS_OF,) * query.count(":asof"),
        )
        for name, query in found
    }


def main(argv: Sequence[str] = ()) -> int:
    """Print the times and ratios; 1 where a rule is slower than claimed or finds other people."""
    parser = argparse.ArgumentParser(prog="bench segments")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--only", default="")
    parser.add_argument("--explain", action="store_true")
    options = parser.parse_args(list(argv))
    failed = False
    with bench_database(options.people, options.events):
        print(
            f"{options.people:,} people, {options.events:,} events, median of {options.runs} runs"
        )
        print(f"{'rule':14}{'people':>10}{'by hand':>12}{'compiled':>12}{'ratio':>8}")
        for name, rule in RULES.items():
            if options.only in ("", name):
                failed |= _compare(name, rule, options)
        _show_large(max(options.runs, 5))
    print("slower than claimed" if failed else f"all within {LIMIT} of the hand-written queries")
    return int(failed)


def _compare(name: str, rule: dict[str, Any], options: argparse.Namespace) -> bool:
    with transaction.atomic():
        context = CompileContext(as_of=AS_OF)
        context.tune()
        hand, compiled = references()[name], compile_rule(parse_rule(rule), context)
        same = {row[0] for row in run(hand)} == {row[0] for row in run(compiled)}
        if options.explain:
            for query in (hand, compiled):
                print(
                    "\n".join(
                        row[0]
                        for row in run(
                            Sql("EXPLAIN (ANALYZE, BUFFERS) " + query.text, query.params)
                        )
                    )
                )
        times: dict[str, list[float]] = {"hand": [], "compiled": []}
        for _round in range(max(options.runs, 5)):
            times["hand"].append(_timed(hand))
            times["compiled"].append(_timed(compiled))
        count = run(_counted(compiled))[0][0]
    by_hand, ours = median(times["hand"]), median(times["compiled"])
    ratio = ours / by_hand
    note = "" if same else "  OTHER PEOPLE"
    print(f"{name:14}{count:>10,}{by_hand:>9.1f} ms{ours:>9.1f} ms{ratio:>8.2f}{note}", flush=True)
    return ratio > LIMIT or not same


def _large() -> dict[str, Any]:
    """As many clauses as a rule may have, of every kind."""
    makers: list[Callable[[int], dict[str, Any]]] = [
        lambda n: _trait("plan", "in", ["pro", f"plan {n}"]),
        lambda n: _trait("name", "contains", f"part {n}"),
        lambda n: _event(
            "Order Completed", 30, where=[{"property": "category", "op": "eq", "value": f"c{n}"}]
        ),
        lambda n: _event("Cart Added", 7, count={"op": "gte", "value": n + 1}),
        lambda _n: (
            {"kind": "consent", "purpose": "marketing", "channel": "email"} | {"status": "granted"}
        ),
    ]
    return _all(*(makers[n % len(makers)](n) for n in range(MOST_CONDITIONS)))


def _show_large(runs: int) -> None:
    """How long the largest rule takes to be read, looked up and compiled; no claim."""
    times: dict[str, list[float]] = {"parse": [], "names": [], "compile": []}
    for _round in range(runs):
        started = time.perf_counter()
        rule, notes = read_rule(_large())
        times["parse"].append(time.perf_counter() - started)
        started = time.perf_counter()
        rule = rule.named(notes.look_up())
        times["names"].append(time.perf_counter() - started)
        started = time.perf_counter()
        compile_rule(rule, CompileContext(as_of=AS_OF))
        times["compile"].append(time.perf_counter() - started)
    said = ", ".join(f"{name} {median(each) * 1000:.1f} ms" for name, each in times.items())
    print(f"a rule of {MOST_CONDITIONS} clauses: {said}", flush=True)


def _counted(query: Sql) -> Sql:
    return Sql(f"SELECT count(*) FROM ({query.text}) q", query.params)


def _timed(query: Sql) -> float:
    started = time.perf_counter()
    run(_counted(query))
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
