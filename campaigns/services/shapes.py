"""What a campaign may look like (api.md), checked with a JSON path to everything that is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from typing import Any, TypedDict

from django.conf import settings
from django.utils.translation import gettext as _

from campaigns.content.kinds import CONTENTS
from config.workspace.frequency import CHANNEL, SCOPES, TAG, is_tag, tag_words
from config.workspace.zones import read_exact
from consent.channels import CHANNELS
from consent.models import Purpose, Topic
from profiles.language.durations import read_duration
from profiles.language.events import read_where
from profiles.language.reader import Reader
from segments.models import Segment

MAX_NAME = 60
HUGE = 1e300
MOST_CAPPED = 10_000
MOST_LIMITS = 10  # as Braze has it
FASTEST = 100_000  # mails a second


class FieldError(TypedDict):
    """One thing that is wrong, and where."""

    path: str
    code: str
    message: str


class InvalidCampaign(ValueError):
    """The given campaign cannot be one. `errors` name every fault with its path."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{e['path']}: {e['message']}" for e in errors))
        self.errors = list(errors)


Errors = Iterator[FieldError]


def fault(path: str, message: str, code: str = "invalid") -> FieldError:
    """One error."""
    return FieldError(path=path, code=code, message=message)


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
    for index, step in enumerate(steps):
        path = f"steps[{index}]"
        if not isinstance(step, Mapping):
            yield fault(path, _("A step is an object."), "type")
        elif step.get("kind") != "message":
            words = _("Only message steps can run yet; %(kind)s belongs to journeys.")
            yield fault(f"{path}.kind", words % {"kind": step.get("kind")}, "unsupported")
        elif index:
            words = _("One message a campaign; several belong to journeys, which cannot run yet.")
            yield fault(path, words, "unsupported")
        else:
            yield from _message(step, path)


def _message(step: Mapping[str, Any], path: str) -> Errors:
    identity = step.get("id")
    if not isinstance(identity, str) or not 0 < len(identity) <= MAX_NAME:
        yield fault(f"{path}.id", _("A short id, for the report."), "required")
    channel = step.get("channel")
    yield from _channel(channel, path)
    slug = step.get("purpose", "marketing")
    purpose = Purpose.objects.filter(slug=slug).first() if isinstance(slug, str) else None
    if purpose is None or purpose.purpose_class == Purpose.Class.PROCESSING:
        yield fault(f"{path}.purpose", _("No purpose that messages are sent for."), "unknown")
    elif purpose.archived_at is not None:
        words = _("The purpose %(slug)s is archived: restore it, or choose another.")
        yield fault(f"{path}.purpose", words % {"slug": slug}, "archived")
    topic = step.get("topic")
    if topic is not None and not isinstance(topic, str):
        yield fault(f"{path}.topic", _("A text."), "type")
    elif topic and not Topic.objects.filter(slug=str(topic), purpose=purpose).exists():
        yield fault(f"{path}.topic", _("No topic of this purpose."), "unknown")
    elif topic and Topic.objects.filter(slug=topic).exclude(archived_at=None).exists():
        words = _("The topic %(slug)s is archived: restore it, or choose another.")
        yield fault(f"{path}.topic", words % {"slug": topic}, "archived")
    if step.get("tags") is not None:
        yield from _tags(step["tags"], f"{path}.tags")
    yield from _duration(step, "expires_in", path)
    per_second = step.get("per_second")
    if per_second is not None and not (_is_number(per_second) and 0 < per_second <= FASTEST):
        yield fault(f"{path}.per_second", _("Mails a second, above 0."))
    if step.get("quiet_hours") is not None:
        yield from _quiet_hours(step["quiet_hours"], f"{path}.quiet_hours")
    variants = step.get("variants")
    if variants:
        yield from _variants(variants, channel, f"{path}.variants")
    else:
        yield from _content(step.get("content"), channel, f"{path}.content")


def _quiet_hours(value: Any, path: str) -> Errors:
    if not isinstance(value, Mapping):
        yield fault(path, _('An object such as {"from": "21:00", "to": "08:00"}.'), "type")
        return
    for name in ("from", "to"):
        try:
            time.fromisoformat(value.get(name, ""))
        except (TypeError, ValueError):
            yield fault(f"{path}.{name}", _("A time of day, as 21:00."))
    if value.get("else", "hold") not in ("hold", "exclude", "skip"):
        yield fault(f"{path}.else", _("hold or skip."), "choice")


def _channel(channel: Any, path: str) -> Errors:
    if not isinstance(channel, str) or channel not in CHANNELS:
        words = _("One of %(channels)s.") % {"channels": ", ".join(CHANNELS.names())}
        yield fault(f"{path}.channel", words, "choice")
    elif channel not in CONTENTS:
        yield fault(f"{path}.channel", not_connected(channel), "unsupported")


def not_connected(channel: str) -> str:
    """That nothing sends on this channel, and what does."""
    words = _("No provider for %(channel)s is connected; messages can use %(known)s.")
    return words % {"channel": channel, "known": ", ".join(CONTENTS.names())}


def _content(content: Any, channel: Any, path: str) -> Errors:
    kind = CONTENTS.get(channel) if isinstance(channel, str) else None
    if kind is None:  # said of the channel
        return
    if not isinstance(content, Mapping):
        yield fault(path, _("An object: %(wanted)s") % {"wanted": kind.wanted}, "required")
        return
    for wrong in kind.faults(content):
        yield fault(f"{path}.{wrong.part}", wrong.message, wrong.code)


def _variants(variants: Any, channel: Any, path: str) -> Errors:
    if not isinstance(variants, list) or len(variants) > BUCKETS_OF_VARIANTS:
        yield fault(path, _("A list of up to ten."), "type")
        return
    names, total = set(), 0.0
    for index, variant in enumerate(variants):
        at = f"{path}[{index}]"
        name = variant.get("name") if isinstance(variant, Mapping) else None
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or name in names:
            yield fault(f"{at}.name", _("A name of its own."))
            continue
        names.add(name)
        share = variant.get("share")
        if share is not None and not (_is_number(share) and 0 <= share <= 1):
            yield fault(f"{at}.share", _("A share from 0 to 1."))
        else:
            total += share or 0
        yield from _content(variant.get("content"), channel, f"{at}.content")
    every = all(isinstance(v, Mapping) and v.get("share") is not None for v in variants)
    if total > 1 + 1e-9 or (every and abs(total - 1) > 1e-6):  # noqa: PLR2004 - of floats
        yield fault(path, _("The shares add up to 1."))


BUCKETS_OF_VARIANTS = 10


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
    yield from _duration(goal, "window", "goal")
    reader = Reader(goal, "goal")
    read_where(reader)
    reader.notes.look_up()
    yield from (fault(each.path, each.message, each.code) for each in reader.problems)


def _duration(data: Mapping[str, Any], name: str, path: str) -> Errors:
    if data.get(name) is None:
        return
    reader = Reader(data, path)
    read_duration(reader, name)
    yield from (fault(f"{path}.{name}", each.message, each.code) for each in reader.problems)


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
    # further back nobody knows how often somebody was written to
    farthest = min(settings.CONTACT_COUNT_DAYS or MOST_CAPPED, MOST_CAPPED)
    for name, most in (("count", MOST_CAPPED), ("per_days", farthest)):
        value = limit.get(name)
        if value is not None and not (
            isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most
        ):
            words = _("A whole number from 1 to %(n)d.") % {"n": most}
            yield fault(f"{path}.{name}", words)
    if limit and limit.get("per_days") is None:
        yield fault(f"{path}.per_days", _("Within how many days."), "required")


def _tags(tags: Any, path: str) -> Errors:
    if not isinstance(tags, list) or len(tags) > MOST_LIMITS:
        yield fault(path, _("A list of up to %(n)d tags.") % {"n": MOST_LIMITS}, "type")
        return
    for index, tag in enumerate(tags):
        if not is_tag(tag):
            yield fault(f"{path}[{index}]", tag_words())


def _holdout(value: Any) -> Errors:
    share = share_of(value)
    if share is None or not 0 <= share < 1:
        yield fault("holdout", _("A share from 0 to below 1."))


def share_of(value: Any) -> float | None:
    """A holdout as a number, whether given as one or as `{"share": n}`."""
    if isinstance(value, Mapping):
        value = value.get("share", 0)
    return float(value) if _is_number(value) else None


def _is_number(value: Any) -> bool:
    """A JSON number that a double holds."""
    given = isinstance(value, int | float) and not isinstance(value, bool)
    return given and abs(value) < HUGE
