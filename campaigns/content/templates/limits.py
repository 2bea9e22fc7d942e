"""What a template may use up. Counts, not seconds: a template fails on every machine or none.

The library limits loops and output but not chained filters (three `replace` made 0.88 MB of 30
bytes), not loops one after another, and not the sum of the work; that is what stands here.
"""

from collections.abc import Callable
from math import log10
from typing import Any

from liquid.exceptions import ResourceLimitError

MAX_VALUE = 256 * 1024  # characters in one value, or in all items of one list
MAX_WORK = 32 * 1024 * 1024  # characters that all filters of one rendering may produce
MAX_ITERATIONS = 20_000  # of all loops of one rendering together
MAX_OUTPUT_BYTES = 1024 * 1024
MAX_NAMESPACE_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 20  # of `render` and `include` in each other
MAX_PARTIALS = 1_000  # renderings of partials in one rendering
MAX_RANGE = MAX_ITERATIONS  # numbers in `(1..n)`, also where nothing loops over it
MAX_DIGITS = 100  # of a whole number that a filter makes
MAX_NODES = 20_000  # outputs, tags and texts between them in one template
MAX_STRIPPED = 64 * 1024  # characters; the tag stripper is slow on broken mark-up
_ONE = 8  # characters that we count for whatever has no length


def weight(value: object, limit: int = MAX_VALUE) -> int:
    """Characters in `value`, lists and dicts included; stops counting once past `limit`."""
    total = 1
    stack = [value]
    while stack and total <= limit:
        item = stack.pop()
        if isinstance(item, str):
            total += len(item)
        elif isinstance(item, list | tuple):
            total += len(item)
            stack.extend(item)
        elif isinstance(item, dict):
            total += len(item)
            stack.extend(item.values())
        else:
            total += item.bit_length() >> 3 if isinstance(item, int) else _ONE
    return total


def check(size: int) -> int:
    """Raise ResourceLimitError where a value of `size` characters is too long."""
    if size > MAX_VALUE:
        raise ResourceLimitError(f"a value is longer than {MAX_VALUE:,} characters", token=None)
    return size


def check_number(value: object) -> None:
    """Raise ResourceLimitError for a whole number of too many digits: the next step squares it."""
    if isinstance(value, int) and value.bit_length() > MAX_DIGITS / log10(2):
        raise ResourceLimitError(f"a number has more than {MAX_DIGITS} digits", token=None)


def _replaced(value: object, old: object = "", new: object = "", *_: object) -> int:
    text, old_text, new_text = str(value), str(old), str(new)
    times = text.count(old_text)
    return len(text) + times * (len(new_text) - len(old_text))


def _joined(value: object, separator: object = " ", *_: object) -> int:
    count = len(value) if isinstance(value, list | tuple | range) else 1
    return weight(value) + count * len(str(separator))


def _ranged(value: object, *_: object) -> int:
    return len(value) if isinstance(value, range) else 0


def _stripped(value: object, *_: object) -> int:
    return MAX_VALUE + 1 if len(str(value)) > MAX_STRIPPED else 0


def _squared(value: object, *_: object) -> int:
    # each item is compared with all before it; 1,024 different ones are still allowed
    return len(value) ** 2 // 4 if isinstance(value, list | tuple) else 0


# How long the result would be, asked before the filter runs and uses the memory.
ESTIMATES: dict[str, Callable[..., int]] = {
    "replace": _replaced,
    "join": _joined,
    "strip_html": _stripped,
    "safe": _stripped,
    "uniq": _squared,
}


def estimate(name: str, value: Any, args: tuple[Any, ...]) -> None:
    """Refuse a filter call whose result would be too long. Raises ResourceLimitError."""
    check(_ranged(value))
    if name in ESTIMATES:
        check(ESTIMATES[name](value, *args))
