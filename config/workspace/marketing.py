"""What the workspace says of all marketing beside its frequency: quiet hours, a control group.

Two settings. `quiet_hours`, as `{"from": "21:00", "to": "08:00", "else": "hold" | "drop"}`: when
campaigns, and single marketing messages, reach nobody by their own clock. `holdout`: the share of
people (0 to 1) who get no marketing at all, the same ones in every send. From the next send on;
what is queued stays queued, and is asked for the quiet hours of the moment when it leaves.
"""

from collections.abc import Mapping
from typing import Final

from config.workspace.selectors import workspace
from config.workspace.stored import change_setting

QUIET, CONTROL = "quiet_hours", "holdout"
HOLD, DROP = "hold", "drop"  # until the quiet hours are over, or for good
MOST_CONTROL: Final = 0.5  # with more, most people would get nothing


def quiet_hours() -> Mapping[str, str] | None:
    """`from`, `to` and `else`; None where there are none."""
    found = workspace().setting(QUIET, None)
    return {"else": HOLD} | found if found else None


def control_share() -> float:
    """Of all people, 0 to 1; 0 is nobody."""
    return float(workspace().setting(CONTROL, 0) or 0)


def set_quiet_hours(hours: Mapping[str, str] | None) -> None:
    """None: there are none."""
    change_setting(QUIET, lambda _before: dict(hours) if hours else None)


def set_control_share(share: float) -> None:
    """Who is kept out changes as little as it can: a larger group has everybody of a smaller."""
    change_setting(CONTROL, lambda _before: share)
