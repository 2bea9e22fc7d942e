"""Webhooks: made, changed, given a new key, switched on and off, deleted."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.postgres.sql import sql
from config.workspace import audit
from config.workspace.access.tokens import seal, unseal
from config.workspace.models import Secret, Webhook
from config.workspace.outgoing import giving_up
from config.workspace.outgoing.addresses import Refused, server_of
from config.workspace.outgoing.kinds import PING, choosable
from config.workspace.outgoing.notices import WORK, tell_query
from config.workspace.outgoing.signing import new_key, written
from config.workspace.work.due import wake

PURPOSE: Final = "webhook"
KEY_ID_BYTES: Final = 8
OVERLAP: Final = timedelta(hours=24)  # that two keys sign, unless it is said otherwise
LONGEST_OVERLAP: Final = timedelta(days=30)


class NotAWebhook(ValueError):
    """What was given for a webhook cannot be: `path` is the field, the text says why."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


class IsOff(ValueError):
    """Nothing is sent by a webhook that is switched off."""


@transaction.atomic
def create_webhook(
    *,
    url: str,
    events: Sequence[str],
    description: str = "",
    enabled: bool = True,
    erased_user_ids: bool = False,
    may_personal: bool = True,
) -> tuple[Webhook, str]:
    """A new one and its key as the other side keeps it, which nobody is shown again.

    `erased_user_ids`, that it is told of who was erased by ids of the workspace's own, can only be
    said by whoever may see such ids (`may_personal`). Raises NotAWebhook.
    """
    row = Webhook(description=description.strip(), enabled=enabled)
    row.erased_user_ids = _may_tell(erased_user_ids, may_personal)
    row.url, row.server = url, _server(url)
    row.events = _events(events)
    if not enabled:
        row.off_at, row.off_because = timezone.now(), Webhook.Off.BY_HAND
    key = new_key()
    row.secret = _kept(key)
    row.save()
    audit.record("webhook.created", "webhook", str(row.pk), fields=["url", "events"])
    return row, written(key)


@transaction.atomic
def change_webhook(webhook: Webhook, *, may_personal: bool = True, **given: Any) -> Webhook:
    """Change `url`, `events`, `description`, `enabled` or `erased_user_ids`; others are left.

    Who may not see people's ids (`may_personal`) cannot have it told of them, nor lead them to
    another address: then it is told of them no longer. Raises NotAWebhook.
    """
    row = Webhook.objects.select_for_update().get(pk=webhook.pk)
    if not may_personal and given.get("url", row.url) != row.url:
        given = {**given, "erased_user_ids": False}
    changed = [name for name, value in given.items() if getattr(row, name) != value]
    if "url" in changed:
        row.url, row.server = given["url"], _server(given["url"])
        row.failing_since, row.failures = None, 0
    if "events" in changed:
        row.events = _events(given["events"])
    if "erased_user_ids" in changed:
        row.erased_user_ids = _may_tell(given["erased_user_ids"], may_personal)
    if "description" in changed:
        row.description = given["description"].strip()
    if "enabled" in changed and given["enabled"]:
        row.enabled, row.off_at, row.off_because = True, None, ""
        row.failing_since, row.failures = None, 0
    if changed:
        row.save()
        audit.record("webhook.changed", "webhook", str(row.pk), fields=changed)
    if given.get("enabled") is False and row.off_because != Webhook.Off.BY_HAND:
        giving_up.switch_off(row, Webhook.Off.BY_HAND)  # also what switched itself off
        row.refresh_from_db()
    return row


@transaction.atomic
def rotate_key(webhook: Webhook, *, overlap: timedelta = OVERLAP) -> tuple[Webhook, str]:
    """A new key; the one of before signs beside it for `overlap`. One of before that ends at once.

    Raises NotAWebhook.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise NotAWebhook("overlap_hours", _("From 0 to 720 hours."))
    row = Webhook.objects.select_for_update(of=("self",)).get(pk=webhook.pk)
    ended = row.former_secret
    key = new_key()
    row.former_secret, row.secret = row.secret, _kept(key)
    row.former_until = timezone.now() + overlap
    row.save()
    if ended:
        ended.delete()
    audit.record(
        "webhook.rotated", "webhook", str(row.pk), detail={"until": row.former_until.isoformat()}
    )
    return row, written(key)


@transaction.atomic
def delete_webhook(webhook: Webhook) -> None:
    """Take it away with its log and its keys; what waits is not sent any more."""
    row = Webhook.objects.select_for_update().get(pk=webhook.pk)
    giving_up.give_up_open(row, giving_up.DELETED)
    keys = [number for number in (row.secret_id, row.former_secret_id) if number]
    audit.record("webhook.deleted", "webhook", str(row.pk))
    row.delete()
    Secret.objects.filter(pk__in=keys).delete()


@transaction.atomic
def ping(webhook: Webhook) -> None:
    """Send a call that says nothing, to see whether it arrives. Raises IsOff."""
    ensure_on(webhook)
    facts = sql(
        "SELECT jsonb_build_object('webhook', {id}::bigint) AS data, '{{}}'::bigint[] AS people,"
        " NULL::bytea AS sealed",
        id=webhook.pk,
    )
    tell_query(PING, facts, [webhook.pk])
    audit.record("webhook.pinged", "webhook", str(webhook.pk))
    wake(WORK)


def ensure_on(webhook: Webhook) -> None:
    """Raises IsOff."""
    if not Webhook.objects.filter(pk=webhook.pk, enabled=True).exists():
        raise IsOff(_("It is switched off: switch it on first."))


def keys_of(webhook: Webhook, now: datetime) -> list[bytes]:
    """Those that sign now, the newest first. Raises InvalidToken with another SECRETS_KEY."""
    rows = [webhook.secret]
    if webhook.former_until and webhook.former_until > now:
        rows.append(webhook.former_secret)
    return [unseal(row.ciphertext) for row in rows if row]


def _kept(key: bytes) -> Secret:
    key_id = secrets.token_hex(KEY_ID_BYTES)
    return Secret.objects.create(purpose=PURPOSE, key_id=key_id, ciphertext=seal(key))


def _may_tell(wanted: bool, may_personal: bool) -> bool:
    if wanted and not may_personal:
        words = _("Only somebody who may see personal data can have it told of people's own ids.")
        raise NotAWebhook("erased_user_ids", words)
    return wanted


def _server(url: str) -> str:
    try:
        return server_of(url)
    except Refused as error:
        raise NotAWebhook("url", str(error)) from error


def _events(events: Sequence[str]) -> list[str]:
    known = choosable()
    for n, name in enumerate(events):
        if name not in known:
            words = _("There is no such kind of event. There are: %(known)s.")
            raise NotAWebhook(f"events[{n}]", words % {"known": ", ".join(known)})
    if not events:
        raise NotAWebhook("events", _("Choose at least one kind of event."))
    return [name for name in known if name in events]
