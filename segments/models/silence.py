"""Alarms about what rules read: an event that came no more, a property that is missing."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.lasting import Until


class SilenceAlarm(models.Model):
    """Something that is in use has fallen silent or changed its shape; open until it is as before.

    `field`: the property of the event, or the trait where there is no event; "" for the event.
    """

    lasts = Until(gettext_noop("so long after it was over"), "silence_alarms", "JOB_DAYS")

    class Kind(models.TextChoices):
        """What is wrong."""

        SILENT = "silent", _("came no more")
        MISSING = "missing", _("is missing")
        TYPE = "type", _("is of another type")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    event = models.TextField(blank=True, default="")
    field = models.TextField(blank=True, default="")
    detail = models.JSONField(default=dict)
    began_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "silence_alarm"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "event", "field"],
                condition=models.Q(ended_at__isnull=True),
                name="silence_alarm_open_once",
            ),
        ]
        verbose_name = _("silence alarm")
        verbose_name_plural = _("silence alarms")

    def __str__(self) -> str:
        return f"{self.kind} {self.event} {self.field}".strip()
