"""A campaign: an entry, a tree of steps, a goal; and who is inside."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from campaigns.standing_words import SENTENCES
from config.workspace.tables.belonging import IN_NUMBERS, Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import Bounded, ForEver, Until
from config.workspace.tables.schema import ProfileScoped


class Sender(models.Model):
    """Who a mail is from; marketing needs the postal address."""

    lasts = Bounded("made by hand")
    name = models.CharField(_("name"), max_length=200)
    address = models.EmailField(_("address"), unique=True)
    reply_to = models.EmailField(_("reply to"), blank=True)
    postal_address = models.TextField(_("postal address"), blank=True)
    is_default = models.BooleanField(_("default"), default=False)
    archived_at = models.DateTimeField(_("archived"), null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "sender"
        ordering = ["name"]
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="sender_one_default",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"


class Campaign(models.Model):
    """One model for what marketers call a campaign (one step) and a journey (many)."""

    lasts = ForEver("what was sent to people and why; a campaign is launched by somebody")

    class Status(models.TextChoices):
        """Where a campaign stands."""

        DRAFT = "draft", _("Draft")
        SCHEDULED = "scheduled", _("Scheduled")
        HELD = "held", _("Held for undo")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        FINISHED = "finished", _("Finished")
        CANCELLED = "cancelled", _("Cancelled")

    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=300)
    sender = models.ForeignKey(Sender, models.PROTECT, null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    # the draft, as the API writes it; a launch freezes it into a version, and from then on it is
    # what runs. `next` is the draft of the version after that, if there is one.
    revision = models.IntegerField(default=1)  # goes up with every change of the draft
    entry = models.JSONField(default=dict)
    steps = models.JSONField(default=list)
    exit = models.JSONField(default=list)
    goal = models.JSONField(null=True)
    caps = models.JSONField(null=True)
    holdout = models.FloatField(default=0)  # share, 0 to 1
    next = models.JSONField(null=True)
    current = models.ForeignKey(
        "campaigns.CampaignVersion", models.PROTECT, null=True, related_name="+"
    )
    scheduled_at = models.DateTimeField(null=True)
    hold_until = models.DateTimeField(null=True)
    launched_at = models.DateTimeField(null=True)
    fanned_out_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    paused_from = models.CharField(max_length=10, blank=True)
    pause_reason = models.TextField(blank=True)
    # what keeps it from going on (services/faults.py): since when, how often, when it tries again
    fault = models.TextField(blank=True, default="")
    fault_at = models.DateTimeField(null=True)
    fault_count = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey("workspace.User", models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "campaign"
        ordering = ["-id"]
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(holdout__gte=0, holdout__lte=1),
                name="campaign_holdout_share",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def job_subject(self) -> str:
        """What the job that writes the messages of its launched version is about."""
        return f"campaign:{self.slug}:{self.current_id}"

    @property
    def fault_words(self) -> str:
        """What keeps it from going on, in the reader's language."""
        return SENTENCES.in_words(self.fault)

    @property
    def pause_words(self) -> str:
        """Why it was paused by itself, in the reader's language."""
        return SENTENCES.in_words(self.pause_reason)


class CampaignVersion(models.Model):
    """What was launched; never changed."""

    lasts = ForEver(gettext_noop("what a launch froze: messages refer to it"))
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="versions")
    number = models.IntegerField()
    entry = models.JSONField()
    steps = models.JSONField()
    exit = models.JSONField(default=list)
    goal = models.JSONField(null=True)
    caps = models.JSONField(null=True)
    holdout = models.FloatField(default=0)
    # how many would get it, as was shown to whoever launched; null where nothing was shown
    shown_recipients = models.BigIntegerField(null=True)
    sender = models.ForeignKey(Sender, models.PROTECT, null=True)
    created_by = models.ForeignKey("workspace.User", models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "campaign_version"
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="campaign_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} v{self.number}"


class ContentVersion(models.Model):
    """The compiled content of one step and variant; never changed. `links` by position."""

    lasts = ForEver(
        gettext_noop("links in old mails lead through it; the same content is kept once")
    )
    version = models.ForeignKey(CampaignVersion, models.CASCADE, related_name="contents", null=True)
    step = models.CharField(max_length=60)
    variant = models.CharField(max_length=60, blank=True, default="")
    locale = models.CharField(max_length=16, blank=True, default="")
    purpose = models.ForeignKey("consent.Purpose", models.PROTECT)
    channel = models.CharField(max_length=10)
    tags = ArrayField(models.TextField(), default=list)  # what limits may be about, as launched
    compiled = models.JSONField()

    class Meta:
        db_table = "content_version"
        constraints = [
            models.UniqueConstraint(
                fields=["version", "step", "variant", "locale"],
                name="content_version_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.step}"


class Enrolment(ProfileScoped):
    """A profile inside a campaign of several steps; due at `step` when `due_at` has passed.

    Whoever was in a campaign that ends with its first message has that message alone
    (`campaigns.people.entered`). `lease` says that a worker is at it (`campaigns.engine`). `arm` is
    "", `control`, or `general`: the workspace keeps them from marketing, and they count in no arm.
    """

    belongs = Belonging(
        Merged.MOVED,
        Apart.BY_ORIGIN,
        Erased.SCRUBBED,
        scrubbed={"data": "'{}'", "instance_key": "''"},
        why=IN_NUMBERS,
    )
    lasts = ForEver(
        gettext_noop("who was in a campaign decides who may enter again, and who is its control")
    )
    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey(
        "profiles.Profile", models.CASCADE, db_index=False, db_constraint=False
    )
    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False, db_constraint=False)
    campaign_version = models.ForeignKey(
        CampaignVersion, models.CASCADE, db_index=False, db_constraint=False
    )
    instance_key = models.TextField(blank=True, default="")
    bucket = models.SmallIntegerField()
    step = models.TextField(blank=True, default="")
    visit = models.IntegerField(default=1)
    arm = models.TextField(blank=True, default="")
    entered_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.TextField(blank=True, default="")
    source_profile_id = models.BigIntegerField(null=True)  # whose it was, where a merge moved it
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "enrolment"
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "campaign", "instance_key"],
                condition=models.Q(ended_at__isnull=True),
                name="enrolment_open_once",
            ),
        ]
        indexes = [
            # who of a campaign is due, the longest first (engine/claims.py)
            models.Index(
                fields=["campaign", "due_at"],
                condition=models.Q(ended_at__isnull=True, due_at__isnull=False),
                name="enrolment_due",
            ),
            models.Index(fields=["campaign", "step"], name="enrolment_by_step"),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id} in {self.campaign_id}"


class Transition(ProfileScoped):
    """That an enrolment went from one step to the next ("" at the end), when, and what decided.

    One row for each step that was executed: written with the step's effects, in one transaction.
    """

    belongs = Belonging(Merged.KEPT, Apart.STAYS, Erased.KEPT, why=IN_NUMBERS)
    lasts = Until(gettext_noop("so long after it happened"), "transitions", "TRANSITION_DAYS")
    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey(
        "profiles.Profile", models.CASCADE, db_index=False, db_constraint=False
    )
    enrolment_id = models.BigIntegerField()
    campaign_id = models.BigIntegerField()
    from_step = models.TextField()
    to_step = models.TextField(blank=True, default="")
    visit = models.IntegerField(default=1)
    at = models.DateTimeField()
    decided = models.TextField()

    class Meta:
        db_table = "enrolment_transition"
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "enrolment_id", "from_step", "visit"],
                name="transition_once",
            ),
        ]
        indexes = [
            # moments follow each other in the table, so that the old ones are found without all
            BrinIndex(fields=["at"], name="transition_by_time", autosummarize=True),
            models.Index(fields=["campaign_id", "from_step"], name="transition_by_step"),
        ]

    def __str__(self) -> str:
        return f"{self.from_step} -> {self.to_step}"
