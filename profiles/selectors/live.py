"""What comes in now: the newest calls, kept and refused, and how far behind the work is.

The newest events are found by id: ids only grow, and a block-range index over `id` finds the last
so many in a millisecond or two whatever the size of the table, at next to no cost for the writer.

A page that stays open asks `mark` first: one query, and nothing more while nothing came.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone

from profiles.models import (
    Event,
    EventDefinition,
    Inbox,
    Merge,
    Profile,
    RefusalCount,
    Rejection,
    Source,
)
from profiles.selectors.finding import search
from profiles.selectors.masking import FieldPlace, Shown

PAGE = 40
WINDOWS = (200, 4_000, 80_000)
MINUTE_WINDOW = 30_000
SHARED_DAYS = 7
MOST_NEWER = 999
SECONDS = 60
TYPES = ("identify", "track", "page", "screen", "group", "alias")
KEPT, REFUSED = "kept", "refused"
# ids are given out before their rows are committed: so many below the last shown may come late
LATE = 500
SOUGHT_PEOPLE = 100
SOUGHT_REFUSED = 2_000  # of the newest refused calls, whose words are looked through
UNNAMED = ("Page Viewed", "Screen Viewed", "identify", "group", "alias")  # of no definition


@dataclass(frozen=True)
class Sought:
    """What a search may mean: people, names of events, sources, the id of a message."""

    people: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()
    message_id: str = ""
    words: str = ""  # looked for in refused calls; "" for whoever may not read them whole

    def events(self) -> Q:
        """Kept calls that are meant."""
        query = Q(name__in=self.names) | Q(source_id__in=self.sources)
        query |= Q(profile_id__in=self.people)
        return query | Q(message_id=self.message_id) if self.message_id else query

    def rejections(self, newest: int) -> Q:
        """Refused calls that are meant."""
        query = Q(source_id__in=self.sources)
        query |= Q(message_id=self.message_id) if self.message_id else Q()
        if self.words:
            query |= Q(body__icontains=self.words)
        return query & Q(id__gt=newest - SOUGHT_REFUSED)


def sought(term: str, shown: Shown) -> Sought:
    """What `term` may mean to this reader. People are searched for as everywhere. Six queries."""
    people = search(term, shown=shown).order_by("-last_seen").values_list("pk", flat=True)
    known = EventDefinition.objects.filter(name__icontains=term).values_list("name", flat=True)
    lowered = term.lower()
    names = {*known, *(name for name in UNNAMED if lowered in name.lower())}
    named = Source.objects.filter(name__icontains=term).values_list("pk", flat=True)
    return Sought(
        people=tuple(people[:SOUGHT_PEOPLE]),
        # what is shown masked would be spelled out by asking for ever longer parts
        names=tuple(
            sorted(
                name
                for name in names
                if shown.may_ask(FieldPlace.EVENT, name) and not shown.hides_in(name)
            )
        ),
        sources=tuple(named),
        message_id="" if shown.hides_in(term) else term,
        words=term if shown.personal else "",
    )


@dataclass(frozen=True)
class Wanted:
    """What one looks at: a source, a type of call, what became of it, what was searched for."""

    source: int = 0
    type: str = ""
    status: str = ""
    term: str = ""
    sought: Sought | None = None

    def events(self) -> QuerySet[Event]:
        """Kept calls of this kind."""
        meant = self.sought.events() if self.sought else Q()
        rows = Event.objects.filter(self._query(meant))
        return rows.none() if self.status == REFUSED else rows

    def of_people(self) -> QuerySet[Event]:
        """Those of the people who were searched for, however long ago."""
        people = self.sought.people if self.sought else ()
        return self.events().filter(profile_id__in=people) if people else Event.objects.none()

    def rejections(self) -> QuerySet[Rejection]:
        """Refused calls of this kind."""
        meant = self.sought.rejections(_last_rejection_id()) if self.sought else Q()
        rows = Rejection.objects.filter(self._query(meant))
        return rows.none() if self.status == KEPT else rows

    def _query(self, query: Q) -> Q:
        query &= Q(source_id=self.source) if self.source else Q()
        return query & (Q(type=self.type) if self.type else Q())


@dataclass
class LiveCall:
    """One line: what came, whose it is, what became of it."""

    at: datetime
    source: Source | None
    type: str
    name: str
    person: Profile | None = None
    event: Event | None = None
    rejection: Rejection | None = None
    is_new: bool = False
    joined: bool = False
    shared: int = 0
    shared_since: datetime | None = None


@dataclass
class Live:
    """The newest calls, and the ids up to which they go; `is_whole`: none between was left out."""

    calls: list[LiveCall]
    last_event: int
    last_rejection: int
    is_whole: bool = True


@dataclass
class Minute:
    """The last 60 seconds: calls a second, kept and refused; what waits."""

    kept: list[int] = field(default_factory=lambda: [0] * SECONDS)
    refused: list[int] = field(default_factory=lambda: [0] * SECONDS)
    refused_hour: int = 0
    refused_unkept: int = 0  # of the hour: counted, without their words
    waiting: int = 0
    oldest_at: datetime | None = None
    failed: int = 0

    @property
    def kept_total(self) -> int:
        """Kept in the minute."""
        return sum(self.kept)

    @property
    def refused_total(self) -> int:
        """Refused in the minute."""
        return sum(self.refused)


def last_event_id() -> int:
    """The highest id given out so far. No scan: the sequence knows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM event_id_seq")
        return int(cursor.fetchone()[0])


def live(wanted: Wanted) -> Live:
    """The newest calls. Some eight queries; looks at the last 80,000 events at most, and of people
    who were searched for at all of theirs.
    """
    last_event, last_rejection = last_event_id(), _last_rejection_id()
    events = {event.pk: event for event in _newest(wanted.events(), last_event)}
    of_people = wanted.of_people().order_by("-occurred_at", "-id")
    events |= {event.pk: event for event in of_people[:PAGE]}
    rejections = list(wanted.rejections().order_by("-id")[:PAGE])
    return Live(_calls(events.values(), rejections)[:PAGE], last_event, last_rejection)


def live_since(wanted: Wanted, event: int, rejection: int) -> Live:
    """The calls that came after these ids, and those that came late: some may be known already."""
    last_event, last_rejection = last_event_id(), _last_rejection_id()
    rows = wanted.events().filter(id__gt=event - LATE).order_by("-id")
    refused = wanted.rejections().filter(id__gt=rejection - LATE).order_by("-id")
    events, rejections = list(rows[: PAGE + 1]), list(refused[: PAGE + 1])
    newer = sum(one.pk > event for one in events) + sum(one.pk > rejection for one in rejections)
    calls = _calls(events, rejections)[:PAGE]
    return Live(calls, last_event, last_rejection, is_whole=newer <= PAGE)


def mark(event: int, rejection: int) -> str:
    """Another text once a call came since one that these ids go up to. One query, of two ranges."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT concat_ws('-', max(id), count(*)) FROM event WHERE id > %s),"
            " (SELECT concat_ws('-', max(id), count(*)) FROM rejection WHERE id > %s)",
            [event - LATE, rejection - LATE],
        )
        return ".".join(cursor.fetchone())


def _calls(events: Iterable[Event], rejections: Sequence[Rejection]) -> list[LiveCall]:
    sources = {source.pk: source for source in Source.objects.all()}
    calls = [*_kept_calls(list(events), sources), *_refused_calls(rejections, sources)]
    calls.sort(key=lambda call: call.at, reverse=True)
    return calls


def _last_rejection_id() -> int:
    newest = Rejection.objects.order_by("-id").values_list("id", flat=True).first()
    return newest or 0


def _newest(rows: QuerySet[Event], last: int) -> list[Event]:
    """The newest PAGE of `rows`, from ever wider windows of ids."""
    found: list[Event] = []
    for window in WINDOWS:
        found = list(rows.filter(id__gt=last - window).order_by("-id")[:PAGE])
        if len(found) == PAGE or last <= window:
            break
    return found


def _kept_calls(events: Sequence[Event], sources: dict[int, Source]) -> list[LiveCall]:
    ids = {event.profile_id for event in events}
    people = Profile.objects.defer("traits").in_bulk(ids)
    joined = _joined(events)
    return [
        LiveCall(
            at=event.received_at,
            source=sources.get(event.source_id),
            type=event.type,
            name=event.name,
            person=people.get(event.profile_id),
            event=event,
            is_new=_is_first(event, people.get(event.profile_id)),
            joined=event.profile_id in joined and event.type in ("identify", "alias"),
        )
        for event in events
    ]


def _is_first(event: Event, person: Profile | None) -> bool:
    return person is not None and person.first_seen == event.occurred_at


def _joined(events: Sequence[Event]) -> set[int]:
    """Those of these people who became one with another since the oldest of these calls."""
    if not events:
        return set()
    since = min(event.received_at for event in events)
    people = {event.profile_id for event in events}
    rows = Merge.objects.filter(survivor_id__in=people, kind=Merge.Kind.MERGE)
    return set(rows.filter(at__gte=since, undone_at=None).values_list("survivor_id", flat=True))


def _refused_calls(rows: Sequence[Rejection], sources: dict[int, Source]) -> list[LiveCall]:
    shared = _shared(rows)
    return [
        LiveCall(
            at=row.received_at,
            source=sources.get(row.source_id),
            type=row.type,
            name="",
            rejection=row,
            shared=shared.get((row.source_id, row.code), (1, row.received_at))[0],
            shared_since=shared.get((row.source_id, row.code), (1, row.received_at))[1],
        )
        for row in rows
    ]


def _shared(rows: Sequence[Rejection]) -> dict[tuple[int, str], tuple[int, datetime]]:
    """How many calls of the last 7 days have the same source and reason, since when."""
    if not rows:
        return {}
    alike = RefusalCount.objects.filter(
        at__gt=timezone.now() - timedelta(days=SHARED_DAYS),
        source_id__in={row.source_id for row in rows},
        code__in={row.code for row in rows},
    )
    groups = alike.values("source_id", "code").annotate(total=Sum("n"), since=Min("at"))
    return {(g["source_id"], g["code"]): (g["total"], g["since"]) for g in groups}


def count_newer(wanted: Wanted, event: int, rejection: int) -> int:
    """How many calls came after these ids, up to MOST_NEWER."""
    events = wanted.events().filter(id__gt=event).order_by().values("id")[:MOST_NEWER]
    rejections = wanted.rejections().filter(id__gt=rejection).order_by().values("id")
    return min(events.count() + rejections[:MOST_NEWER].count(), MOST_NEWER)


def last_minute() -> Minute:
    """Calls a second over the last minute, and what waits in the inbox. Four queries."""
    now, minute = timezone.now(), Minute()
    since = now - timedelta(seconds=SECONDS)
    newest = Event.objects.filter(id__gt=last_event_id() - MINUTE_WINDOW, received_at__gt=since)
    for at in newest.order_by().values_list("received_at", flat=True):
        minute.kept[_second(now, at)] += 1
    hour = RefusalCount.objects.filter(at__gt=now - timedelta(hours=1))
    for at, n in hour.filter(at__gt=since).values_list("at", "n"):
        minute.refused[_second(now, at)] += n
    sums = hour.aggregate(n=Sum("n"), kept=Sum("kept"))
    minute.refused_hour = sums["n"] or 0
    minute.refused_unkept = minute.refused_hour - (sums["kept"] or 0)
    waits = Inbox.objects.aggregate(
        waiting=Sum("count", filter=Q(failed_at=None)),
        oldest=Min("received_at", filter=Q(failed_at=None)),
        failed=Count("id", filter=Q(failed_at__isnull=False)),
    )
    minute.waiting, minute.oldest_at = waits["waiting"] or 0, waits["oldest"]
    minute.failed = waits["failed"]
    return minute


def _second(now: datetime, at: datetime) -> int:
    """The bar of this moment: 59 is now."""
    age = int((now - at).total_seconds())
    return SECONDS - 1 - min(max(age, 0), SECONDS - 1)


def one_event(profile_id: int, event_id: int) -> Event | None:
    """A kept call by its full key; None when it moved to another person meanwhile."""
    rows: Any = Event.objects.filter(profile_id=profile_id, id=event_id)
    return rows.first() if rows else None
