"""One message to one person: the transactional send, behind the same gate."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.audience.portions import one_person
from campaigns.content.kinds import CONTENTS, content_kind
from campaigns.gate.terms import single_terms
from campaigns.models import ContentVersion, Message
from campaigns.models.message import GIVEN, MessageReason
from campaigns.outbox.writing import Sending, Variant, write
from campaigns.people.whose import written_to
from campaigns.services.shapes import InvalidCampaign, fault, not_connected
from config.postgres.sql import Sql, run, sql
from config.workspace import audit
from config.workspace.api.problems import FieldError
from config.workspace.work.due import wake
from consent.models import Purpose
from profiles.models import Profile
from profiles.people.lineage import ids_ever

LANE = 1
SERVICE = "service"
SAME_AGAIN = timedelta(days=1)


class NeedsRight(Exception):
    """The purpose asks nobody's permission, and the caller may not send for such a one."""


class AnotherMessage(Exception):
    """The idempotency key was used for a message of other content."""


def send_message(
    *,
    profile: Profile,
    channel: str,
    purpose: str = SERVICE,
    content: Mapping[str, Any] | None = None,
    template: str = "",
    data: Mapping[str, Any] | None = None,
    idempotency_key: str,
    may_skip_permission: bool = True,
) -> tuple[Message, bool]:
    """Queue one message; the row (perhaps excluded, with its reason) and whether it is new.

    The same key gives the same message again. A purpose of class transactional, which `service` is,
    reaches people who withdrew: it needs a right of its own (`may_skip_permission`).
    Raises InvalidCampaign, ContentError, AnotherMessage, NeedsRight.
    """
    known = _known(profile, idempotency_key)
    digest = digest_of(channel, purpose, content, template, data)
    if known is not None:
        return _same(known, digest), False
    row = _purpose(channel, purpose)
    if row.purpose_class == Purpose.Class.TRANSACTIONAL and not may_skip_permission:
        words = _("The purpose %(slug)s asks nobody's permission; you may not send for it.")
        raise NeedsRight(words % {"slug": row.slug})
    try:
        with transaction.atomic():
            _hold(row)
            version = _content(row, channel, content, template)
            message = _queue(
                profile, channel, row, version, dict(data or {}), idempotency_key, digest
            )
    except IntegrityError:  # the same key at the same moment
        known = _known(profile, idempotency_key)
        if known is None:
            raise
        return _same(known, digest), False
    wake("delivery")
    return message, True


@dataclass(frozen=True)
class Verdict:
    """What the gate says of one message before it is sent: "" or the reason, and when it leaves."""

    reason: str
    address: str
    due_at: datetime
    now: datetime

    @property
    def is_held(self) -> bool:
        """Whether it waits for an hour at which the person may be reached."""
        return not self.reason and self.due_at > self.now


def verdict(profile: Profile, purpose: Purpose, channel: str) -> Verdict:
    """The gate asked as `send_message` asks it, and nothing written. One query."""
    terms = single_terms(purpose, channel, timezone.now())
    portion = one_person(terms, profile.pk)
    found = run(
        sql(
            "WITH people AS MATERIALIZED ({people}) SELECT reason, coalesce(address, ''), due_at"
            " FROM ({judged}) j",
            people=portion.people,
            judged=portion.judged,
        )
    )
    if not found:
        return Verdict(MessageReason.FROZEN, "", terms.now, terms.now)
    reason, address, due_at = found[0]
    return Verdict(reason, address, due_at or terms.now, terms.now)


def _known(profile: Profile, key: str) -> Message | None:
    """The message of this key, also one that was written before the person was merged."""
    rows = Message.objects.filter(written_to(profile.pk), idempotency_key=key)
    return rows.order_by("id").first()


def digest_of(*parts: Any) -> str:
    """32 characters that tell this message from another."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _same(known: Message, digest: str) -> Message:
    if known.data.get("_request", digest) != digest:
        raise AnotherMessage(_("This idempotency key was used for another message."))
    return known


def _hold(purpose: Purpose) -> None:
    """Until the transaction ends it cannot be deleted: no foreign key of a message keeps it.

    Raises InvalidCampaign where it is gone.
    """
    held = run(sql("SELECT 1 FROM purpose WHERE id = {id} FOR SHARE", id=purpose.pk))
    if not held:
        raise InvalidCampaign([_no_purpose()])


def _no_purpose() -> FieldError:
    return fault("purpose", _("No purpose that messages are sent for."), "unknown")


def _purpose(channel: str, slug: str) -> Purpose:
    errors: list[FieldError] = []
    purpose = Purpose.objects.filter(slug=slug).first()
    if purpose is None or purpose.purpose_class == Purpose.Class.PROCESSING:
        errors.append(_no_purpose())
    if channel not in CONTENTS:
        errors.append(fault("channel", not_connected(channel), "unsupported"))
    if errors or purpose is None:
        raise InvalidCampaign(errors)
    return purpose


def _content(
    purpose: Purpose, channel: str, content: Mapping[str, Any] | None, template: str
) -> ContentVersion:
    """Content is kept once for all messages that have the same."""
    if template:
        raise InvalidCampaign(
            [fault("template", _("There is no template %(slug)s.") % {"slug": template}, "unknown")]
        )
    given = {k: v for k, v in (content or {}).items() if v}
    kind = content_kind(channel)
    wrong = [fault(f"content.{one.part}", one.message, one.code) for one in kind.faults(given)]
    if any(kind.lacks(given)):
        wrong.append(fault("content", kind.wanted, "required"))
    if wrong:
        raise InvalidCampaign(wrong)
    step = digest_of(purpose.pk, given)
    found = ContentVersion.objects.filter(
        version=None, step=step, purpose=purpose, channel=channel
    ).first()
    if found is not None:
        return found
    compiled = kind.compile(given, purpose_class=purpose.purpose_class)
    if not compiled.usable:
        errors = [
            fault("content", str(problem["message"]))
            for problem in compiled.problems
            if problem["severity"] == "error"
        ]
        raise InvalidCampaign(errors)
    return ContentVersion.objects.create(
        version=None, step=step, purpose=purpose, channel=channel, compiled=compiled.to_dict()
    )


def _taken(version: ContentVersion, now: datetime) -> Sql:
    """The owner of a borrowed address (`r.owner_id`) got this very content within a day: the same
    mail twice at one address, as in a campaign.
    """
    return sql(
        "EXISTS (SELECT 1 FROM message t"  # noqa: S608 - pieces of ours
        f" WHERE t.profile_id IN ({ids_ever('r.owner_id')}) AND t.owner_id IS NULL"
        " AND t.content_version_id = {content} AND t.queued_at > {since}"
        " AND t.state <> 'excluded')",
        content=version.pk,
        since=now - SAME_AGAIN,
    )


def _queue(
    profile: Profile,
    channel: str,
    purpose: Purpose,
    version: ContentVersion,
    data: dict[str, Any],
    key: str,
    digest: str,
) -> Message:
    sending = Sending(
        terms=single_terms(purpose, channel, timezone.now()),
        lane=LANE,
        arms=[Variant("", 1.0, version.pk)],
        key=key,
        data={GIVEN: data, "_request": digest},
    )
    taken = _taken(version, sending.terms.now) if sending.terms.is_marketing else None
    with connection.cursor() as cursor:
        written = write(cursor, sending, one_person(sending.terms, profile.pk, taken))
    message = Message.objects.get(profile=profile, pk=written.message_id)
    audit.record(
        "send",
        "message",
        str(message.public_id),
        detail={"purpose": purpose.slug, "class": purpose.purpose_class},
        profile_id=profile.pk,
    )
    return message
