"""Seeded streams of chance: the same key always gives the same draws, whatever else was drawn."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from math import exp
from random import Random

_PRIME = 1_000_003


def mix(seed: int, *parts: int) -> int:
    """One integer for `seed` and `parts` (none of them negative), the seed of a stream."""
    key = seed + 1
    for part in parts:
        key = key * _PRIME + part + 1
    return key


def stream(seed: int, *parts: int) -> Random:
    """A fresh stream for the key (`seed`, `parts`); costs some 4 microseconds."""
    return Random(mix(seed, *parts))  # noqa: S311 - invented customers, no secrets


def cumulative(weights: Sequence[float]) -> tuple[float, ...]:
    """Running sums of `weights`, as `draw` takes them."""
    return tuple(accumulate(weights))


def draw(rng: Random, sums: Sequence[float]) -> int:
    """An index, each as likely as its weight in the running `sums`."""
    return bisect(sums, rng.random() * sums[-1], 0, len(sums) - 1)


def poisson(rng: Random, mean: float) -> int:
    """How often a thing happens that happens `mean` times on average (for means below some 50)."""
    if mean <= 0:
        return 0
    limit, count, product = exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count


def between(rng: Random, low: float, high: float) -> float:
    """A number from `low` to `high`, all equally likely."""
    return low + (high - low) * rng.random()
