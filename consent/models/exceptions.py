"""What an erasure leaves where a law or a dispute asks for it, and for how long."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.lasting import Bounded, ForEver


class DataClass(models.TextChoices):
    """What of a person may have to stay; which rows it is, apps sign in (`erasure.exceptions`)."""

    EVERYTHING = "everything", _("Everything: the erasure waits")
    ORDERS = "orders", _("Orders, refunds and their lines")
    MESSAGES = "messages", _("Messages that were sent, with address")
    PERMISSIONS = "permissions", _("History of permissions, with address and evidence")


class Ground(models.TextChoices):
    """Why it has to stay (GDPR, article 17, paragraph 3; CCPA 1798.105 (d))."""

    TAX = "tax", _("Tax and accounting law")
    CLAIMS = "claims", _("Establishing or defending legal claims")
    HOLD = "hold", _("Legal hold")
    DUTY = "duty", _("Another legal duty")


class ErasureDuty(models.Model):
    """What stays after every erasure from now on, for so many months from each row's own day."""

    lasts = Bounded("a row a class and ground")
    data_class = models.CharField(_("what stays"), max_length=20, choices=DataClass.choices)
    ground = models.CharField(_("ground"), max_length=10, choices=Ground.choices)
    because = models.CharField(
        _("law"), max_length=300, help_text=_("The law and its section, as the person is told.")
    )
    months = models.PositiveSmallIntegerField(
        _("months"), help_text=_("Counted for each order or message from its own day.")
    )
    is_on = models.BooleanField(_("in force"), default=True)

    class Meta:
        db_table = "erasure_duty"
        ordering = ["data_class", "ground", "id"]
        verbose_name = _("duty to keep")
        verbose_name_plural = _("duties to keep")
        constraints = [
            models.CheckConstraint(condition=models.Q(months__gt=0), name="erasure_duty_months"),
        ]

    def __str__(self) -> str:
        return f"{self.get_data_class_display()}: {self.because}"


class ErasureException(models.Model):
    """What one erasure leaves.

    For `months` from each row's own day, or until the end of `until`, or (both empty) until
    somebody ends it. `due_at` is when something of it is next to be erased; `done_at`, when
    nothing of it was left.
    """

    lasts = ForEver(
        gettext_noop("says what of an erased person stayed, on which ground and for how long")
    )
    request = models.ForeignKey("consent.PrivacyRequest", models.CASCADE, related_name="exceptions")
    data_class = models.CharField(_("what stays"), max_length=20, choices=DataClass.choices)
    ground = models.CharField(_("ground"), max_length=10, choices=Ground.choices)
    because = models.CharField(_("law or case"), max_length=300)
    months = models.PositiveSmallIntegerField(_("months"), null=True)
    until = models.DateField(_("until"), null=True)
    made_by = models.TextField(blank=True, default="")  # user:3, api_key:1, a duty
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=300, blank=True, default="")
    due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "erasure_exception"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(months__isnull=True) | models.Q(until__isnull=True),
                name="erasure_exception_one_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="erasure_exception_due",
                condition=models.Q(done_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_data_class_display()}: {self.because}"
