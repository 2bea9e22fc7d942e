"""The cuts between RFM scores, as they were on each day."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.lasting import Bounded


class RfmCut(models.Model):
    """By the chosen event and look-back of that day: of each measure the largest values that have
    the scores 1 to 4, null for a score that nobody had.
    """

    lasts = Bounded(gettext_noop("a row a day"))
    at = models.DateTimeField(unique=True)
    event = models.TextField()
    days = models.IntegerField()
    people = models.BigIntegerField()
    recency = ArrayField(models.FloatField(null=True))
    frequency = ArrayField(models.FloatField(null=True))
    money = ArrayField(models.FloatField(null=True))

    class Meta:
        db_table = "rfm_cut"
        ordering = ["-at"]
        verbose_name = _("RFM cut")
        verbose_name_plural = _("RFM cuts")

    def __str__(self) -> str:
        return f"{self.event} {self.at:%Y-%m-%d}"
