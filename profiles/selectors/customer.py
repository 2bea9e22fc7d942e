"""Everything that the customer page says of a person, ready for its template."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from config.console.words import num
from config.workspace.digests import CONTACT_KINDS
from config.workspace.locales import country_name
from config.workspace.permissions import may
from config.workspace.selectors import workspace
from profiles.identifiers.normalise import normalise, normalise_email, normalise_kind
from profiles.models import Merge, Profile
from profiles.people.lineage import event_places
from profiles.selectors import activity
from profiles.selectors import traits as facts
from profiles.selectors.folding import Day, by_day, fold_bursts
from profiles.selectors.masking import Shown
from profiles.selectors.words import (
    joined_by,
    language_name,
    local_time,
    taken_in_by,
    trait_label,
    trait_text,
)
from profiles.timeline import Action, TimelineItem

HERE = timedelta(minutes=5)
FIRST_TRAITS = 7
FIRST_IDENTIFIERS = 6
MOST_PROPERTIES = 30
LONG = 500
MOST_JOINS = 20
CODE = 2  # letters of a country


@dataclass(frozen=True)
class SourcedValue:
    """A value and who said it."""

    id: int
    text: str
    source: str
    at: datetime
    is_proven: bool = True


@dataclass
class TraitLine:
    """A trait as a line: label, value, where from; and what others say."""

    label: str
    text: str
    source: str = ""
    at: datetime | None = None
    conflicts: list[SourcedValue] = field(default_factory=list)
    is_proven: bool = True  # False: only a browser or an app says so


@dataclass
class Customer:
    """The head and the left column."""

    name: str
    about: list[str]
    stage: str
    worth: facts.Worth
    is_here: bool
    traits: list[TraitLine]
    known: list[facts.KnownAs]
    former: list[str]
    reasons: list[str]
    events: int
    left_out: list[SourcedValue] = field(default_factory=list)  # said of them, and not theirs

    @property
    def first_traits(self) -> list[TraitLine]:
        """Those that show at once."""
        return self.traits[:FIRST_TRAITS]

    @property
    def more_traits(self) -> list[TraitLine]:
        """Those that open."""
        return self.traits[FIRST_TRAITS:]

    @property
    def conflicts(self) -> list[TraitLine]:
        """Traits on which sources disagree."""
        return [line for line in self.traits if line.conflicts]

    @property
    def first_known(self) -> list[facts.KnownAs]:
        """Identifiers that show at once."""
        return self.known[:FIRST_IDENTIFIERS]

    @property
    def more_known(self) -> list[facts.KnownAs]:
        """Identifiers that open."""
        return self.known[FIRST_IDENTIFIERS:]


def customer(person: Profile, shown: Shown) -> Customer:
    """Ten queries, whatever there is to say."""
    sources = facts.source_names()
    known, ids = facts.identifiers_of([person.pk], sources)[person.pk]
    joins = list(facts.joins_of(person.pk).filter(undone_at=None)[:MOST_JOINS])
    traits = facts.traits_of(person, sources)
    return Customer(
        name=shown.name(person.display_name),
        about=_about(person, shown),
        stage=shown.column("lifecycle", person.lifecycle),
        worth=facts.worth_of(event_places(person.pk)),
        is_here=timezone.now() - person.last_seen < HERE,
        traits=[_line(trait, shown) for trait in traits],
        known=[replace(row, value=shown.identifier(row.kind, row.value)) for row in known],
        former=[former for former in ids if former != str(person.public_id)],
        reasons=_reasons(known, joins),
        events=activity.count_events(person.pk),
        left_out=_left_out(traits, known, person, shown),
    )


def _left_out(
    traits: Sequence[facts.Trait],
    known: Sequence[facts.KnownAs],
    person: Profile,
    shown: Shown,
) -> list[SourcedValue]:
    """Addresses and numbers that were said of them and are not among their identifiers.

    Another person has it, there was no room for it, or it can be nobody's.
    """
    held = {(row.kind, row.value) for row in known}
    place = person.country if len(person.country) == CODE else workspace().country
    found: dict[tuple[str, str], SourcedValue] = {}
    for trait in traits:
        kind = trait.name if trait.name in CONTACT_KINDS else ""
        for said in [*([trait.used] if trait.used else []), *trait.others] if kind else []:
            value = normalise(kind, said.value, place) if isinstance(said.value, str) else ""
            if value and (kind, value) not in held:
                text = shown.identifier(kind, value)
                one = SourcedValue(said.id, text, said.source, said.at, said.is_proven)
                found.setdefault((kind, value), one)
    return list(found.values())[:FIRST_IDENTIFIERS]


def _about(person: Profile, shown: Shown) -> list[str]:
    clock = local_time(person.time_zone, timezone.now())
    return [
        fact
        for fact in (
            shown.column("country", country_name(person.country)),
            shown.column("time_zone", _("%(time)s their time") % {"time": clock} if clock else ""),
            shown.column("locale", language_name(person.locale)),
        )
        if fact
    ]


def _line(trait: facts.Trait, shown: Shown) -> TraitLine:
    def text(value: Any) -> str:
        if isinstance(value, str) and normalise_kind(trait.name) == "email":
            value = normalise_email(value) or value
        return trait_text(shown.value(trait.name, value))

    used = trait.used
    return TraitLine(
        label=shown.text(trait_label(trait.name)),
        text=text(trait.value),
        source=used.source if used else "",
        at=used.at if used else None,
        conflicts=[
            SourcedValue(s.id, text(s.value), s.source, s.at, s.is_proven) for s in trait.conflicts
        ],
        is_proven=used.is_proven if used else True,
    )


def _reasons(known: Sequence[facts.KnownAs], joins: Sequence[Merge]) -> list[str]:
    """Why all this is one person, in sentences."""
    kinds = {row.id: row.kind for row in known}
    merges = [row for row in joins if row.kind == Merge.Kind.MERGE]
    reasons = [joined_by(join.rule, str(join.absorbed_public_id)[:8]) for join in merges]
    if not reasons and len(known) > 1:
        names = ", ".join(dict.fromkeys(row.kind.replace("_", " ") for row in known))
        reasons = [
            _("Each came in a call that also carried another of them: %(names)s.")
            % {"names": names}
        ]
    reasons = reasons or [_("Only one identifier is known, so there was nothing to join.")]
    return reasons + _taken_in(kinds, [row for row in joins if row.kind == Merge.Kind.ATTACH])


def _taken_in(kinds: dict[int, str], rows: Sequence[Merge]) -> list[str]:
    """What may be another's; what several calls have in common once, with their number."""
    found = Counter(
        taken_in_by(kinds.get(row.via_id or 0, ""), row.evidence["kinds"], row.evidence["traits"])
        for row in rows
    )
    several = _("%(sentence)s (%(n)s such calls)")
    return [
        several % {"sentence": sentence, "n": num(n)} if n > 1 else sentence
        for sentence, n in found.items()
    ]


def days_of(
    items: Sequence[TimelineItem], shown: Shown, request: HttpRequest, day: str = ""
) -> list[Day]:
    """The timeline for this reader: what they may see, and may do."""

    def allowed(action: Action) -> bool:
        is_theirs = action.only in (None, request.user.pk)
        return is_theirs and (not action.permission or may(request.user, action.permission))

    readable = [_readable(item, shown, allowed) for item in items]
    return by_day(fold_bursts(readable), day)


def _readable(item: TimelineItem, shown: Shown, allowed: Any) -> TimelineItem:
    if not shown.personal:
        item = item.retell(shown) if item.retell else _masked(item, shown)
    return replace(
        item,
        properties=_plain(item.properties) if item.properties else None,
        actions=tuple(action for action in item.actions if allowed(action)),
    )


def _masked(item: TimelineItem, shown: Shown) -> TimelineItem:
    return replace(
        item,
        title=_text(item.title, shown),
        detail=_text(item.detail, shown),
        source=_text(item.source, shown),
        properties=shown.evidence(item.properties) if item.properties else None,
    )


def _text(text: Any, shown: Shown) -> Any:
    """A text without what looks personal; safe stays safe."""
    masked = shown.text(text)
    if isinstance(text, SafeString):
        return mark_safe(masked)  # noqa: S308 - only letters of addresses became asterisks
    return escape(masked)


def _plain(properties: dict[str, Any]) -> dict[str, str]:
    """Properties as short lines."""
    lines = list(properties.items())[:MOST_PROPERTIES]
    return {str(name)[:LONG]: trait_text(value)[:LONG] for name, value in lines}
