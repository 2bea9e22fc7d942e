"""How often: a comparison of a whole number that is always known."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.postgres.sql import Sql
from profiles.language.comparisons import COUNTING, Comparison, read_comparison
from profiles.language.operators import shown
from profiles.language.reading.reader import Reader
from profiles.language.subjects import Subject
from profiles.language.times.clock import Clock

ONCE = Comparison("gte", 1)


def read_count(reader: Reader) -> Comparison:
    """The count of `reader`'s object; at least once when absent."""
    inner = reader.mapping("count")
    if inner is None:
        return ONCE
    inner.only("op", "value")
    before = len(reader.problems)
    found = read_comparison(inner, "number")
    if len(reader.problems) > before:
        return ONCE
    values = found.value if isinstance(found.value, tuple) else (found.value,)
    if found.value is None:
        inner.fail("op", "operator_type", _("A count is always known."))
    elif any(value != int(value) or value < 0 for value in values):
        inner.fail("value", "type", _("A count is a whole number from 0."))
    else:
        return found
    return ONCE


def is_none(count: Comparison) -> bool:
    """Whether it is satisfied by zero alone."""
    return (count.op, count.value) in (("eq", 0), ("lt", 1), ("lte", 0), ("between", (0, 0)))


def is_once(count: Comparison) -> bool:
    """Whether it is satisfied by one and all above."""
    return (count.op, count.value) in (("gte", 1), ("gt", 0))


def count_test(count: Comparison, clock: Clock) -> Sql:
    """For HAVING."""
    return count.bare_test(Subject(number=Sql("count(*)")), clock)


def times(count: Comparison) -> str:
    """In words; "" for at least once."""
    if count.op in COUNTING:
        n = int(count.value)
        forms = {
            "gte": ngettext("at least %(n)s time", "at least %(n)s times", n),
            "gt": ngettext("more than %(n)s time", "more than %(n)s times", n),
            "lte": ngettext("at most %(n)s time", "at most %(n)s times", n),
            "lt": ngettext("less than %(n)s time", "less than %(n)s times", n),
            "eq": ngettext("exactly %(n)s time", "exactly %(n)s times", n),
            "ne": ngettext("other than %(n)s time", "other than %(n)s times", n),
        }
        return "" if is_once(count) else forms[count.op] % {"n": shown(n)}
    return count.describe(_("as often as"))


def count_words() -> dict[str, str]:
    """How often, before the number: the ways that a screen offers."""
    return {
        "gte": _("at least"),
        "eq": _("exactly"),
        "gt": _("more than"),
        "lt": _("less than"),
        "lte": _("at most"),
        "ne": _("other than"),
    }
