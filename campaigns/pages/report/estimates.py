"""The picture of a lift: where the estimate, its interval and nought stand on one line."""

from dataclasses import dataclass

from config.console.words import num

# shares from tick to tick, each with the decimals that it has in points
STEPS = {
    0.0001: 2, 0.0002: 2, 0.0005: 2, 0.001: 1, 0.002: 1, 0.005: 1,
    0.01: 0, 0.02: 0, 0.05: 0, 0.1: 0, 0.2: 0, 0.5: 0, 1.0: 0,
}  # fmt: skip
LEFT, WIDE, NEAR, TICKS = 20, 420, 64, 5


@dataclass(frozen=True)
class Scale:
    """Coordinates as text, on a line of 460 units; ticks are (x, points)."""

    zero: str
    low: str
    high: str
    at: str
    width: str
    ticks: list[tuple[str, str]]


def points(share: float, decimals: int = 1) -> str:
    """A difference of shares in points, in the reader's manner: +3.1, −0.4."""
    return ("+" if share >= 0 else "") + num(share * 100, decimals)


def scale_of(difference: float, low: float, high: float) -> Scale:
    """Nought and the whole interval on one line, with a few ticks in points."""
    least, most = min(0.0, low), max(0.0, high)
    pad = (most - least) * 0.12 or 0.01
    least, most = least - pad, most + pad

    def x(share: float) -> float:
        return LEFT + WIDE * (share - least) / (most - least)

    step = next((one for one in STEPS if (most - least) / one <= TICKS), 1.0)
    marks = [step * n for n in range(int(least / step) - 1, int(most / step) + 2) if n]
    ticks = [
        (f"{x(mark):.1f}", points(mark, STEPS[step]))
        for mark in marks
        if least < mark < most and abs(x(mark) - x(0)) > NEAR
    ]
    return Scale(
        f"{x(0):.1f}", f"{x(low):.1f}", f"{x(high):.1f}", f"{x(difference):.1f}",
        f"{x(high) - x(low):.1f}", ticks,
    )  # fmt: skip
