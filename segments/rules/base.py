"""The rule language: groups, and a registry of the kinds of condition.

A kind is one class in one file, signed in with `@register`; it may live in a higher app. Nothing
here knows a kind.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.utils.translation import gettext as _

from config.postgres.sql import Sql
from profiles.changes import keys_of
from profiles.language.reading.reader import Reader
from profiles.language.reading.references import FoundNames
from profiles.language.words import joined
from profiles.personal.tags import is_score
from profiles.selectors.masking import Shown
from segments.rules.algebra import Part, all_of, any_of, negate
from segments.rules.clause import Clause
from segments.rules.guarded import guards, permits, who_permitted
from segments.rules.profiling import unless_objected

if TYPE_CHECKING:
    from profiles.personal.names import FieldPlace
    from segments.rules.context import CompileContext

MATCHES = ("all", "any", "none")
SEGMENT = "segment:"  # what a change of a segment's members is announced as


class Condition(ABC):
    """One statement about a person. Instances are frozen dataclasses."""

    kind: ClassVar[str]
    # whether it holds for someone of whom nothing is known
    holds_when_unknown: bool = False

    @classmethod
    @abstractmethod
    def parse(cls, reader: Reader) -> Self:
        """Read one object, without the database.

        What is wrong goes to `reader.fail`, and the result is then not used; what is named of other
        objects goes to `reader.refer`, and is looked up afterwards.
        """

    @classmethod
    @abstractmethod
    def schema(cls) -> dict[str, Any]:
        """What its JSON looks like, beside `kind`: an object with an example, for OpenAPI."""

    @classmethod
    @abstractmethod
    def clause(cls) -> Clause:
        """How it reads and is changed in the builder."""

    @abstractmethod
    def compile(self, context: "CompileContext") -> Part:
        """Who: a test on the profile row, or a query for profile ids. Values are always bound."""

    @abstractmethod
    def describe(self) -> str:
        """In words, so that "People who ..." reads on: "did Order Completed at least twice"."""

    @abstractmethod
    def depends_on(self) -> set[str]:
        """Which announced changes can touch it: `event:NAME`, `trait:NAME`, `segment:slug`, ..."""

    @abstractmethod
    def found(self, context: "CompileContext", profile_id: int) -> str:
        """What was found of one person, in words."""

    def due_at(self, now: datetime) -> datetime | None:
        """From when on time alone may change the answer of `now`; None where it never does."""
        return None

    def named(self, found: FoundNames) -> Self:
        """The same, with the labels of what it names."""
        return self

    @classmethod
    def refers_to(cls, data: Mapping[str, Any]) -> set[tuple[str, str]]:
        """What one as it is stored names of other objects: `("segment", slug)`; unchecked data."""
        return set()

    def reads(self) -> "set[tuple[FieldPlace, str]]":
        """Each name of a person's data that the compiled condition reads, by where it stands."""
        return set()

    def properties_read(self) -> set[tuple[str, str]]:
        """Each property that it reads, with its event: (event, property)."""
        return set()

    def profiles(self) -> bool:
        """Whether it asks by what was worked out about people: a score, a group, a stage."""
        return any(is_score(place, name) for place, name in self.reads())

    def touches(self) -> "set[tuple[FieldPlace, str]]":
        """What it reads, and by which names of events: what may be guarded besides."""
        return self.reads()

    def masked(self, shown: Shown) -> Self:
        """The same without the operands of whoever wrote it that this reader may not see."""
        return self

    def unknown(self, context: "CompileContext") -> Part | None:
        """Of whom is not known what it asks, where those count as no; None where that cannot be."""
        return None

    def unfit(self, context: "CompileContext") -> Part | None:
        """Whose value is of another type than it compares with, where those count as no; None where
        that cannot be.
        """
        return None


KINDS: dict[str, type[Condition]] = {}
Kind = TypeVar("Kind", bound=type[Condition])


def register(condition: Kind) -> Kind:
    """Sign a kind in. Raises ValueError when its name is taken."""
    if KINDS.get(condition.kind, condition) is not condition:
        raise ValueError(f"the condition kind {condition.kind!r} is registered already")
    KINDS[condition.kind] = condition
    return condition


@dataclass(frozen=True)
class Group:
    """All, any or none of its parts. Empty: `all` and `none` are everybody, `any` is nobody."""

    match: str
    parts: tuple["Group | Condition", ...]

    def compile(self, context: "CompileContext") -> Part:
        """Who."""
        parts = [compiled(part, context) for part in self.parts]
        narrowing = context.narrowing(Sql("p.id"))
        if self.match == "all":
            return all_of(parts, narrowing)
        found = any_of(parts, narrowing)
        return negate(found) if self.match == "none" else found

    def due_at(self, now: datetime) -> datetime | None:
        """From when on time alone may change the answer of `now`; None where it never does."""
        return earliest(part.due_at(now) for part in self.parts)

    @property
    def holds_when_unknown(self) -> bool:
        """Whether someone of whom nothing is known is in."""
        holds = [part.holds_when_unknown and not is_guarded(part) for part in self.parts]
        if self.match == "all":
            return all(holds)
        return any(holds) if self.match == "any" else not any(holds)

    def halves(self) -> "tuple[Group, Group | None]":
        """Who is in, and who is left out of them: the last part, if that is a group of `none`."""
        last = self.parts[-1] if self.match == "all" and self.parts else None
        if not isinstance(last, Group) or last.match != "none" or not last.parts:
            return self, None
        return Group("all", self.parts[:-1]), Group("any", last.parts)

    def depends_on(self) -> set[str]:
        """All that its parts depend on."""
        own = {name for part in self.parts for name in part.depends_on()}
        asks = any(is_guarded(part) or is_profiling(part) for part in self.parts)
        return own | {"consent"} if asks else own

    def reads(self) -> "set[tuple[FieldPlace, str]]":
        """All that its parts read."""
        return {name for part in self.parts for name in part.reads()}

    def named(self, found: FoundNames) -> "Group":
        """The same, with the labels of what its parts name."""
        return Group(self.match, tuple(part.named(found) for part in self.parts))

    def masked(self, shown: Shown) -> "Group":
        """The same without the operands that this reader may not see."""
        if shown.personal:
            return self
        return Group(self.match, tuple(part.masked(shown) for part in self.parts))

    def describe(self) -> str:
        """In words; what the last part leaves out is said as such."""
        kept, out = self.halves()
        if out is not None:
            halves = {"kept": kept.describe(), "out": out.describe()}
            return _("%(kept)s, but leave out: %(out)s") % halves
        if not self.parts:
            return _("nobody") if self.match == "any" else _("everybody")
        words = [
            f"({part.describe()})"
            if isinstance(part, Group) and len(part.parts) > 1
            else in_words(part)
            for part in self.parts
        ]
        if self.match == "all":
            return joined(words, _("and"))
        if self.match == "any":
            return joined(words, _("or"))
        return _("not: %(words)s") % {"words": joined(words, _("or"))}


Rule = Group | Condition


def needed_of(part: Rule, context: "CompileContext") -> list[Part]:
    """Of whom alone the condition is asked: who permitted what is guarded, and who did not object
    where it profiles. Empty where that is everybody.
    """
    if not isinstance(part, Condition):
        return []
    found = permits(part.touches(), context)
    return [*found, unless_objected(context)] if part.profiles() else found


def in_words(part: Rule) -> str:
    """What `describe` says, and of whom alone it is asked. A query where something is guarded."""
    words = part.describe()
    if not isinstance(part, Condition):
        return words
    notes = [who_permitted(part.touches())]
    notes += [_("not of those who object to profiling")] if part.profiles() else []
    said = [note for note in notes if note]
    if not said:
        return words
    together = joined(said, _("and"))
    return f"{words} ({together})"


def compiled(part: Rule, context: "CompileContext") -> Part:
    """Who; of a condition that reads guarded data, or profiles, of those alone whom it may."""
    found = part.compile(context)
    needed = needed_of(part, context)
    return all_of([found, *needed], context.narrowing(Sql("p.id"))) if needed else found


def is_guarded(part: Rule) -> bool:
    """Whether the condition reads data that people have to permit."""
    return isinstance(part, Condition) and bool(guards(part.touches()))


def is_profiling(part: Rule) -> bool:
    """Whether the condition asks by what was worked out about people."""
    return isinstance(part, Condition) and part.profiles()


def earliest(moments: Iterable[datetime | None]) -> datetime | None:
    """The first of these; None where there is none."""
    return min((moment for moment in moments if moment), default=None)


def used_slugs(rule: Group) -> list[str]:
    """The segments that a rule names itself, each once."""
    return keys_of(SEGMENT, sorted(rule.depends_on()))


def walk(rule: Group, path: str = "") -> Iterator[tuple[str, Condition]]:
    """Each condition with its JSON path, in the order of the rule."""
    for index, part in enumerate(rule.parts):
        place = f"{path}.conditions[{index}]" if path else f"conditions[{index}]"
        if isinstance(part, Group):
            yield from walk(part, place)
        else:
            yield place, part
