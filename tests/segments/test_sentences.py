"""Rules read as sentences."""

import pytest

from segments.rules import parse_rule
from tests.segments.builders import event, group, trait

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            group(
                "all",
                event(
                    "Order Completed",
                    count={"op": "gte", "value": 2},
                    window={"last": {"days": 30}},
                    where=[{"property": "category", "op": "eq", "value": "shoes"}],
                ),
            ),
            "did Order Completed at least 2 times in the last 30 days, where category is shoes",
        ),
        (
            group("all", event("X", count={"op": "eq", "value": 0}, window={"last": {"days": 1}})),
            "did not do X in the last 1 day",
        ),
        (
            group(
                "any", trait("plan", "in", ["pro", "team"]), trait("profile.country", "is_not_set")
            ),
            "plan is one of pro or team or country is not known",
        ),
        (
            group(
                "all",
                trait("a", "is_true"),
                group("none", trait("b", "is_set"), trait("c", "is_set")),
            ),
            "a is true, but leave out: b is known or c is known",
        ),
        (group("all", trait("plan", "eq", "")), "plan is empty"),
        (group("all", trait("plan", "in", ["pro", " "])), "plan is one of pro or “ ”"),
        (group("all"), "everybody"),
    ],
)
def test_sentence(rule, sentence) -> None:
    assert parse_rule(rule).describe() == sentence
