"""Numbers, money and times are written whatever they are; nothing of them raises."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from config.console import charts, words

NUMBERS = [
    1e308,
    -1e308,
    5e-324,
    -0.0,
    float("inf"),
    float("-inf"),
    float("nan"),
    10**5_000,  # more digits than Python writes
    -(10**30),
    Decimal("1e100000"),
    Decimal("NaN"),
    True,
    0,
]
TEXTS = ["", "1e308", "nan", "٣", "²", "x", "9" * 5_000, "1e999999999999"]


@pytest.mark.parametrize("language", ["en", "id"])
def test_every_number_is_written(language):
    with translation.override(language):
        for value in [*NUMBERS, *TEXTS, [1], {"a": 1}, None]:
            assert len(words.num(value)) <= 5_000 and words.num(value)
            for currency in ("EUR", "", "XXX", "\u202eX", "toolong"):
                assert words.money(value, currency)
        for number in NUMBERS:
            value = number if isinstance(number, float) else 0.0
            for write in (words.compact, words.pct, words.lasting):
                assert write(value)
        for now, before in itertools.product([1e308, -1e308, float("inf"), 0.0, 1.0], repeat=2):
            words.change(now, before)


def test_what_is_beyond_reading_is_short_and_what_is_no_number_is_none():
    assert words.num(1e308) == "1.00e+308"
    assert words.money(-(10**5_000), "EUR") == "EUR −1.00e+5000"
    assert words.num(float("nan")) == words.money(float("inf")) == words.NOTHING
    assert words.money(999_999_999_999_999, "EUR") == "€999,999,999,999,999"
    assert words.num(-1234.5) == "−1,234.5"


def test_decimals_are_rounded_and_not_cut():
    assert (words.num(1.96, 1), words.num(1.94, 1), words.num(-1.96, 1)) == ("2.0", "1.9", "−2.0")
    assert (words.num(-0.04, 1), words.num(0.99, 0)) == ("0.0", "1")


@pytest.mark.parametrize("highest", [0, 5e-324, 1e-12, 3, 1e15, 1e308, float("inf"), float("nan")])
def test_a_chart_has_a_scale_whatever_its_values_are(highest):
    series = [charts.Series("Revenue", [0.0, highest, None])]
    assert charts.line_chart("Revenue", ["a", "b", "c"], series).rows


def test_the_labels_of_a_chart_have_the_room_that_they_take():
    labels = [f"{n} Nov 2026, 09:00 CET" for n in (21, 22)]
    names = ["dibuka", "diklik", "berhenti berlangganan"]
    ends = ("21 Nov, 09:00", "22 Nov, 09:00")
    drawn = charts.line_chart(
        "x", labels, [charts.Series(name, [1, 0]) for name in names], ends=ends
    )
    room = charts.WIDTH - float(drawn.parts["right"])
    assert room >= 9 + 6 * len("0 berhenti berlangganan")
    assert (drawn.parts["first"], drawn.parts["last"]) == ends
    assert [row[0] for row in drawn.rows] == labels
    alone = charts.line_chart("x", labels, [charts.Series(names[-1], [1, 0])])
    assert charts.WIDTH - float(alone.parts["right"]) == charts.LABELS, "one line has no name"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_times_at_the_edges_of_the_calendar_are_written(zone):
    first = datetime(1, 1, 1, tzinfo=UTC)
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    with timezone.override(zone):
        for value in (first, last, first + timedelta(days=1)):
            for write in (
                words.ago,
                words.exact,
                words.clock,
                words.minute,
                words.on_day,
                words.at,
                words.exactly,
                words.moment,
                words.hour,
                words.day_minute,
                words.in_words,
            ):
                assert write(value)
