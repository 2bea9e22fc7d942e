"""What was done (audit trail) and what is being done (jobs)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.belonging import IN_NUMBERS, Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import ForEver, Until


class AuditEntry(models.Model):
    """One look at personal data or one change; append-only, without personal values.

    `fields` holds names, never values; what may be personal can be nulled by an erasure: the chain
    is made over `digest`, a salted digest of it.
    """

    belongs = Belonging(
        Merged.KEPT,
        Apart.STAYS,
        Erased.SCRUBBED,
        scrubbed={"target": "''", "profile_id": "NULL"},
        why=gettext_noop("who of ours looked and changed what stays; whom, is taken out"),
    )
    lasts = ForEver(
        gettext_noop("accountability: who looked and changed what, without values of people")
    )
    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)
    actor_kind = models.CharField(_("by"), max_length=12)  # user, api_key, person, system
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(_("name"), max_length=200, blank=True)
    action = models.CharField(_("action"), max_length=60)
    target_kind = models.CharField(_("what"), max_length=40)
    target = models.CharField(_("which"), max_length=200, blank=True)
    fields = ArrayField(models.CharField(max_length=100), default=list, verbose_name=_("fields"))
    detail = models.JSONField(default=dict)
    profile_id = models.BigIntegerField(null=True)
    digest = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_entry"
        ordering = ["-id"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            # "everything that was done to this one"
            models.Index(fields=["target_kind", "target", "-id"], name="audit_by_target"),
            models.Index(
                fields=["profile_id", "-id"],
                name="audit_by_profile",
                condition=models.Q(profile_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_kind} {self.target}"


class AuditedPeople(models.Model):
    """Whom an entry showed, where it was many: a list, a search, an answer of the API.

    By numbers alone: it says who was seen when something goes wrong (an incident), to nobody else.
    """

    belongs = Belonging(Merged.KEPT, Apart.STAYS, Erased.KEPT, by=("profile_ids",), why=IN_NUMBERS)
    lasts = ForEver(gettext_noop("accountability: whose data was shown, as numbers of ours"))
    entry = models.OneToOneField(
        AuditEntry, models.DO_NOTHING, primary_key=True, related_name="people"
    )
    profile_ids = ArrayField(models.BigIntegerField())

    class Meta:
        db_table = "audited_people"

    def __str__(self) -> str:
        return str(self.entry_id)


class Seal(models.Model):
    """A block of entries of a ledger and the hash that chains it to the block before."""

    lasts = ForEver("the chain is checked from its first block; one row a block")
    ledger = models.TextField()  # its table
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    entries = models.IntegerField()
    previous_hash = models.BinaryField(max_length=32)
    scheme = models.SmallIntegerField(default=1, db_default=1)  # 1 a list, 2 a tree
    root = models.BinaryField(max_length=32, null=True)  # of a tree
    hash = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "seal"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["ledger", "last_id"], name="seal_once")]

    def __str__(self) -> str:
        return f"{self.ledger} {self.first_id}-{self.last_id}"


class TimeStamp(models.Model):
    """What an authority outside says of a seal: that it was there at this moment (RFC 3161)."""

    lasts = ForEver("proves to others when a block was sealed; one row a ledger and day")
    seal = models.ForeignKey(Seal, models.PROTECT, related_name="stamps")
    authority = models.TextField()  # its address
    token = models.BinaryField()  # DER
    at = models.DateTimeField()  # by the authority's clock
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "time_stamp"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.authority} {self.at:%Y-%m-%d}"


class Job(models.Model):
    """Long work that shows itself: what is done, what is left, and a stop button."""

    lasts = Until(
        gettext_noop("so long after it ended; the newest of a kind and outcome stays"),
        "jobs",
        "JOB_DAYS",
    )

    class State(models.TextChoices):
        """Where a job stands."""

        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Stopped")

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    subject = models.CharField(max_length=200, blank=True, db_index=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    stop_requested = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        "workspace.User", models.SET_NULL, null=True, related_name="jobs"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "job"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title
