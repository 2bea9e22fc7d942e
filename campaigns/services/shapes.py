"""What a campaign may look like, with a JSON path to everything that is wrong."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from campaigns.composition.field_errors import (
    Errors,
    InvalidCampaign,
    as_faults,
    duration_faults,
    fault,
    is_number,
    not_connected,
)
from campaigns.engine.steps import STEPS, sign_in
from campaigns.plan import Node, nodes, ways_of
from config.workspace.api.problems import FieldError
from config.workspace.frequency import (
    CHANNEL,
    MOST_COUNT,
    MOST_DAYS,
    SCOPES,
    TAG,
    is_tag,
    tag_words,
)
from config.workspace.zones import read_exact
from profiles.language.events import read_where
from profiles.language.reading.reader import Reader
from segments.models import Segment

__all__ = ["InvalidCampaign", "check_shape", "fault", "not_connected", "share_of"]
MAX_NAME = 60
MOST_LIMITS = 10  # as Braze has it
MOST_STEPS, DEEPEST = 50, 5
sign_in()


def check_shape(data: Mapping[str, Any]) -> None:
    """Raise InvalidCampaign unless entry, steps, goal, caps and holdout are well formed."""
    errors: list[FieldError] = []
    checks = {
        "entry": _entry,
        "steps": _steps,
        "exit": _exit,
        "goal": _goal,
        "caps": _caps,
        "holdout": _holdout,
    }
    for name, check in checks.items():
        if data.get(name) is not None:
            errors += check(data[name])
    if errors:
        raise InvalidCampaign(errors)


def _entry(entry: Any) -> Errors:
    if not isinstance(entry, Mapping):
        yield fault("entry", _("Say who enters: an object with a kind."), "type")
        return
    if not entry:
        return
    kind = entry.get("kind")
    if kind in ("event", "api"):
        words = _(
            "Entry by event or by API belongs to journeys, which this version cannot run yet."
        )
        yield fault("entry.kind", words, "unsupported")
        return
    if kind not in ("segment", "schedule"):
        yield fault("entry.kind", _("One of segment, schedule, event, api."), "choice")
        return
    yield from _segment(entry.get("segment"))
    if kind == "schedule" and read_exact(entry.get("at")) is None:
        yield fault("entry.at", _("A time with its zone, as 2026-11-23T09:00:00Z."))


def _segment(slug: Any) -> Errors:
    if not isinstance(slug, str) or not slug:
        yield fault("entry.segment", _("Name the segment by its slug."), "required")
        return
    segment = Segment.objects.filter(slug=slug).first()
    if segment is None:
        yield fault("entry.segment", _("There is no segment %(slug)s.") % {"slug": slug}, "unknown")
    elif segment.archived_at is not None:
        words = _("The segment %(slug)s is archived: restore it, or choose another.")
        yield fault("entry.segment", words % {"slug": slug}, "archived")


def _steps(steps: Any) -> Errors:
    if not isinstance(steps, list):
        yield fault("steps", _("A list of steps."), "type")
        return
    yield from _lists(steps, "steps")
    found = nodes(steps)
    if len(found) > MOST_STEPS:
        yield fault("steps", _("At most %(n)d steps.") % {"n": MOST_STEPS}, "range")
        return
    seen: set[str] = set()
    for node in found:
        if node.key in seen:
            yield fault(f"{node.path}.id", _("Another step has this id."), "unique")
        seen.add(node.key)
        if node.depth > DEEPEST:
            words = _("Steps are nested more than %(n)d deep.") % {"n": DEEPEST}
            yield fault(node.path, words, "range")
        yield from _step(node)


def _step(node: Node) -> Errors:
    identity, kind = node.step.get("id"), STEPS.get(node.kind)
    if identity is not None and not (isinstance(identity, str) and len(identity) <= MAX_NAME):
        yield fault(f"{node.path}.id", _("A short id, for the report."))
    if kind is None:
        words = _("“%(kind)s” is no kind of step; known are %(known)s.")
        known = ", ".join(sorted(STEPS))
        words %= {"kind": node.step.get("kind"), "known": known}
        yield fault(f"{node.path}.kind", words, "unsupported")
    else:
        yield from kind.faults(node.step, node.path)


def _lists(steps: Any, path: str) -> Errors:
    """What stands in a list of steps and is none."""
    if steps is None:
        return
    if not isinstance(steps, list):
        yield fault(path, _("A list of steps."), "type")
        return
    for index, step in enumerate(steps):
        at = f"{path}[{index}]"
        if not isinstance(step, Mapping):
            yield fault(at, _("A step is an object."), "type")
            continue
        for _name, to, held in ways_of(step, at):
            yield from _lists(held, to)


def _exit(rules: Any) -> Errors:
    if rules:
        yield fault(
            "exit", _("Exit rules belong to journeys, which cannot run yet."), "unsupported"
        )


def _goal(goal: Any) -> Errors:
    if not isinstance(goal, Mapping):
        yield fault("goal", _("An object with an event."), "type")
        return
    if not isinstance(goal.get("event"), str) or not goal["event"]:
        yield fault("goal.event", _("The name of an event."), "required")
    yield from duration_faults(goal, "window", "goal")
    reader = Reader(goal, "goal")
    read_where(reader)
    reader.notes.look_up()
    yield from as_faults(reader.problems)


def _caps(caps: Any) -> Errors:
    if not isinstance(caps, Mapping):
        yield fault("caps", _('An object such as {"count": 1, "per_days": 7}.'), "type")
        return
    if "unlimited" in caps:
        if caps != {"unlimited": True}:
            words = _('No limit is {"unlimited": true}, and nothing beside it.')
            yield fault("caps.unlimited", words)
        return
    if "limits" not in caps:
        yield from _limit(caps, "caps", {"count", "per_days"})
        return
    for name in set(caps) - {"limits"}:
        yield fault(f"caps.{name}", _("Unknown."), "unknown")
    limits = caps["limits"]
    if not isinstance(limits, list) or not 0 < len(limits) <= MOST_LIMITS:
        words = _("A list of one to %(n)d limits.") % {"n": MOST_LIMITS}
        yield fault("caps.limits", words, "type")
        return
    for index, limit in enumerate(limits):
        yield from _scoped(limit, f"caps.limits[{index}]")


def _scoped(limit: Any, path: str) -> Errors:
    if not isinstance(limit, Mapping):
        yield fault(path, _('An object such as {"count": 1, "per_days": 7}.'), "type")
        return
    scope = limit.get("scope", CHANNEL)
    if scope not in SCOPES:
        words = _("One of %(scopes)s.") % {"scopes": ", ".join(SCOPES)}
        yield fault(f"{path}.scope", words, "choice")
    elif scope == TAG and not is_tag(limit.get("tag")):
        yield fault(f"{path}.tag", tag_words(), "required")
    known = {"scope", "count", "per_days"} | ({"tag"} if scope == TAG else set())
    yield from _limit(limit, path, known)


def _limit(limit: Mapping[str, Any], path: str, known: set[str]) -> Errors:
    for name in set(limit) - known:
        yield fault(f"{path}.{name}", _("Unknown."), "unknown")
    for name, most in (("count", MOST_COUNT), ("per_days", MOST_DAYS)):
        value = limit.get(name)
        if value is not None and not (
            isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most
        ):
            words = _("A whole number from 1 to %(n)d.") % {"n": most}
            yield fault(f"{path}.{name}", words)
    if limit and limit.get("per_days") is None:
        yield fault(f"{path}.per_days", _("Within how many days."), "required")


def _holdout(value: Any) -> Errors:
    share = share_of(value)
    if share is None or not 0 <= share < 1:
        yield fault("holdout", _("A share from 0 to below 1."))


def share_of(value: Any) -> float | None:
    """A holdout as a number, whether given as one or as `{"share": n}`."""
    if isinstance(value, Mapping):
        value = value.get("share", 0)
    return float(value) if is_number(value) else None
