"""Mails of the installation's own: a link, a letter; no message of a campaign."""

from django.db import models
from django.utils.translation import gettext_noop

from config.workspace.tables.lasting import Until


class OutgoingMail(models.Model):
    """One service mail that waits; claimed by its `due_at`, given up at `expires_at`.

    `digest` is the keyed digest of its address. `sealed` is address and text, encrypted with
    SECRETS_KEY, and emptied once it is sent or given up. `last_error` is in words of ours alone.
    """

    lasts = Until(gettext_noop("a month after it was written, sent or given up"), "outgoing_mails")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=100, unique=True)
    channel = models.CharField(max_length=20, default="email")
    digest = models.BinaryField(max_length=16)
    sealed = models.BinaryField(default=b"")
    attempts = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "outgoing_mail"
        indexes = [
            models.Index(
                fields=["due_at"],
                name="outgoing_mail_due",
                condition=models.Q(sent_at__isnull=True, failed_at__isnull=True),
            ),
            # whose address it goes to, while it is known
            models.Index(
                fields=["digest"],
                name="outgoing_mail_whose",
                condition=models.Q(sent_at__isnull=True, failed_at__isnull=True),
            ),
            models.Index(fields=["created_at"], name="outgoing_mail_made"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def waits(self) -> bool:
        """Whether it is still to be sent."""
        return self.sent_at is None and self.failed_at is None
