"""What the public pages of consent ask about our messages."""

from django.urls import reverse

from campaigns.models import Campaign, Sender
from campaigns.outcomes.recording import find_sent, record_unsubscribe
from config.workspace.access import tokens
from consent.preferences.hooks import MESSAGES, SentTo


class SentMessages:
    """Signs in at `consent.preferences.hooks.MESSAGES`."""

    def find(self, profile_id: int, message_id: int) -> SentTo | None:
        """The message that a token names, with its sender; four queries."""
        sent = find_sent(profile_id, message_id)
        if sent is None:
            return None
        rows = Campaign.objects.select_related("sender")
        campaign = rows.filter(pk=sent.campaign_id or 0).first()
        sender = campaign.sender if campaign else None
        sender = sender or Sender.objects.order_by("-is_default", "pk").first()
        return SentTo(
            profile_id=sent.person_id,
            channel=sent.channel,
            address=sent.address,
            sender=sender.name if sender else "",
            postal_address=sender.postal_address if sender else "",
            why_url=reverse("why", args=[tokens.issue("unsubscribe", profile_id, message_id)]),
        )

    def left(self, profile_id: int, message_id: int) -> None:
        """Note it on the message and tell of `Unsubscribed`, once."""
        sent = find_sent(profile_id, message_id)
        if sent is not None:
            record_unsubscribe(sent)


MESSAGES.register("campaigns")(SentMessages())
