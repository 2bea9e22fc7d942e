"""Whether colours can be told apart: the contrast of WCAG 2.2, from 1 to 21."""

import re
from typing import Final

WHITE, BLACK = "#ffffff", "#0e1213"
SURFACE: Final = {"accent": "#ffffff", "accent_dark": "#1b2123"}  # static/consent/banner.css
LEAST = 3.0  # of a part of the page against what is around it (1.4.11)
HEX = re.compile(r"#[0-9a-fA-F]{6}")


def contrast(one: str, other: str) -> float:
    """Of two colours as #rrggbb."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def ink_on(colour: str) -> str:
    """White or black, whichever is read better; one of them has at least 4.5."""
    return max((WHITE, BLACK), key=lambda ink: contrast(ink, colour))


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]  # noqa: PLR2004 - the standard's numbers
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
