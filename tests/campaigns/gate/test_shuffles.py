"""Who falls into which arm: exact shares, and no two draws that lean on one another."""

from itertools import combinations

import pytest

from campaigns.gate.expression import BUCKETS, arm_of
from campaigns.gate.terms import shuffle_of
from config.postgres.sql import run, sql

pytestmark = pytest.mark.django_db
SHARE = 0.1


def drawn(key: str) -> frozenset[int]:
    """The buckets of the first arm."""
    arm = arm_of([SHARE, 1 - SHARE], shuffle_of(key))
    asked = sql(
        "SELECT bucket FROM generate_series(0, {last}) AS bucket WHERE {arm} = 0",
        last=BUCKETS - 1, arm=arm,
    )  # fmt: skip
    return frozenset(number for (number,) in run(asked))


def test_each_draw_has_its_share_to_the_bucket_and_none_leans_on_another():
    draws = [drawn(f"holdout:{number}") for number in range(120)]
    assert {len(found) for found in draws} == {BUCKETS * SHARE}
    assert drawn("holdout:0") == draws[0]
    shared = [len(one & other) for one, other in combinations(draws, 2)]
    expected = BUCKETS * SHARE * SHARE
    assert expected * 0.5 < min(shared) and max(shared) < expected * 2
    assert abs(sum(shared) / len(shared) - expected) < 1
