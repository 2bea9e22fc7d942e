"""What is wrong with a campaign as it was given, each fault with its JSON path."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from campaigns.content.kinds import CONTENTS
from config.workspace.api.problems import FieldError
from profiles.language.reading.reader import Reader, RuleProblem
from profiles.language.times.durations import UNITS, read_duration

HUGE = 1e300


class InvalidCampaign(ValueError):
    """The given campaign cannot be one. `errors` name every fault with its path."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{e['path']}: {e['message']}" for e in errors))
        self.errors = list(errors)


Errors = Iterator[FieldError]


def fault(path: str, message: str, code: str = "invalid") -> FieldError:
    """One error."""
    return FieldError(path=path, code=code, message=message)


def as_faults(problems: Sequence[RuleProblem]) -> Errors:
    """What a reader found."""
    yield from (fault(each.path, each.message, each.code) for each in problems)


def duration_faults(
    data: Mapping[str, Any], name: str, path: str, units: tuple[str, ...] = UNITS
) -> Errors:
    """Of the duration under `name`; none where there is none."""
    if data.get(name) is None:
        return
    reader = Reader(data, path)
    read_duration(reader, name, units=units)
    yield from (fault(f"{path}.{name}", each.message, each.code) for each in reader.problems)


def is_number(value: Any) -> bool:
    """A JSON number that a double holds."""
    given = isinstance(value, int | float) and not isinstance(value, bool)
    return given and abs(value) < HUGE


def not_connected(channel: str) -> str:
    """That nothing sends on this channel, and what does."""
    words = _("No provider for %(channel)s is connected; messages can use %(known)s.")
    return words % {"channel": channel, "known": ", ".join(CONTENTS.names())}
