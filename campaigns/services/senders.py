"""Senders: made and changed, with one default at most."""

from django.db import transaction

from campaigns.models import Sender
from config.workspace import audit


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
    default = is_default or not Sender.objects.filter(is_default=True).exists()
    if default:
        Sender.objects.filter(is_default=True).update(is_default=False)
    sender = Sender.objects.create(
        name=name,
        address=address,
        reply_to=reply_to,
        postal_address=postal_address,
        is_default=default,
    )
    audit.record("sender.created", "sender", str(sender.pk))
    return sender
