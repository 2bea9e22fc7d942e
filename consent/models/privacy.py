"""What people ask of their data, by when it is answered, and whose data must not come back."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.models import OutgoingCall
from config.workspace.tables.belonging import Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import Bounded, ForEver, Until


class Regulation(models.TextChoices):
    """The law that a request is made under."""

    GDPR = "gdpr", _("GDPR (European Union, United Kingdom)")
    CCPA = "ccpa", _("CCPA (California)")
    PDP = "pdp", _("UU PDP (Indonesia)")
    DPDP = "dpdp", _("DPDP (India)")
    OTHER = "other", _("Another law, or our own promise")


class RequestType(models.TextChoices):
    """What is asked for."""

    ACCESS = "access", _("Access")
    PORTABILITY = "portability", _("Portability")
    RECTIFICATION = "rectification", _("Correction")
    ERASURE = "erasure", _("Erasure")
    RESTRICTION = "restriction", _("Restriction")
    OBJECTION = "objection", _("Objection")
    OPT_OUT_OF_SALE = "opt_out_of_sale", _("Opt-out of sale or sharing")
    LIMIT_SENSITIVE = "limit_sensitive", _("Limit sensitive data")
    OPT_OUT_OF_AUTOMATED = "opt_out_of_automated", _("Opt-out of automated decisions")


class DeadlineRule(models.Model):
    """By when a law wants an answer: a row, so that a changed law is a changed row.

    Of several for one law the one of the type stands before the one for all (""). A count of 0
    means that there is none.
    """

    lasts = Bounded("a row a law and type")

    class PeriodUnit(models.TextChoices):
        """What is counted."""

        HOUR = "hour", _("hours")
        DAY = "day", _("days")
        BUSINESS_DAY = "business_day", _("business days")
        MONTH = "month", _("months")

    regulation = models.CharField(_("law"), max_length=20, choices=Regulation.choices)
    type = models.CharField(
        _("type"),
        max_length=30,
        choices=RequestType.choices,
        blank=True,
        default="",
        help_text=_("Empty: every type that has no row of its own."),
    )
    confirm_n = models.PositiveSmallIntegerField(_("confirm within"), default=0)
    confirm_unit = models.CharField(
        _("unit"), max_length=12, choices=PeriodUnit.choices, default=PeriodUnit.BUSINESS_DAY
    )
    due_n = models.PositiveSmallIntegerField(_("answer within"))
    due_unit = models.CharField(_("unit"), max_length=12, choices=PeriodUnit.choices)
    extend_n = models.PositiveSmallIntegerField(_("may be extended by"), default=0)
    extend_unit = models.CharField(
        _("unit"), max_length=12, choices=PeriodUnit.choices, default=PeriodUnit.MONTH
    )
    moves = models.BooleanField(
        _("a last day that is no working day moves to the next"), default=False
    )
    origin = models.TextField(_("where it stands"), blank=True, default="")

    class Meta:
        db_table = "deadline_rule"
        ordering = ["regulation", "type"]
        verbose_name = _("deadline")
        verbose_name_plural = _("deadlines")
        constraints = [
            models.UniqueConstraint(fields=["regulation", "type"], name="deadline_rule_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_regulation_display()} {self.get_type_display()}".strip()


class PrivacyRequest(models.Model):
    """What a person asks of their data, with its clock.

    `details` is what the person wrote, such as what is wrong. `identities` are the identifiers as
    they were given, `{kind, value}`; when an erasure is
    complete only their keyed digests stay. `needles` is, encrypted, all that the person is known
    by, to look for it until an erasure is complete, and is emptied then. `erasing_since` is when
    the person was taken out: from then on an erasure cannot be cancelled.

    `external_id` to `forwarded_at` are of one that another system passed on (OpenDSR): its number
    there, that system's name, the addresses that are told of each change, a keyed digest of what
    was asked, and when the call came; `received_at` is then when the person asked.
    """

    # what it holds of the person is emptied by the erasure itself, when everything else is done
    belongs = Belonging(
        Merged.KEPT,
        Apart.STAYS,
        Erased.KEPT,
        why=gettext_noop("proves that a request was answered"),
    )
    lasts = ForEver(gettext_noop("proves that a request was answered"))

    class Status(models.TextChoices):
        """Where it stands (the words of OpenDSR)."""

        PENDING = "pending", _("Received")
        IN_PROGRESS = "in_progress", _("In progress")
        COMPLETED = "completed", _("Completed")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN = (Status.PENDING, Status.IN_PROGRESS)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    type = models.CharField(_("type"), max_length=30, choices=RequestType.choices)
    regulation = models.CharField(_("law"), max_length=20, choices=Regulation.choices)
    status = models.CharField(
        _("status"), max_length=20, choices=Status.choices, default=Status.PENDING
    )
    origin = models.CharField(_("came by"), max_length=20, default="api")
    profile_id = models.BigIntegerField(null=True, db_index=True)
    identities = models.JSONField(default=list)
    details = models.TextField(_("what they wrote"), blank=True, default="")
    language = models.CharField(_("language"), max_length=35, blank=True, default="")
    received_at = models.DateTimeField(_("received"))
    confirm_by = models.DateTimeField(_("confirm by"), null=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    due_at = models.DateTimeField(_("due"))
    extended_at = models.DateTimeField(_("extended"), null=True)
    extended_because = models.TextField(blank=True, default="")
    proven_at = models.DateTimeField(_("identity proven"), null=True)
    proven_by = models.TextField(blank=True, default="")
    assigned_to = models.ForeignKey(
        "workspace.User", models.SET_NULL, null=True, verbose_name=_("assigned to")
    )
    is_blocking = models.BooleanField(
        _("erase and block"), default=False, help_text=_("Nothing of theirs comes in again.")
    )
    started_at = models.DateTimeField(null=True)
    needles = models.BinaryField(default=b"")
    former_ids = ArrayField(models.BigIntegerField(), default=list)
    erasing_since = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(_("completed"), null=True)
    closed_because = models.TextField(blank=True, default="")
    result = models.JSONField(default=dict)
    external_id = models.UUIDField(null=True, unique=True)
    controller = models.CharField(max_length=200, blank=True, default="")
    callback_urls = ArrayField(models.TextField(), default=list)
    asked_digest = models.BinaryField(max_length=16, null=True)
    forwarded_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "privacy_request"
        ordering = ["due_at", "id"]
        verbose_name = _("privacy request")
        verbose_name_plural = _("privacy requests")
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(status__in=["pending", "in_progress"]),
                name="privacy_request_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.status in self.OPEN


class RequestComment(models.Model):
    """What the team says of a request, for each other."""

    lasts = ForEver(gettext_noop("how a request was answered"))
    request = models.ForeignKey(PrivacyRequest, models.CASCADE, related_name="comments")
    author = models.ForeignKey("workspace.User", models.SET_NULL, null=True)
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField()

    class Meta:
        db_table = "request_comment"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:50]


class StatusCallback(OutgoingCall):
    """A call that tells another system where a request of theirs stands; claimed by its `due_at`.

    Of one address the next waits for the one before.
    """

    lasts = Until(
        gettext_noop("so long after it was made, once delivered or given up"),
        "opendsr_callbacks",
        "WEBHOOK_DELIVERY_DAYS",
    )
    request = models.ForeignKey(PrivacyRequest, models.CASCADE, related_name="callbacks")
    url = models.TextField()
    status = models.CharField(max_length=20, choices=PrivacyRequest.Status.choices)

    class Meta:
        db_table = "opendsr_callback"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "url", "status"], name="opendsr_callback_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="opendsr_callback_due",
                condition=models.Q(delivered_at__isnull=True, failed_at__isnull=True),
            ),
            # what is done goes after a time; what was given up is shown on Home
            models.Index(
                fields=["created_at"],
                name="opendsr_callback_done",
                condition=models.Q(delivered_at__isnull=False) | models.Q(failed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} to {self.url}"


class ErasureReceipt(models.Model):
    """Whether a destination was told of an erasure, when, and what it answered.

    `destination` is its name at the time; it stays when the destination goes. `not_told` is why
    nothing was sent, `message_id` what its answers are known by.
    """

    lasts = ForEver(gettext_noop("proves that a request was answered"))

    class NotTold(models.TextChoices):
        """Why nothing was sent."""

        OFF = "off", _("it is switched off")
        NOT_CHOSEN = "not_chosen", _("it does not ask for erasures")

    request = models.ForeignKey(PrivacyRequest, models.CASCADE, related_name="receipts")
    destination = models.CharField(max_length=300)
    not_told = models.CharField(max_length=12, choices=NotTold.choices, blank=True, default="")
    message_id = models.UUIDField(null=True, unique=True)
    taken_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    status = models.IntegerField(null=True)
    reason = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "erasure_receipt"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.request_id} to {self.destination}"


class ErasedIdentifier(models.Model):
    """An identifier of somebody who was erased, as a keyed digest: it keeps them from coming back.

    What is dated before `erased_at`, and any import or sync, is refused for good. With
    `is_blocked` everything is, until it is released with a reason.
    """

    lasts = ForEver(
        gettext_noop("keeps who was erased from coming back by a replay, an import or a sync")
    )
    kind = models.TextField()
    digest = models.BinaryField(max_length=16)
    erased_at = models.DateTimeField()
    is_blocked = models.BooleanField(default=False)
    request_id = models.BigIntegerField(db_index=True)
    released_at = models.DateTimeField(null=True)
    released_because = models.TextField(blank=True, default="")

    class Meta:
        db_table = "erased_identifier"
        constraints = [
            models.UniqueConstraint(fields=["digest", "kind"], name="erased_identifier_once"),
        ]

    def __str__(self) -> str:
        return self.kind
