"""Permissions: an append-only ledger, the state derived from it, and suppression."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import IsNull
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.belonging import Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import Bounded, ForEver
from config.workspace.tables.schema import ProfileScoped


class ConsentStatus(models.TextChoices):
    """What a permission says; `never_asked` is the absence of an entry."""

    GRANTED = "granted", _("Granted")
    DENIED = "denied", _("Denied")
    PENDING = "pending", _("Pending")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")


class Basis(models.TextChoices):
    """On what ground."""

    CONSENT = "consent", _("Consent")
    SOFT_OPT_IN = "soft_opt_in", _("Soft opt-in")
    CONTRACT = "contract", _("Contract")
    LEGITIMATE_INTEREST = "legitimate_interest", _("Legitimate interest")
    LEGAL_OBLIGATION = "legal_obligation", _("Legal obligation")


class Outcome(models.TextChoices):
    """Whether a statement counts or is kept as a claim."""

    RECORDED = "recorded", _("Recorded")
    WITHDRAWAL_STANDS = "withdrawal_stands", _("Withdrawal stands")
    UNPROVEN = "unproven", _("Unproven")


class ConsentEntry(ProfileScoped):
    """One statement about one permission; never changed, never moved.

    `contact_point` is a normalised address, "" for what is said of the person as a whole.
    `permits` is true where this entry, standing, allows: a granted one that was recorded. A message
    row refers to (profile, id, permits), and the database refuses one that does not permit.
    `wording` is what the person was shown (the words, or their name at whoever showed them) and
    `language` its language, "" where it is not known. `digest` is of what is personal in the row
    (`consent.ledger.chain`), which an erasure empties.
    """

    belongs = Belonging(
        Merged.SAID_AGAIN,
        Apart.BY_ADDRESS,
        Erased.SCRUBBED,
        scrubbed={"contact_point": "''", "evidence": "'{}'"},
        why=gettext_noop("proves what was permitted and refused when, without address or evidence"),
    )
    lasts = ForEver(gettext_noop("proves each permission, for as long as anybody may ask"))
    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey("profiles.Profile", models.PROTECT, db_index=False)
    contact_point = models.TextField(blank=True, default="")
    purpose = models.ForeignKey("consent.Purpose", models.PROTECT, db_index=False)
    channel = models.TextField()
    topic = models.ForeignKey("consent.Topic", models.PROTECT, null=True, db_index=False)
    status = models.TextField(choices=ConsentStatus.choices)
    basis = models.TextField(choices=Basis.choices)
    outcome = models.TextField(choices=Outcome.choices, default=Outcome.RECORDED)
    permits = models.GeneratedField(
        expression=models.Case(
            models.When(
                models.Q(status="granted") & models.Q(outcome="recorded"),
                then=models.Value(True),
            ),
            default=models.Value(False),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    source = models.ForeignKey(
        "profiles.Source",
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,
    )
    actor = models.TextField(blank=True, default="")  # user:3, api_key:1, person, system
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    evidence = models.JSONField(default=dict)
    cites_id = models.BigIntegerField(null=True)  # the entry that a merge or its undoing repeats
    wording = models.TextField(blank=True, default="", db_default="")
    language = models.TextField(blank=True, default="", db_default="")
    digest = models.BinaryField(max_length=32, null=True)

    class Meta:
        db_table = "consent_entry"
        ordering = ["-at", "-id"]
        verbose_name = _("permission entry")
        verbose_name_plural = _("permission history")
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "id", "permits"], name="consent_entry_permits"
            ),
        ]
        indexes = [
            # the next block to be sealed, and one that is checked; rows lie in the order of ids
            BrinIndex(fields=["id"], autosummarize=True, name="consent_entry_in_order"),
            # the derivation, and one person's history of one permission
            models.Index(
                fields=["profile", "purpose", "channel"], name="consent_entry_by_permission"
            ),
            # consent.ledger.elapsing: expiries and the ends of pauses
            models.Index(
                KeyTextTransform("until", "evidence"),
                condition=models.Q(IsNull(KeyTextTransform("until", "evidence"), False)),
                name="consent_entry_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.channel}"


class ConsentState(ProfileScoped):
    """The current state, derived from the ledger: one row for each permission stated."""

    belongs = Belonging(Merged.DERIVED, Apart.DERIVED, Erased.ERASED, at_once=True)
    lasts = Bounded(gettext_noop("one row for each permission, as it stands"))
    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey("profiles.Profile", models.CASCADE, db_index=False)
    contact_point = models.TextField(blank=True, default="")
    purpose = models.ForeignKey("consent.Purpose", models.PROTECT, db_index=False)
    channel = models.TextField()
    topic_key = models.BigIntegerField(default=0)  # topic id, 0 for the purpose as a whole
    status = models.TextField(choices=ConsentStatus.choices)
    basis = models.TextField(choices=Basis.choices)
    source_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    entry_id = models.BigIntegerField()

    class Meta:
        db_table = "consent_state"
        verbose_name = _("permission")
        verbose_name_plural = _("permissions")
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "purpose", "channel", "contact_point", "topic_key"],
                name="consent_state_once",
            ),
        ]
        indexes = [
            # "who may be written to": rules of kind consent, reachability, the gate
            models.Index(
                fields=["purpose", "channel", "status", "topic_key"],
                include=["profile_id", "contact_point"],
                name="consent_state_by_status",
            ),
            # a withdrawal for an address, of everyone who holds it
            models.Index(
                fields=["contact_point"],
                condition=~models.Q(contact_point=""),
                name="consent_state_by_point",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.channel}"


class Suppression(models.Model):
    """An address that must not be used; kept as a keyed digest, so that an erasure can stay."""

    lasts = ForEver(gettext_noop("an address must not be used, whenever it comes back"))

    class Level(models.TextChoices):
        """How far it reaches."""

        ALL = "all", _("Everything stops")
        MARKETING = "marketing", _("Marketing stops")

    class Reason(models.TextChoices):
        """Why."""

        HARD_BOUNCE = "hard_bounce", _("Hard bounce")
        INVALID = "invalid", _("Invalid address")
        COMPLAINT = "complaint", _("Complaint")
        UNSUBSCRIBE = "unsubscribe", _("Unsubscribed")
        MANUAL = "manual", _("By hand")

    kind = models.CharField(_("kind"), max_length=10)  # of config.workspace.digests
    digest = models.BinaryField(max_length=16)
    hint = models.CharField(_("address"), max_length=120)  # masked
    level = models.CharField(_("level"), max_length=10, choices=Level.choices)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices)
    detail = models.TextField(_("detail"), blank=True)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        db_table = "suppression"
        ordering = ["-id"]
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints = [
            models.UniqueConstraint(fields=["kind", "digest", "level"], name="suppression_once"),
        ]

    def __str__(self) -> str:
        return self.hint
