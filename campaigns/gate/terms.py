"""The terms of a send: what its campaign's version, the workspace and the clock say."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from math import gcd
from typing import Any

from campaigns import standing_words
from campaigns.faults import CannotGoOn
from campaigns.gate.expression import BUCKETS, Shuffle, Terms, arm_of
from campaigns.gate.legal_hours import SendingHours, legal_hours
from campaigns.gate.quiet_hours import QuietHours
from campaigns.people.entered import not_in_yet
from campaigns.plan import Plan, Step, purpose_slug
from config.postgres.sql import EMPTY, FALSE, Sql, sql
from config.workspace.frequency import CHANNEL, Frequency, limits_of, read
from config.workspace.marketing import control_share, quiet_hours
from config.workspace.selectors import workspace
from config.workspace.zones import workspace_zone
from consent.models import Purpose, Topic
from consent.volume import is_any
from profiles.language.times.durations import Duration, stored_duration
from segments.models import Segment
from segments.profiling import is_built_on_profiling

EXPIRES_IN = Duration("days", 3)  # Braze aborts messages that are delayed by more than 72 hours
GENERAL = "holdout"  # the draw of the workspace's own control group
SINGLE_EXPIRES_IN = Duration("days", 1)
WINDOW = Duration("days", 5)  # of conversions, unless the goal says otherwise


def window_of(goal: Mapping[str, Any]) -> Duration:
    """Within what a goal counts."""
    return stored_duration(goal.get("window")) or WINDOW


def shuffle_of(key: str) -> Shuffle:
    """A reordering of the buckets of its own for each key: `(d x^3 + c x^2 + a x + b) mod 10000`.

    Exact shares, the same answer at each asking, and two draws that do not lean on one another: of
    straight lines (c = d = 0) some pairs draw the same people, or never the same. It is a
    permutation where `a` is coprime to 10 and `c`, `d` are its multiples: one of the remainders by
    2 and by 5, with a derivative that is never 0 there (Hensel's lemma).
    """
    digest = hashlib.sha256(f"{workspace().salt}:{key}".encode()).digest()
    a, b, c, d = (int.from_bytes(digest[at : at + 4]) % BUCKETS for at in (0, 4, 8, 12))
    a |= 1
    while gcd(a, BUCKETS) != 1:
        a += 2
    return a, b, c - c % 10 or 10, d - d % 10 or 10


def terms_of(
    plan: Plan, *, now: datetime, start: datetime | None = None, step: Step | None = None
) -> Terms:
    """The terms under which the plan's audience goes through the gate at `now`, for its first
    message.

    `start` is when the send began; its messages expire a while after that, however late they are.
    With `step`, a message on the way: its control group was drawn at the entry. Raises CannotGoOn
    where something that it names is gone, LookupError without a message.
    """
    holdout = plan.holdout if step is None else 0.0
    step, zone = step or plan.step, workspace_zone()
    topic, tags = step.get("topic"), tuple(step.get("tags") or ())
    purpose = _purpose(purpose_slug(step))
    began = start or now
    lasts = stored_duration(step.get("expires_in")) or EXPIRES_IN
    segment = segment_of(plan)
    return Terms(
        purpose=purpose,
        channel=step["channel"],
        topic_id=_topic_id(topic) if topic else None,
        now=now,
        due_at=max(now, began),
        expires_at=lasts.after_moment(began, zone),
        zone=zone.key,
        caps=caps_of(plan.caps, step["channel"], tags),
        tags=tags,
        quiet=_quiet(quiet_hours_of(step, purpose)),
        hours=legal_hours(step["channel"], purpose),
        holdout=holdout,
        **_general(purpose),
        shuffle=shuffle_of(f"holdout:{plan.campaign.slug}"),
        segment_id=segment.pk,
        is_profiling=is_built_on_profiling([segment.rule], plan.steps),
        campaign_id=plan.campaign.pk or 0,
        fresh=not_in_yet(plan.campaign, Sql("m.profile_id")) if plan.number > 1 else EMPTY,
        has_own_limits=is_any(),
        per_second=float(step.get("per_second") or 0),
    )


def single_terms(purpose: Purpose, channel: str, now: datetime) -> Terms:
    """The terms of one message to one person at `now`: marketing passes what a campaign's does.

    A transactional one is waited for (a password, a receipt): no hour is too late for it.
    """
    zone = workspace_zone()
    return Terms(
        purpose=purpose,
        channel=channel,
        now=now,
        due_at=now,
        expires_at=SINGLE_EXPIRES_IN.after_moment(now, zone),
        zone=zone.key,
        caps=caps_of(None, channel),
        quiet=_quiet(quiet_hours_of(None, purpose)),
        hours=legal_hours(channel, purpose),
        has_own_limits=is_any(),
        **_general(purpose),
    )


def _general(purpose: Purpose) -> dict[str, Any]:
    """Who gets no marketing at all, to see what all of it does: the same people in every send."""
    share = control_share()
    if purpose.purpose_class != Purpose.Class.MARKETING or share <= 0:
        return {}
    return {"general": share, "general_shuffle": shuffle_of(GENERAL)}


def lots_of(plan: Plan) -> tuple[Sql, Sql]:
    """Of who enters a way of several steps, by their `bucket`: tests for its control group, and for
    whom the workspace keeps from all marketing though they go on. One query.

    The latter are control group as well where the way is nothing but marketing; where it has
    service messages too they get those, and are in neither arm.
    """
    own = _lot(plan.holdout, f"holdout:{plan.campaign.slug}")
    slugs = {purpose_slug(node.step) for node in plan.messages}
    marketing = Purpose.objects.filter(slug__in=slugs, purpose_class=Purpose.Class.MARKETING)
    count = marketing.count()
    general = _lot(control_share() if count else 0.0, GENERAL)
    return (sql("({a} OR {b})", a=own, b=general), FALSE) if count == len(slugs) else (own, general)


def _lot(share: float, key: str) -> Sql:
    """As the gate draws a control group."""
    return sql("{arm} = 0", arm=arm_of([share, 1 - share], shuffle_of(key))) if share > 0 else FALSE


def _purpose(slug: str) -> Purpose:
    found = Purpose.objects.filter(slug=slug).first()
    if found is None:
        raise CannotGoOn(standing_words.NO_PURPOSE % {"slug": slug})
    return found


def _topic_id(slug: str) -> int:
    found = Topic.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise CannotGoOn(standing_words.NO_TOPIC % {"slug": slug})
    return found


def segment_of(plan: Plan) -> Segment:
    """The segment that a plan's people come from. Raises CannotGoOn."""
    slug = plan.entry["segment"]
    found = Segment.objects.filter(slug=slug).first()
    if found is None:
        raise CannotGoOn(standing_words.NO_SEGMENT % {"slug": slug})
    if found.archived_at is not None:
        raise CannotGoOn(standing_words.ARCHIVED % {"name": found.name})
    return found


def caps_of(
    caps: Mapping[str, Any] | None, channel: str, tags: Sequence[str] = ()
) -> list[Frequency]:
    """A campaign's own caps, else the contact frequency of the workspace; none is no limit."""
    if caps and caps.get("unlimited"):
        return []
    given = caps.get("limits") or [caps] if caps else []
    own = [read(one, one.get("scope", CHANNEL), one.get("tag", "")) for one in given]
    return [one for one in own if one] or limits_of(channel, tags)


def quiet_hours_of(step: Step | None, purpose: Purpose) -> Mapping[str, Any] | None:
    """A message's on the way, else the workspace's; a single one's where it is marketing."""
    if step is not None:
        return step.get("quiet_hours") or quiet_hours()
    return quiet_hours() if purpose.purpose_class == Purpose.Class.MARKETING else None


def sending_hours(
    quiet: Mapping[str, Any] | None, channel: str, purpose: Purpose
) -> SendingHours | None:
    """What is asked of hours when a message is to leave; None where nothing is said of any."""
    found = SendingHours(_quiet(quiet), legal_hours(channel, purpose), workspace_zone())
    return found if found.quiet or found.legal else None


def _quiet(given: Mapping[str, Any] | None) -> QuietHours | None:
    if not given:
        return None
    start, end = (time.fromisoformat(given[name]) for name in ("from", "to"))
    return None if start == end else QuietHours(start, end, given.get("else", "hold") == "hold")
