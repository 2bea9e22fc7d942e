"""Single-use links by which a person proves who they are, and the letters that they get."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.belonging import Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import ForEver, Until
from consent.models.privacy import PrivacyRequest


class IdentityLink(models.Model):
    """A link to a contact point: who opens it and presses the button holds that address.

    A row is written for whatever address is asked for; whether it is one of a person is found out
    afterwards (`consent.proof.issuing`), so that asking tells nobody. `digest` is the keyed digest
    of the address, `client_digest` that of who asked; `sealed` is the address until then.
    `token_digest` and `pass_digest` are all that is kept of the link, and of the address of the
    page that it opens once.
    """

    # whom it led to, and by which address: `consent.privacy.own_holdings`
    belongs = Belonging(
        Merged.KEPT,
        Apart.STAYS,
        Erased.SCRUBBED,
        by=(),
        scrubbed={"sealed": "''", "client_digest": "NULL"},
        why=gettext_noop("proves who asked"),
        at_once=True,
    )
    lasts = Until(gettext_noop("three months after it was asked for"), "identity_links")

    class EndReason(models.TextChoices):
        """Why one leads nowhere."""

        NOT_THEIRS = "not_theirs", _("no verified address of the person")
        SUPPRESSED = "suppressed", _("nothing can be sent to this address")
        REPLACED = "replaced", _("a newer one was sent")
        TOO_OFTEN = "too_often", _("it was opened too often")

    request = models.ForeignKey(
        PrivacyRequest, models.CASCADE, null=True, related_name="identity_links"
    )
    digest = models.BinaryField(max_length=16)
    client_digest = models.BinaryField(max_length=16, null=True)
    sealed = models.BinaryField(default=b"")
    language = models.CharField(max_length=35, blank=True, default="")
    asked_by = models.ForeignKey("workspace.User", models.SET_NULL, null=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    profile_id = models.BigIntegerField(null=True)
    identifier_id = models.BigIntegerField(null=True)
    token_digest = models.BinaryField(max_length=32, null=True, unique=True)
    mail_id = models.BigIntegerField(null=True)  # of `outgoing_mail`, where it goes after a month
    sent_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    pass_digest = models.BinaryField(max_length=32, null=True, unique=True)
    pass_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(
        max_length=12, choices=EndReason.choices, blank=True, default=""
    )

    class Meta:
        db_table = "identity_link"
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["asked_at"],
                name="identity_link_due",
                condition=models.Q(sent_at__isnull=True, ended_at__isnull=True),
            ),
            models.Index(fields=["digest", "asked_at"], name="identity_link_address"),
            models.Index(fields=["client_digest", "asked_at"], name="identity_link_client"),
            models.Index(fields=["asked_at"], name="identity_link_made"),
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"


class RequestLetter(models.Model):
    """A letter of one request: the officer's own words where there are any, and when it went.

    `sealed` holds those words, encrypted with SECRETS_KEY, until the person is erased: an erasure
    keeps those of its last letter until it is written. `address` is masked.
    """

    lasts = ForEver(gettext_noop("what the person was told, and when"))

    class Kind(models.TextChoices):
        """What it says."""

        RECEIVED = "received", _("Received")
        EXTENDED = "extended", _("It takes longer")
        ARCHIVE = "archive", _("The archive is ready")
        COMPLETED = "completed", _("Done")
        CANCELLED = "cancelled", _("Not done")

    request = models.ForeignKey(PrivacyRequest, models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    sealed = models.BinaryField(default=b"")
    is_withheld = models.BooleanField(default=False)
    edited_by = models.ForeignKey("workspace.User", models.SET_NULL, null=True)
    edited_at = models.DateTimeField(null=True)
    mail_id = models.BigIntegerField(null=True)  # of `outgoing_mail`, where it goes after a month
    address = models.TextField(blank=True, default="")
    language = models.CharField(max_length=35, blank=True, default="")
    queued_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "request_letter"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["request", "kind"], name="request_letter_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.request_id}"
