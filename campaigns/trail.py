"""Campaigns, messages and senders as the audit trail leads to them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Message, Sender
from config.console.shell import places
from config.workspace.lifecycle.usage import ObjectKind, form_of
from config.workspace.models import AuditEntry
from config.workspace.trail.targets import TARGETS, Target, rows_of
from config.workspace.trail.words import KINDS


def _campaign_url(row: Campaign) -> str:
    return places.campaign(row.slug)


def messages_of(entries: Sequence[AuditEntry]) -> Mapping[int, Target]:
    """Messages by the campaign that they belong to; two queries."""
    people = {entry.profile_id for entry in entries if entry.profile_id}
    wanted = {UUID(entry.target) for entry in entries if entry.target}
    rows = Message.objects.filter(profile_id__in=people, public_id__in=wanted)
    found = {str(row.public_id): row for row in rows.only("profile_id", "public_id", "campaign_id")}
    campaigns = Campaign.objects.filter(pk__in={row.campaign_id for row in found.values()})
    names = dict(campaigns.values_list("pk", "name"))
    return {
        entry.pk: _message(found[entry.target], names) for entry in entries if entry.target in found
    }


def _message(row: Message, names: Mapping[int, str]) -> Target:
    campaign = names.get(row.campaign_id or 0)
    name = _("Single message")
    if campaign is not None:
        name = _("Message of “%(campaign)s”") % {"campaign": campaign}
    url = reverse("campaigns:message", args=[row.profile_id, row.pk])
    return Target(name, url, "messages.view")


_CAMPAIGN = ObjectKind(KINDS["campaign"], Campaign, "slug", _campaign_url)
_SENDER = ObjectKind(KINDS["sender"], Sender, "pk", form_of)
TARGETS.register("campaign")(rows_of(_CAMPAIGN, "campaigns.view"))
TARGETS.register("message")(messages_of)
TARGETS.register("sender")(rows_of(_SENDER, "campaigns.view"))
