"""Charts as inline SVG, drawn on the server: labelled directly, with a table behind each.

A function takes plain numbers and labels and gives an object for `{% chart %}`. Coordinates are
strings, so that no locale touches them. Lines differ by dash as well as by colour; hatched means
unfinished.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from config.console import words

WIDTH, BASE, TOP = 330.0, 154.5, 22.0
LEFT, LABELS = 34.0, 84.0  # room for the scale on the left and for a line's own label on the right
NEAR = 2  # bars
LEAST = 1e-9  # of a scale
LETTER, WIDEST = 6.5, 150.0  # of a line's own label: what a letter takes, and the most there is
GAP = 15.0  # between two labels at the line's end
_numbers = itertools.count(1)

Written = Callable[[float], str]


@dataclass(frozen=True)
class Series:
    """A line: its label and one value a point; None where nothing is known."""

    label: Any
    values: Sequence[float | None]


@dataclass(frozen=True)
class Bar:
    """A bar of a funnel: who is left, where they are, and why others left."""

    label: Any
    value: float
    url: str = ""
    loss: Any = ""


@dataclass
class Chart:
    """What the templates draw; `rows` is the table behind it."""

    template: str
    title: Any
    says: str
    columns: list[Any] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    parts: dict[str, Any] = field(default_factory=dict)
    key: str = field(default_factory=lambda: f"chart{next(_numbers)}")


def line_chart(
    title: Any,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    written: Written = words.num,
    column: Any = "",
    ends: tuple[str, str] | None = None,
) -> Chart:
    """At most three lines over the same points, each labelled at its end. Zero is on the scale.

    `ends` is what stands below the first and the last point, where their labels are too long
    to stand side by side.
    """
    right = WIDTH - _room(series, written)
    highest = max((v for s in series for v in s.values if v is not None), default=0)
    grid, scale = _scale(highest)
    step = (right - LEFT) / max(len(labels) - 1, 1)
    lines = []
    for number, one in enumerate(series[:3], start=1):
        points = [(LEFT + i * step, scale(v)) for i, v in enumerate(one.values) if v is not None]
        if not points:
            continue
        lines.append(
            {
                "n": str(number),
                "path": "M" + " L".join(f"{_c(x)} {_c(y)}" for x, y in points),
                "x": _c(points[-1][0]),
                "y": _c(points[-1][1]),
                "text_x": _c(points[-1][0] + 9),
                "at": points[-1][1] + 4,
                "value": written([v for v in one.values if v is not None][-1]),
                "label": one.label,
            }
        )
    _spread(lines)
    says = "; ".join(f"{line['label']} {line['value']}" for line in lines)
    return Chart(
        "console/components/line_chart.html",
        title,
        f"{title}: {says}",
        [column, *(one.label for one in series)],
        [
            [label, *("" if one.values[i] is None else written(one.values[i]) for one in series)]  # type: ignore[arg-type]
            for i, label in enumerate(labels)
        ],
        {
            "grid": grid,
            "lines": lines,
            "right": _c(right),
            "first": ends[0] if ends else labels[0] if labels else "",
            "last": ends[1] if ends else labels[-1] if labels else "",
        },
    )


def _room(series: Sequence[Series], written: Written) -> float:
    """What the labels at the lines' ends take; in some languages they are long."""
    if len(series) == 1:
        return LABELS
    last = [next((v for v in reversed(one.values) if v is not None), 0) for one in series]
    said = [f"{written(v)} {one.label}" for v, one in zip(last, series, strict=True)]
    return min(WIDEST, max(LABELS, 9 + LETTER * max(map(len, said))))


def bar_chart(
    title: Any,
    labels: Sequence[str],
    values: Sequence[float],
    *,
    unfinished: bool = False,
    last_label: Any = "",
    written: Written = words.num,
    column: Any = "",
) -> Chart:
    """Bars from zero; the first, the highest and the last carry their number.

    With `unfinished` the last one is hatched.
    """
    grid, scale = _scale(max(values, default=0))
    step = WIDTH / max(len(values), 1)
    finished = values[:-1] if unfinished else values
    highest = max(range(len(finished)), key=lambda i: finished[i], default=0)
    bars = []
    for i, value in enumerate(values):
        y = min(scale(value), BASE - (1 if value else 0))
        last = i == len(values) - 1
        bars.append(
            {
                "x": _c(i * step + step * 0.125),
                "y": _c(y),
                "width": _c(step * 0.75),
                "height": _c(BASE - y),
                "middle": _c((i + 0.5) * step if i else step * 0.125),
                "anchor": "middle" if i else "start",
                "text_y": _c(y - 6),
                "hatched": unfinished and last,
                "value": written(value) if i in (0, highest) or last else "",
            }
        )
    _no_neighbours(bars, highest)
    return Chart(
        "console/components/bar_chart.html",
        title,
        f"{title}: "
        + ", ".join(f"{label} {written(v)}" for label, v in zip(labels, values, strict=True)),
        [column, title],
        [[label, written(value)] for label, value in zip(labels, values, strict=True)],
        {
            "grid": grid,
            "bars": bars,
            "first": labels[0] if labels else "",
            "last": last_label or (labels[-1] if labels else ""),
        },
    )


def funnel(title: Any, bars: Sequence[Bar], *, written: Written = words.num) -> Chart:
    """Each bar's count, its share of the first, and the loss that hangs below it."""
    whole = bars[0].value if bars else 0
    drawn = [
        {
            "label": bar.label,
            "value": written(bar.value),
            "url": bar.url,
            "loss": bar.loss,
            "share": words.pct(bar.value / whole) if whole else "",
            "width": _c(100 * bar.value / whole if whole else 0),
        }
        for bar in bars
    ]
    says = ", ".join(f"{bar['label']} {bar['value']}" for bar in drawn)
    return Chart("console/components/funnel.html", title, f"{title}: {says}", parts={"bars": drawn})


def _scale(highest: float) -> tuple[list[dict[str, str]], Callable[[float], float]]:
    """Two to four round grid lines from zero on, and where a value lies."""
    highest = highest if LEAST < highest < math.inf else 1
    rough = highest / 3
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.85)
    top = max(highest, step)

    def at(value: float) -> float:
        return BASE - (BASE - TOP) * value / top

    lines = [{"y": _c(BASE), "text_y": "", "label": ""}]
    value = step
    while value <= top * 1.001:
        lines.append(
            {"y": _c(at(value)), "text_y": _c(at(value) - 4.5), "label": words.compact(value)}
        )
        value += step
    return lines, at


def _spread(lines: list[dict[str, Any]]) -> None:
    """Push labels at the lines' ends apart: downwards, and back up where they leave the picture."""
    ordered = sorted(lines, key=lambda line: line["at"])
    for above, below in itertools.pairwise(ordered):
        below["at"] = max(below["at"], above["at"] + GAP)
    limit = BASE
    for line in reversed(ordered):
        line["at"] = min(line["at"], limit)
        limit = line["at"] - GAP
    for line in lines:
        line["text_y"] = _c(line["at"])


def _no_neighbours(bars: list[dict[str, Any]], highest: int) -> None:
    """A number beside another would run into it: the first and the highest give way to the last."""
    if 0 < highest <= NEAR and bars:
        bars[0]["value"] = ""
    if len(bars) - 1 - NEAR <= highest < len(bars) - 1:
        last_is_low = float(bars[-1]["y"]) > float(bars[highest]["y"]) + GAP
        bars[highest]["value"] = bars[highest]["value"] if last_is_low else ""


def _c(number: float) -> str:
    """A coordinate."""
    return f"{number:.1f}"
