"""Senders: made and changed, with one default at most."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from campaigns.models import Sender
from config.workspace import audit


def default_sender() -> Sender | None:
    """Who new campaigns, single mails and tests are from: the default, else the first there is."""
    return Sender.objects.filter(archived_at=None).order_by("-is_default", "pk").first()


def settle_default(sender: Sender) -> None:
    """One is the default: this one where it says so or where there is no other. The caller saves.

    The others lose it here, in the caller's transaction: two at a time are no state of the table.
    """
    others = Sender.objects.exclude(pk=sender.pk)
    if not others.filter(is_default=True, archived_at=None).exists():
        sender.is_default = True
    if sender.is_default:
        others.filter(is_default=True).update(is_default=False)


@transaction.atomic
def create_sender(
    *,
    name: str,
    address: str,
    reply_to: str = "",
    postal_address: str = "",
    is_default: bool = False,
) -> Sender:
    """A new sender; the first one is the default. The address must be free."""
    sender = Sender(
        name=name,
        address=address,
        reply_to=reply_to,
        postal_address=postal_address,
        is_default=is_default,
    )
    settle_default(sender)
    sender.save()
    audit.record("sender.created", "sender", str(sender.pk))
    return sender


@transaction.atomic
def change_sender(sender: Sender, values: Mapping[str, Any]) -> Sender:
    """Change what `values` names; a second default takes the place of the first.

    Raises IntegrityError where the address is another's.
    """
    row = Sender.objects.select_for_update().get(pk=sender.pk)
    for name, value in values.items():
        setattr(row, name, value)
    if values:
        settle_default(row)
        row.save(update_fields=[*values, "is_default"])
        audit.record("sender.changed", "sender", str(row.pk), fields=list(values))
    return row
