"""Why somebody got a message: who sent it, what chose them, what allowed it; from the records."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from campaigns.models import Campaign, CampaignVersion, ContentVersion, Message, Sender
from config.workspace.trail.proofs import NotProvable, proof_of
from consent.ledger.chain import CONSENTS, SEALED
from consent.models import ConsentEntry
from consent.words import act_of, source_of
from profiles.selectors.masking import EVERYTHING, Shown
from segments.models import Segment, SegmentVersion
from segments.rules import RuleError, parse_rule


@dataclass(frozen=True)
class SendFacts:
    """One message. `rule` is what chose the person, as it was when the message was queued; "" for a
    list, a trigger or a single message (`chosen_by` says which). `entry` is the permission.
    """

    row: Message
    campaign: Campaign | None
    sender: Sender | None
    subject: str
    segment: str
    rule: str
    chosen_by: str
    entry: ConsentEntry | None

    @property
    def how(self) -> str:
        """How the permission was given."""
        return act_of(self.entry) if self.entry else ""

    @property
    def where(self) -> str:
        """Where it was given."""
        return source_of(self.entry) if self.entry else ""


def facts_of(row: Message, *, shown: Shown = EVERYTHING) -> SendFacts:
    """Some six queries. The rule without the values that may not be seen."""
    campaign = Campaign.objects.filter(pk=row.campaign_id).first() if row.campaign_id else None
    version = _version(row, campaign)
    entry = dict(version.entry) if version else {}
    segment = Segment.objects.filter(slug=entry.get("segment", "")).first()
    sender = version.sender if version else None
    return SendFacts(
        row,
        campaign,
        sender or Sender.objects.order_by("-is_default", "pk").first(),
        _subject(row),
        segment.name if segment else "",
        _rule(segment, row, shown) if segment else "",
        _chosen_by(entry, segment, campaign),
        _entry(row),
    )


def _version(row: Message, campaign: Campaign | None) -> CampaignVersion | None:
    """What was launched, as of the message."""
    if campaign is None:
        return None
    rows = campaign.versions.select_related("sender").filter(created_at__lte=row.queued_at)
    return rows.order_by("-number").first()


def _subject(row: Message) -> str:
    """As it was written, its places for values not filled in."""
    content = ContentVersion.objects.filter(pk=row.content_version_id or 0).first()
    return str(content.compiled.get("subject", "")) if content else ""


def _rule(segment: Segment, row: Message, shown: Shown) -> str:
    """The newest version before the message; the rule of today where none is kept."""
    if segment.kind == Segment.Kind.STATIC:
        return ""
    versions = SegmentVersion.objects.filter(segment=segment, created_at__lte=row.queued_at)
    version = versions.order_by("-number").first()
    try:
        rule = parse_rule(version.rule if version else segment.rule)
    except RuleError:
        return ""
    return rule.masked(shown).describe()


def _chosen_by(entry: dict[str, Any], segment: Segment | None, campaign: Campaign | None) -> str:
    if campaign is None:
        return _("It was written to this one person.")
    if entry.get("kind") == "event":
        return _("It answers something that happened: %(event)s.") % {"event": entry.get("name")}
    if segment is not None and segment.kind == Segment.Kind.STATIC:
        return _("The person was on a list.")
    return ""


def _entry(row: Message) -> ConsentEntry | None:
    if row.consent_entry_id is None:
        return None
    rows = ConsentEntry.objects.filter(profile_id=row.profile_id, pk=row.consent_entry_id)
    return rows.select_related("source", "purpose", "topic").first()


@dataclass(frozen=True)
class ChainState:
    """Whether the ledger proves an entry: `code` is "proven" or that of NotProvable."""

    code: str
    block: int = 0
    stamped_by: str = ""
    stamped_at: str = ""


def chain_state(entry: ConsentEntry) -> ChainState:
    """Checked now: the entry's block is hashed again, and the chain behind it followed."""
    try:
        proof = proof_of(CONSENTS, entry.pk, SEALED)
    except NotProvable as error:
        return ChainState(str(error))
    stamps = proof["time_stamps"]
    block = proof["chain"][0]["block"]
    if not stamps:
        return ChainState("proven", block)
    return ChainState("proven", block, stamps[0]["authority"], stamps[0]["at"])


def proof_file(entry: ConsentEntry, message: Message | None = None) -> dict[str, Any]:
    """The file of an entry; with a message what is on record of it, which the chain does not hold.

    Raises NotProvable.
    """
    proof = proof_of(CONSENTS, entry.pk, SEALED)
    if message is None:
        return proof
    return proof | {
        "message": {
            "id": str(message.public_id),
            "address": message.address,
            "channel": message.channel,
            "purpose": message.purpose.slug,
            "queued_at": message.queued_at.isoformat(),
            "sent_at": message.sent_at.isoformat() if message.sent_at else None,
            "consent_entry": entry.pk,
        }
    }
