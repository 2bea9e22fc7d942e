"""A message: one thing sent to one profile on one channel, or the recorded reason why not."""

import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.belonging import IN_NUMBERS, Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import Bounded, Until
from config.workspace.tables.schema import ProfileScoped

# names in `data`
OWN_LINKS = "_links"  # those whose address is this message's own
HELD = "_held"  # until when hours keep it that nobody may be reached in, found at hand-over
GIVEN = "_given"  # what the caller gave a single message for its content, by names of their own


class MessageState(models.TextChoices):
    """Where a message stands; the words are those of docs/integrators/rest.md."""

    QUEUED = "queued", _("Queued")
    HANDING_OVER = "handing_over", _("Handing over")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    BOUNCED = "bounced", _("Bounced")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Unknown")
    EXCLUDED = "excluded", _("Not sent")
    CANCELLED = "cancelled", _("Cancelled")


class MessageReason(models.TextChoices):
    """Why someone got nothing, in the one fixed order."""

    FROZEN = "frozen", _("Person frozen")
    NO_ADDRESS = "no_address", _("No address")
    SUPPRESSED = "suppressed", _("Suppressed")
    NO_PERMISSION = "no_permission", _("No permission")
    OBJECTED = "objected", _("Objected to profiling")
    DUPLICATE_ADDRESS = "duplicate_address", _("Duplicate address")
    CAPPED = "capped", _("Contact frequency reached")
    QUIET_HOURS = "quiet_hours", _("Quiet hours")
    EXPIRED = "expired", _("Too late")
    HOLDOUT = "holdout", _("Control group")
    # between queueing and hand-over
    LEFT_SEGMENT = "left_segment", _("Left the segment")
    GOAL_REACHED = "goal_reached", _("Goal reached already")


class Message(ProfileScoped):
    """One row for each profile, enrolment, step and visit.

    A campaign that ends with its first message writes no enrolments: then one row for each profile,
    campaign, step and visit, which also says that somebody was in.

    `must_permit` is generated as true; (profile_id, consent_entry_id, must_permit) is a foreign key
    to the ledger entry's (profile_id, id, permits), and a CHECK asks for the entry wherever a
    marketing message is not excluded: the database itself refuses one that nobody permitted.
    """

    belongs = Belonging(
        Merged.KEPT,
        Apart.BY_ADDRESS,
        Erased.SCRUBBED,
        by=(),  # whose a message is says `campaigns.people.whose`; see `campaigns.erasing`
        scrubbed={
            "address": "''",
            "data": "'{}'",
            "idempotency_key": "''",
            "provider_ref": "''",
            # a provider's own words may quote the address; a reason of ours is one word
            "reason": "CASE WHEN t.reason ~ '^[a-z_]*$' THEN t.reason ELSE '' END",
        },
        why=gettext_noop("proves that a message went out, with what right, and what came of it"),
    )
    lasts = Until(
        gettext_noop(
            "sent: for ever, as proof. Not sent, but for control groups: so long after the campaign"
            " ended, then as counts"
        ),
        "excluded",
        "EXCLUDED_DAYS",
    )
    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4)
    profile = models.ForeignKey(
        "profiles.Profile", models.PROTECT, db_index=False, db_constraint=False
    )
    # whose it is where its address went to another since, by an undone merge (`selectors/whose.py`)
    owner_id = models.BigIntegerField(null=True)
    enrolment_id = models.BigIntegerField(null=True)
    campaign_id = models.BigIntegerField(null=True)
    step = models.TextField(blank=True, default="")
    visit = models.IntegerField(default=1)
    lane = models.SmallIntegerField(default=5)  # 1 transactional, 5 journey, 9 bulk
    is_marketing = models.BooleanField()
    is_test = models.BooleanField(default=False)
    purpose = models.ForeignKey(
        "consent.Purpose", models.PROTECT, db_index=False, db_constraint=False
    )
    channel = models.TextField()
    address = models.TextField(blank=True, default="")
    state = models.TextField(choices=MessageState.choices)
    reason = models.TextField(blank=True, default="")
    # of a reason of ours: more of it in a word (`campaigns.gate.expression`), by which entry of the
    # ledger, or by which suppression, and when; without the last, when it was queued
    detail = models.TextField(blank=True, default="", db_default="")
    said_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0)
    content_version_id = models.BigIntegerField(null=True)
    locale = models.TextField(blank=True, default="")
    variant = models.TextField(blank=True, default="")
    # the person's day on which it counts against contact frequency; null: it does not, or it was
    # queued before the day was kept
    counted_on = models.DateField(null=True)
    consent_entry_id = models.BigIntegerField(null=True)
    consent_entry = models.ForeignObject(
        "consent.ConsentEntry",
        models.DO_NOTHING,
        from_fields=["profile", "consent_entry_id"],
        to_fields=["profile", "id"],
        related_name="messages",
        null=True,
    )
    must_permit = models.GeneratedField(
        expression=models.Value(True),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    idempotency_key = models.TextField(blank=True, default="")
    provider_ref = models.TextField(blank=True, default="")
    data = models.JSONField(default=dict)
    sent_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    machine_opened_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)
    machine_clicked_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)
    complained_at = models.DateTimeField(null=True)
    converted_at = models.DateTimeField(null=True)
    revenue = models.FloatField(null=True)

    class Meta:
        db_table = "message"
        ordering = ["-queued_at", "-id"]
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            # each message stands in one of these two: a copy of a test, or one to somebody by
            # itself, in neither
            models.UniqueConstraint(
                fields=["profile", "enrolment_id", "step", "visit"],
                condition=models.Q(enrolment_id__isnull=False),
                name="message_once_enrolled",
            ),
            models.UniqueConstraint(
                fields=["profile", "campaign_id", "step", "visit"],
                condition=models.Q(
                    enrolment_id__isnull=True, campaign_id__isnull=False, is_test=False
                ),
                name="message_once",
            ),
            models.UniqueConstraint(
                fields=["profile", "idempotency_key"],
                condition=~models.Q(idempotency_key=""),
                name="message_idempotent",
            ),
            models.CheckConstraint(
                condition=models.Q(is_marketing=False)
                | models.Q(state="excluded")
                | models.Q(consent_entry_id__isnull=False),
                name="message_needs_permission",
            ),
        ]
        indexes = [
            models.Index(fields=["campaign_id", "state", "reason"], name="message_by_campaign"),
            models.Index(fields=["public_id"], name="message_by_public_id"),
            # upwards: what comes last then goes to the end of it; read backwards, newest first
            models.Index(fields=["queued_at", "id"], name="message_by_time"),
            # those of a person that stand under another's key
            models.Index(
                fields=["owner_id"],
                condition=models.Q(owner_id__isnull=False),
                name="message_by_owner",
            ),
            # the sweep of delivery/strays.py: empty but for what is under way
            models.Index(
                fields=["profile", "id"],
                condition=models.Q(state="handing_over"),
                name="message_handing_over",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"

    @property
    def held_until(self) -> datetime | None:
        """When it leaves that waits for an hour in which its person may be reached; else None."""
        if self.state != MessageState.QUEUED or self.due_at <= timezone.now():
            return None
        if HELD in self.data:
            return self.due_at if datetime.fromisoformat(self.data[HELD]) == self.due_at else None
        # as it was queued: what a provider did not take for now was tried
        return self.due_at if not self.attempts and self.due_at > self.queued_at else None


class ExcludedCount(models.Model):
    """How many of a campaign got nothing, by reason: those whose messages are not kept any more."""

    lasts = Bounded("a row a campaign, variant, reason and what is known of it")
    campaign = models.ForeignKey("campaigns.Campaign", models.CASCADE)
    variant = models.TextField(blank=True, default="")
    reason = models.TextField()
    detail = models.TextField(blank=True, default="", db_default="")
    n = models.BigIntegerField()

    class Meta:
        db_table = "excluded_count"
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "variant", "reason", "detail"], name="excluded_count_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {self.n}"


class MessageReference(models.Model):
    """By what a provider names a message: 16 bytes of a digest of channel and reference.

    Found by it alone, as claims are by theirs; whoever asks gets the key of the message.
    """

    belongs = Belonging(Merged.KEPT, Apart.STAYS, Erased.ERASED)
    lasts = Until(
        gettext_noop("no provider speaks of a message so long after"),
        "message_references",
        "MESSAGE_REFERENCE_DAYS",
    )
    digest = models.BinaryField(max_length=16, primary_key=True)
    profile_id = models.BigIntegerField()
    message_id = models.BigIntegerField()
    kept_on = models.DateField()

    class Meta:
        db_table = "message_reference"
        # days follow each other in the table, so that the old ones are found without reading all
        indexes = [
            BrinIndex(fields=["kept_on"], name="message_reference_by_day", autosummarize=True)
        ]

    def __str__(self) -> str:
        return bytes(self.digest).hex()


class MessageChunk(models.Model):
    """500 to 1,000 messages that one worker leases and hands over; local to one server."""

    belongs = Belonging(Merged.KEPT, Apart.STAYS, Erased.KEPT, by=("profile_ids",), why=IN_NUMBERS)
    lasts = Bounded(gettext_noop("goes when its messages are handed over"))
    campaign_id = models.BigIntegerField(null=True, db_index=True)
    lane = models.SmallIntegerField(default=5)
    channel = models.CharField(max_length=10)
    # pairs by position: a message is found by (profile, id), never by the id alone
    profile_ids = ArrayField(models.BigIntegerField())
    message_ids = ArrayField(models.BigIntegerField())
    due_at = models.DateTimeField()
    # of a throttled send: how many of its messages leave a second, and when these could have left
    # without that; `due_at` is their turn (outbox/pacing.py)
    per_second = models.FloatField(null=True)
    ready_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "message_chunk"
        indexes = [models.Index(fields=["lane", "due_at"], name="chunk_due")]

    def __str__(self) -> str:
        return f"chunk {self.pk}"


class ContactCount(ProfileScoped):
    """How many marketing messages a profile was sent on a channel on a day of theirs.

    With a tag: those that had it; the line without one counts all.
    """

    belongs = Belonging(Merged.DERIVED, Apart.DERIVED, Erased.ERASED)
    lasts = Until(
        gettext_noop("no limit of contact frequency looks as far back"),
        "contact_counts",
        "CONTACT_COUNT_DAYS",
    )
    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey(
        "profiles.Profile", models.CASCADE, db_index=False, db_constraint=False
    )
    channel = models.TextField()
    tag = models.TextField(default="", db_default="")
    day = models.DateField()
    n = models.IntegerField(default=0)

    class Meta:
        db_table = "contact_count"
        # days follow each other in the table, so that the old ones are found without reading all
        indexes = [BrinIndex(fields=["day"], name="contact_count_by_day", autosummarize=True)]

    def __str__(self) -> str:
        return f"{self.n} on {self.day}"
