"""Amounts in workspace currency, at the rate of the day."""

from bisect import bisect_right
from collections import defaultdict
from datetime import date
from typing import Any

from config.workspace.selectors import workspace
from profiles.models import ExchangeRate


class Rates:
    """The table of rates, read once and asked often."""

    def __init__(self, own: str, rows: list[tuple[str, date, float]]) -> None:
        self.own = own
        self._days: dict[str, list[date]] = defaultdict(list)
        self._rates: dict[str, list[float]] = defaultdict(list)
        for currency, day, rate in sorted(rows):
            self._days[currency].append(day)
            self._rates[currency].append(rate)

    def convert(self, amount: float, currency: Any, day: date) -> float | None:
        """`amount` in workspace currency at the rate in force on `day`; None if there is none.

        No currency named is the workspace's. A day before the first rate has none.
        """
        code = str(currency or self.own).strip().upper()
        if code == self.own:
            return amount
        at = bisect_right(self._days.get(code, []), day)
        return amount * self._rates[code][at - 1] if at else None


def rates() -> Rates:
    """The rates as they are now. One query."""
    rows = ExchangeRate.objects.values_list("currency", "day", "rate")
    return Rates(workspace().currency, list(rows))
