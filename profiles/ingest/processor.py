"""Works the inbox off: takes rows, deletes them, and in the same transaction writes their effects.

So a worker killed at any point has done everything or nothing. Lock order: claim < identifier <
profile < trait < state, each sorted by key.
"""

import gc
import logging
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from psycopg import errors

from config.workspace.selectors import workspace
from config.workspace.tables.statistics import Sparing
from config.workspace.work.due import wake
from profiles import changes, months
from profiles.calls import reading, reasons
from profiles.calls.messages import Incoming
from profiles.calls.reading import InboxRow
from profiles.calls.validation import CallProblem
from profiles.identifiers.kinds import rules
from profiles.identity import attaching, links, store
from profiles.identity import batch as identity
from profiles.ingest import claims, events, hooks, queue, refusals, turns
from profiles.merging import merging
from profiles.people.told import created as tell_created
from profiles.traits import limits as trait_limits
from profiles.traits import profile_rows, statements
from profiles.traits.definitions import MAX_DETAIL, Catalog

RETRIES = 8
FIRST_SEEN = "profile:first_seen"  # of profile_change
RETRY_STATES = (
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.LockNotAvailable,
)
LOST_RACES = (identity.Raced, turns.OutOfTurn)
log = logging.getLogger("rapport.ingest")


class MissingMonths(Exception):
    """Months have to be made in a transaction of their own before this one can go on."""


MANY = 500  # messages, after which the planner may have a wrong picture
FILLED = (
    "profile", "identifier", "identifier_key", "profile_trait", "event", "event_item",
    "event_state", "consent_state", "consent_entry", "message_claim",
)  # fmt: skip
_statistics = Sparing()


def work() -> int:
    """Work off one portion of the inbox, then merges; how many messages and merges it was.

    0 means that none of either is left. Where many merges wait, the work unit `merge` is woken for
    them, so that the inbox does not wait.
    """
    with _no_collection():
        handled = _with_retries(process_portion)
    if handled >= MANY:
        _statistics.refresh(*FILLED)
    merged = merge()
    if merged >= merging.AT_ONCE:
        wake("merge")
    return handled + merged


def merge() -> int:
    """Do a portion of the merges that batches found; how many."""
    return _with_retries(merging.run_pending)


@contextmanager
def _no_collection() -> Iterator[None]:
    """A portion makes many objects and no cycles: looking for them costs a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def process_portion() -> int:
    """One transaction: as many waiting rows as make a good portion; how many messages it was."""
    nested = connection.in_atomic_block
    rows: Sequence[InboxRow] = ()
    try:
        with transaction.atomic():
            rows = queue.take(connection)
            if not rows:
                return 0
            found = [message for row in rows for message in _read(row)]
            _ensure_months(found, nested)
            with connection.cursor() as cursor:
                turns.wait(cursor, rows, found)
                apply(cursor, found)
    except MissingMonths as missing:
        months.ensure(missing.args[0])
        return process_portion()
    except Exception as error:
        if not rows or _may_pass(error):  # none was taken: it is not about any of them
            raise
        # a poisoned message: which one it is shows in small
        log.warning("a portion of the inbox failed with %s", type(error).__name__)
        return queue.one_by_one(rows, _process_row)
    return len(found)


def apply(cursor: Any, messages: Sequence[Incoming]) -> None:
    """Everything that these messages do, in the caller's transaction.

    The number of statements does not depend on the number of messages.
    """
    for _name, screen in hooks.SCREENS:
        screen(cursor, messages)
    refused = [message for message in messages if message.refusal]
    fresh = claims.claim(cursor, [message for message in messages if not message.refusal])
    if fresh:
        salt = workspace().salt
        resolved = identity.resolve(cursor, fresh, rules(), salt)
        refused += resolved.refused
        kept = [message for message in fresh if not message.refusal]
        if kept:
            _write(cursor, kept, resolved)
    _write_refused(cursor, refused)


def _write(cursor: Any, heard: list[Incoming], resolved: identity.Resolved) -> None:
    """Store them; of those that are withheld only whom they are of, for what hooks make of it."""
    created = frozenset(one.id for one in resolved.newcomers)
    messages = [message for message in heard if not message.is_withheld]
    for message, number in zip(
        messages, store.take_ids(cursor, "event", len(messages)), strict=True
    ):
        message.event_id = number
    seen = profile_rows.spans(messages)
    said = statements.statements(messages)
    told = {at[0] for at in said} - created
    before = profile_rows.hold(cursor, told)
    too_much = trait_limits.bound(said, before)
    new_traits = statements.derive_new(said, created)
    # someone made for an identifier that no message of the batch is attributed to
    newcomers = _seen_newcomers(resolved, seen, heard)
    profile_rows.create(cursor, newcomers, seen, new_traits, heard[0].source.id)
    statements.write(cursor, said, created)
    derived = statements.derive(cursor, sorted(told))
    changed = {number: own for number, own in derived.items() if own != before.get(number)}
    existing = {number: span for number, span in seen.items() if number not in created}
    earlier = profile_rows.update(cursor, existing, changed)
    catalog = Catalog(cursor, sorted({message.name for message in messages}))
    events.write(cursor, messages, catalog)
    merging.remember(cursor, resolved.joins, resolved.ids)
    links.remember(cursor, messages, resolved.ids)
    catalog.note_traits(cursor, ((at[1], one.source) for at, one in said.items()))
    for refused in too_much:
        catalog.warn(refused.said.message, f"trait_{refused.why}", refused.name[:MAX_DETAIL])
    found = attaching.find(messages, before, workspace().salt)
    for message in attaching.remember(cursor, found, resolved.ids):
        catalog.warn(message, "shared_identifier", message.key[0] if message.key else "")
    catalog.warn_of(heard)
    withheld = [message for message in heard if message.is_withheld]
    batch = hooks.WrittenBatch(messages, created, moved=resolved.moved, withheld=withheld)
    for _name, hook in hooks.AFTER_BATCH:
        hook(cursor, batch)
    tell_created(created)
    names = _changes(messages, new_traits, before, changed)
    for number in created:
        names[number] |= {changes.NEW_PERSON, FIRST_SEEN}
    for number in earlier:
        names[number].add(FIRST_SEEN)
    changes.announce_each(names)
    changes.announce({one.before for one in resolved.moved}, [changes.ANYTHING])
    catalog.save(cursor)
    queue.touch_sources(cursor, heard)


def _seen_newcomers(
    resolved: identity.Resolved, seen: dict[int, profile_rows.Span], messages: Sequence[Incoming]
) -> list[store.Newcomer]:
    for one in resolved.newcomers:
        if one.id not in seen:
            at = min(message.occurred_at for message in messages)
            seen[one.id] = profile_rows.Span(at, at)
    return resolved.newcomers


def _changes(
    messages: Sequence[Incoming],
    new_traits: dict[int, dict[str, Any]],
    before: dict[int, dict[str, Any]],
    derived: dict[int, dict[str, Any]],
) -> defaultdict[int, set[str]]:
    """What may matter to a rule, by person: events by name, traits and columns that changed."""
    changed: defaultdict[int, set[str]] = defaultdict(lambda: {"profile:last_seen"})
    for message in messages:
        changed[message.profile_id].add(f"event:{message.name}")
    for number, own in new_traits.items():
        changed[number] |= _differences({}, own)
    for number, after in derived.items():
        changed[number] |= _differences(before.get(number, {}), after)
    return changed


def _differences(old: dict[str, Any], new: dict[str, Any]) -> set[str]:
    if old == new:
        return set()
    names = old.keys() | new.keys()
    return {f"trait:{name}" for name in names if old.get(name) != new.get(name)} | _columns(
        old, new
    )


def _columns(old: dict[str, Any], new: dict[str, Any]) -> set[str]:
    names = ("display_name", "time_zone", "locale", "country")
    pairs = zip(names, profile_rows.shown(old), profile_rows.shown(new), strict=True)
    return {f"profile:{name}" for name, one, other in pairs if one != other}


def _write_refused(cursor: Any, messages: Iterable[Incoming]) -> None:
    """Three statements for each source and moment of receipt."""
    calls: dict[tuple[int, datetime], list[refusals.Rejected]] = {}
    for message in messages:
        code, path, reason = message.refusal or ("", "", "")
        refused = refusals.Rejected(
            message.index,
            CallProblem(code, path, reason),
            refusals.kept_body(message.raw),
            message.message_id,
            message.type,
        )
        calls.setdefault((message.source.id, message.received_at), []).append(refused)
    for (source_id, received_at), refused_calls in calls.items():
        refusals.write_rejections(cursor, source_id, refused_calls, received_at)


def _read(row: InboxRow) -> list[Incoming]:
    place = workspace().country
    return list(reading.read(row, rules(), place, settings.MESSAGE_ID_MONTHS))


def _ensure_months(messages: Sequence[Incoming], nested: bool) -> None:
    with connection.cursor() as cursor:
        lacking = months.missing(cursor, (message.occurred_at for message in messages))
    if lacking and not nested:
        raise MissingMonths(lacking)
    months.ensure(lacking)


def _process_row(row: InboxRow) -> None:
    """One row by itself, and where that fails, its messages in halves until the poison is found.

    Raises what failed where not one message of several could be kept: then it is not the message.
    """
    found = _read(row)
    _ensure_months(found, nested=True)
    failed = _in_halves(found)
    if failed and len(failed) == len(found) > 1:
        raise failed[0][1]
    for message, error in failed:
        reason = reasons.FAILED % {"error": type(error).__name__}
        message.refusal = ("processing_failed", "", reason)
    with connection.cursor() as cursor:
        _write_refused(cursor, [message for message, _ in failed])


def _in_halves(messages: Sequence[Incoming]) -> list[tuple[Incoming, Exception]]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            apply(cursor, messages)
    except Exception as error:
        if _may_pass(error):
            raise
        if len(messages) == 1:
            return [(messages[0], error)]
        middle = len(messages) // 2
        return _in_halves(messages[:middle]) + _in_halves(messages[middle:])
    return []


def _may_pass(error: Exception) -> bool:
    """Whether it is about the moment (a deadlock, a lost race, no connection), not the messages."""
    races = (*RETRY_STATES, *LOST_RACES)
    return (
        queue.is_about_the_moment(error)
        or isinstance(error, races)
        or isinstance(error.__cause__, RETRY_STATES)
    )


def _with_retries(function: Callable[[], int]) -> int:
    """Again after a deadlock or a lost race, with a pause that differs between workers."""
    for attempt in range(RETRIES):
        try:
            return function()
        except Exception as error:
            again = isinstance(error, (*RETRY_STATES, *LOST_RACES)) or isinstance(
                error.__cause__, RETRY_STATES
            )
            if not again or attempt == RETRIES - 1 or connection.in_atomic_block:
                raise
            time.sleep(random.uniform(0.01, 0.05) * (attempt + 1))  # noqa: S311 - jitter
    raise AssertionError("unreachable")
