"""The step `message`: everybody at it through the gate, and a message for each, or why not."""

from collections.abc import Mapping
from datetime import time
from typing import Any, Final

from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from campaigns.audience.portions import PEOPLE, Portion
from campaigns.composition.field_errors import (
    Errors,
    duration_faults,
    fault,
    is_number,
    not_connected,
)
from campaigns.content.kinds import CONTENTS
from campaigns.engine.steps.base import Card, StepBatch, StepKind, step_kind
from campaigns.gate.contact_counts import UNSENT
from campaigns.gate.expression import Terms, judged
from campaigns.gate.terms import terms_of
from campaigns.outbox.fanout import arms_of, arms_shuffle
from campaigns.outbox.pacing import turns_of
from campaigns.outbox.writing import Sending, write
from campaigns.people.whose import has_message
from campaigns.plan import MESSAGE, Step, purpose_slug
from config.postgres.sql import Sql, sql
from config.workspace.frequency import is_tag, tag_words
from consent.channels import CHANNELS
from consent.models import Purpose, Topic

LANE: Final = 5
FEW: Final = 200  # people, whose suppressions are looked up one by one
MAX_NAME = 60
FASTEST = 100_000  # mails a second
MOST_VARIANTS = 10
MOST_TAGS = 10
QUEUED: Final = "queued"

_PEOPLE = """SELECT b.profile_id, b.enrolment_id, 1 AS visit, e.entered_at FROM {pairs} b
JOIN enrolment e ON e.profile_id = b.profile_id AND e.id = b.enrolment_id"""
# Whoever has the address for their own came in too, and gets it there, before or after, or is kept
# from it by lot.
_TAKEN = """EXISTS (SELECT 1 FROM enrolment o WHERE o.profile_id = r.owner_id
    AND o.campaign_id = {campaign} AND o.end_reason NOT IN ('frozen', 'objected'))"""
# People who were on the way both, and are one since or were for a while: what one of them got at
# this address is not said again to the other there.
_REPEATED = f"""o.campaign_id = {{campaign}} AND o.step = {{step}} AND o.address = r.address
    AND o.queued_at >= a.entered_at AND o.state NOT IN {UNSENT} AND NOT o.is_test"""
# who is held until the morning, or whose turn comes later, goes on from then
_WAYS = """
SELECT m.profile_id, m.enrolment_id, CASE WHEN m.state = {queued} THEN m.state ELSE m.reason END
       AS decided, {to}::text AS to_step, greatest({now}::timestamptz, m.due_at, t.due_at) AS at
FROM {pairs} b JOIN message m ON m.profile_id = b.profile_id AND m.enrolment_id = b.enrolment_id
 AND m.step = {step} AND m.visit = 1
LEFT JOIN {turns} t ON t.message_id = m.id
"""


@step_kind
class MessageStep(StepKind):
    """A message on a channel, for a purpose; who may not get it goes on as well."""

    kind = MESSAGE

    def faults(self, step: Step, path: str) -> Errors:
        """As docs/integrators/rest.md has it."""
        return _faults(step, path)

    def run(self, cursor: CursorWrapper, batch: StepBatch) -> Sql:
        """One statement by the outbox: the gate judges, as at a fan-out."""
        plan, step = batch.plan, batch.node.step
        terms = terms_of(plan, now=batch.now, step=step)
        sending = Sending(
            terms=terms,
            lane=LANE,
            arms=arms_of(plan, step),
            step=batch.node.key,
            shuffle=arms_shuffle(plan, step),
            is_enrolled=True,
        )
        write(cursor, sending, _portion(batch, terms))
        return sql(
            _WAYS,
            pairs=batch.pairs,
            step=batch.node.key,
            to=batch.node.after,
            queued=QUEUED,
            turns=turns_of(plan.campaign.pk, batch.now),
            now=batch.now,
        )

    def describe(self, step: Step) -> str:
        """ "Email: Tents, [first_name]"."""
        return _("Email: %(subject)s") % {"subject": subject_of(step) or _("no subject yet")}

    def card(self, step: Step) -> Card:
        """With its variants, where it has some."""
        count = len(step.get("variants") or [])
        text = _("%(n)d variants") % {"n": count} if count else ""
        return Card("mail", self.describe(step), text)


def subject_of(step: Step) -> str:
    """Of the first variant, where there are some."""
    contents = [one.get("content") for one in step.get("variants") or [step]]
    first = next((one for one in contents if isinstance(one, Mapping)), {})
    return " ".join(str(first.get("subject") or "").split())


def _portion(batch: StepBatch, terms: Terms) -> Portion:
    ids = list(batch.profiles)
    people = sql(_PEOPLE, pairs=batch.pairs)
    same = sql(_REPEATED, campaign=batch.plan.campaign.pk, step=batch.node.key)
    lines = judged(
        terms,
        PEOPLE,
        narrow=lambda column: sql("{column} = ANY({ids}::bigint[])", column=column, ids=ids),
        borrowed=True,
        taken=sql(_TAKEN, campaign=batch.plan.campaign.pk),
        repeated=has_message(Sql("a.profile_id"), same),
        few=len(ids) <= FEW,
    )
    return Portion(people, lines)


def _faults(step: Step, path: str) -> Errors:
    identity = step.get("id")
    if not isinstance(identity, str) or not 0 < len(identity) <= MAX_NAME:
        yield fault(f"{path}.id", _("A short id, for the report."), "required")
    channel = step.get("channel")
    yield from _channel(channel, path)
    slug = purpose_slug(step)
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
    yield from duration_faults(step, "expires_in", path)
    per_second = step.get("per_second")
    if per_second is not None and not (is_number(per_second) and 0 < per_second <= FASTEST):
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
    if not isinstance(variants, list) or len(variants) > MOST_VARIANTS:
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
        if share is not None and not (is_number(share) and 0 <= share <= 1):
            yield fault(f"{at}.share", _("A share from 0 to 1."))
        else:
            total += share or 0
        yield from _content(variant.get("content"), channel, f"{at}.content")
    every = all(isinstance(v, Mapping) and v.get("share") is not None for v in variants)
    if total > 1 + 1e-9 or (every and abs(total - 1) > 1e-6):  # noqa: PLR2004 - of floats
        yield fault(path, _("The shares add up to 1."))


def _tags(tags: Any, path: str) -> Errors:
    if not isinstance(tags, list) or len(tags) > MOST_TAGS:
        yield fault(path, _("A list of up to %(n)d tags.") % {"n": MOST_TAGS}, "type")
        return
    for index, tag in enumerate(tags):
        if not is_tag(tag):
            yield fault(f"{path}[{index}]", tag_words())
