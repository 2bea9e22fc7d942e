"""One rendering: its clock, its budget, its links, and what was missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from typing import Any, Protocol, TextIO

from liquid import BoundTemplate, RenderContext, Token
from liquid.exceptions import FilterError, LiquidError, LoopIterationLimitError, ResourceLimitError
from liquid.output import LimitedStringIO
from liquid.utils import ReadOnlyChainMap

from campaigns.content.errors import Abort
from campaigns.content.templates.limits import (
    MAX_ITERATIONS,
    MAX_OUTPUT_BYTES,
    MAX_PARTIALS,
    MAX_WORK,
    check,
    check_number,
    estimate,
    weight,
)


class LinkWriter(Protocol):
    """What stands behind the links of one message."""

    def href(self, index: int, url: str | None = None) -> str:
        """The address to write for link `index`, which goes to `url` (default: as compiled)."""

    def pixel(self) -> str:
        """The address of the open pixel, or '' for none."""


class NoLinks:
    """Previews of a bare template: links stay what they are."""

    def href(self, index: int, url: str | None = None) -> str:
        """The plain address."""
        return url or ""

    def pixel(self) -> str:
        """No pixel."""
        return ""


@dataclass(slots=True)
class RenderState:
    """What one rendering reads and uses up. `now` is aware; `templates` are the partials."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    templates: Mapping[str, str] = field(default_factory=dict)
    links: LinkWriter = field(default_factory=NoLinks)
    missing: dict[str, None] = field(default_factory=dict)  # a set that keeps the order
    work: int = 0
    iterations: int = 0
    partials: int = 0

    def spend(self, size: int) -> None:
        """Count a filter's result of `size` characters. Raises ResourceLimitError."""
        self.produce(check(size))

    def produce(self, size: int) -> None:
        """Count text that is made on the way to the output. Raises ResourceLimitError."""
        self.work += size
        if self.work > MAX_WORK:
            words = f"the template works on more than {MAX_WORK:,} characters of text"
            raise ResourceLimitError(words, token=None)

    def loop(self, times: int) -> None:
        """Count a loop of `times` rounds. Raises LoopIterationLimitError."""
        self.iterations += times
        if self.iterations > MAX_ITERATIONS:
            words = f"the template loops more than {MAX_ITERATIONS:,} times, all loops together"
            raise LoopIterationLimitError(words, token=None)

    def use_partial(self) -> None:
        """Count a partial that is rendered. Raises ResourceLimitError."""
        self.partials += 1
        if self.partials > MAX_PARTIALS:
            words = f"the template uses partials more than {MAX_PARTIALS:,} times"
            raise ResourceLimitError(words, token=None)

    def clock(self) -> dict[str, object]:
        """The names that a template may read the time from."""
        return {"now": self.now, "today": self.now.date()}


class MailContext(RenderContext):
    """A render context with our state; partials share the state of what includes them."""

    __slots__ = ("state",)
    state: RenderState

    def __init__(self, template: BoundTemplate, **options: Any) -> None:
        super().__init__(template, **options)
        parent = options.get("parent_context")
        self.begin(parent.state if isinstance(parent, MailContext) else RenderState())

    def begin(self, state: RenderState) -> "MailContext":
        """Use `state`, also for the time: the library's own clock is the server's, and local."""
        self.state = state
        self.scope = ReadOnlyChainMap(self.locals, self.globals, state.clock(), self.counters)
        return self

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        """The filter `name`, within the budget."""
        return partial(_guarded, self.state, name, super().filter(name, token))

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:
        """A buffer for a part, with what its parent has left."""
        used = buf.size if isinstance(buf, LimitedStringIO) else 0
        return _PartBuffer(MAX_OUTPUT_BYTES - used, self.state)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Nested loops are the library's; the sum of all is ours."""
        self.state.loop(length)
        super().raise_for_loop_limit(length)


class _PartBuffer(LimitedStringIO):
    """Of `capture` and the like: what is thrown away again is work as well."""

    def __init__(self, limit: int, state: RenderState) -> None:
        super().__init__(limit, None, "\n")
        self._state = state

    def write(self, text: str, /) -> int:
        """Count it and keep it."""
        self._state.produce(len(text))
        return super().write(text)


def output_buffer(limit: int) -> LimitedStringIO:
    """A buffer of at most `limit` bytes; LF said outright, or CR would be turned into it."""
    return LimitedStringIO(limit, None, "\n")


def _guarded(
    state: RenderState,
    name: str,
    function: Callable[..., object],
    value: Any,
    *args: Any,
    **kwargs: Any,
) -> object:
    estimate(name, value, args)
    try:
        result = function(value, *args, **kwargs)
    except (LiquidError, Abort):
        raise
    except Exception as error:  # whatever a filter makes of odd data is the template's error
        raise FilterError(f"{name}: {error}", token=None) from error
    check_number(result)
    state.spend(weight(result))
    return result
