"""What consent strings are made of: base64url text as bits, numbers, and lists of ids as ranges.

Sources: IAB Europe TCF v2.3 (Consent string and vendor list formats); IAB Tech Lab Global Privacy
Platform (Consent String Specification, "Section Encoding").
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from django.utils.translation import gettext_noop

BITS_A_CHARACTER = 6
LETTERS = 26
MOST_FIBONACCI = 40  # bits of one number; the ids of vendors need 24
_TEXT = re.compile(r"[A-Za-z0-9_-]*")
_RUN = re.compile("1+")

EMPTY = gettext_noop("it is empty")
NOT_BASE64 = gettext_noop("a part of it is no base64url text")
TOO_SHORT = gettext_noop("it ends too early")
NO_LETTER = gettext_noop("a language or country is no letters")
NO_RANGE = gettext_noop("a range of ids ends before it begins")
NOT_SORTED = gettext_noop("its sections are not in order")
NO_NUMBER = gettext_noop("a number in it has no end")


class Broken(ValueError):
    """A string that cannot be read, or does not count; `reason` is in English."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(reason % values if values else reason)
        self.reason = reason
        self.values = values


@dataclass(frozen=True)
class IdSet:
    """A set of ids as ranges that are in order and apart: a string of 3 kB may name 65,535."""

    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int]]) -> "IdSet":
        """Whatever order they are given in."""
        found: list[tuple[int, int]] = []
        for first, last in sorted(ranges):
            if found and first <= found[-1][1] + 1:
                found[-1] = (found[-1][0], max(last, found[-1][1]))
            else:
                found.append((first, last))
        return cls(tuple(found))

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and any(one <= number <= two for one, two in self.ranges)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)

    def __str__(self) -> str:
        """`2-5 9`."""
        return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in self.ranges)


class Bits:
    """Reads a segment from its first bit on. Every reading raises Broken where too few are left."""

    def __init__(self, text: str) -> None:
        if not text:
            raise Broken(EMPTY)
        if not _TEXT.fullmatch(text):
            raise Broken(NOT_BASE64)
        self._bytes = base64.urlsafe_b64decode(text + "A" * (-len(text) % 4))
        self._end = len(text) * BITS_A_CHARACTER
        self._at = 0

    def number(self, width: int) -> int:
        """An integer of so many bits."""
        begin, end = self._at, self._at + width
        if end > self._end:
            raise Broken(TOO_SHORT)
        self._at = end
        taken = int.from_bytes(self._bytes[begin // 8 : (end + 7) // 8])
        return (taken >> (-end % 8)) & ((1 << width) - 1)

    def flag(self) -> bool:
        """One bit."""
        return bool(self.number(1))

    def numbers(self, width: int, count: int) -> list[int]:
        """So many integers of so many bits."""
        return [self.number(width) for _ in range(count)]

    def field(self, width: int) -> IdSet:
        """Which bits are set, counted from 1."""
        if not width:
            return IdSet()
        shown = f"{self.number(width):0{width}b}"
        return IdSet(tuple((run.start() + 1, run.end()) for run in _RUN.finditer(shown)))

    def letters(self, count: int = 2) -> str:
        """Capital letters of six bits each."""
        found = self.numbers(BITS_A_CHARACTER, count)
        if any(one >= LETTERS for one in found):
            raise Broken(NO_LETTER)
        return "".join(chr(ord("A") + one) for one in found)

    def moment(self) -> datetime:
        """Tenths of a second since 1970, in 36 bits."""
        return datetime.fromtimestamp(self.number(36) / 10, UTC)

    def fibonacci(self) -> int:
        """A number of at least 1 that ends with two bits that are set."""
        total, one, two, before = 0, 1, 2, False
        for _ in range(MOST_FIBONACCI):
            bit = self.flag()
            if bit and before:
                return total
            total += one if bit else 0
            one, two, before = two, one + two, bit
        raise Broken(NO_NUMBER)

    def ranges(self) -> IdSet:
        """Range (Int): items of 16 bits."""
        found = []
        for _ in range(self.number(12)):
            is_group, first = self.flag(), self.number(16)
            last = self.number(16) if is_group else first
            if last < first or not first:
                raise Broken(NO_RANGE)
            found.append((first, last))
        return IdSet.of(found)

    def fibonacci_ranges(self) -> list[tuple[int, int]]:
        """Range (Fibonacci), in their order: each item counts on from the one before."""
        found, last = [], 0
        for _ in range(self.number(12)):
            is_group = self.flag()
            first = last + self.fibonacci()
            last = first + self.fibonacci() if is_group else first
            found.append((first, last))
        return found

    def vendors(self) -> IdSet:
        """OptimizedIntRange: the highest id, then ranges or a bit for each."""
        highest = self.number(16)
        return self.ranges() if self.flag() else self.field(highest)


def is_in_order(ranges: Iterable[tuple[int, int]]) -> bool:
    """Whether each begins after the one before."""
    return all(one[1] < two[0] for one, two in pairwise(ranges))
