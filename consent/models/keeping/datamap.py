"""What is held, field by field, as it was counted last; and what each purpose does with it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.lasting import Bounded


class DataField(models.Model):
    """A trait, kind of identifier, property or column, how many people have it, who brings it.

    Counted once a day. `is_sample`: of the newest events alone.
    """

    lasts = Bounded("a row a name that is there; counted anew each day")
    place = models.CharField(max_length=12)
    name = models.TextField()
    people = models.BigIntegerField(default=0)
    source_ids = ArrayField(models.BigIntegerField(), default=list)
    is_sample = models.BooleanField(default=False)
    found_at = models.DateTimeField()
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "data_field"
        ordering = ["place", "name"]
        constraints = [
            models.UniqueConstraint(fields=["place", "name"], name="data_field_once"),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.name}"


class ProcessingRecord(models.Model):
    """What a purpose does with which data, for the register (GDPR, article 30)."""

    lasts = Bounded("a row a purpose")

    class Basis(models.TextChoices):
        """Why it is lawful (article 6)."""

        CONSENT = "consent", _("Consent")
        CONTRACT = "contract", _("Contract")
        DUTY = "legal_obligation", _("Legal obligation")
        INTEREST = "legitimate_interest", _("Legitimate interest")
        VITAL = "vital_interest", _("Vital interest")
        PUBLIC = "public_task", _("Public task")

    purpose = models.OneToOneField(
        "consent.Purpose", models.CASCADE, related_name="processing_record"
    )
    basis = models.CharField(_("legal basis"), max_length=20, choices=Basis.choices, blank=True)
    people = models.TextField(_("whose data"), blank=True, default="")
    data = models.TextField(_("which data"), blank=True, default="")
    recipients = models.TextField(_("who receives it"), blank=True, default="")
    transfers = models.TextField(_("transfers to other countries"), blank=True, default="")
    kept = models.TextField(_("how long it is kept"), blank=True, default="")
    measures = models.TextField(_("how it is secured"), blank=True, default="")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "processing_record"

    def __str__(self) -> str:
        return str(self.purpose)
