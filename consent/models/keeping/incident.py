"""Something went wrong with data of people: whom it touched, and by when who is to be told."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.lasting import Bounded, ForEver
from consent.models.privacy import DeadlineRule
from consent.ready_made import READY_MADE


class BreachClock(models.Model):
    """By when a law wants whom to be told of an incident: a row, as deadlines of requests are.

    `countries` are those whose people it protects. A count of 0 means at once. `least` is how many
    people have to be touched.
    """

    lasts = Bounded("a row a law and addressee")

    class Told(models.TextChoices):
        """Whom."""

        AUTHORITY = "authority", _("the authority")
        PEOPLE = "people", _("the people")

    law = models.CharField(_("law"), max_length=200)
    countries = ArrayField(models.CharField(max_length=2), verbose_name=_("countries"))
    told = models.CharField(_("who is told"), max_length=10, choices=Told.choices)
    within_n = models.PositiveSmallIntegerField(_("within"), default=0)
    within_unit = models.CharField(
        _("unit"),
        max_length=12,
        choices=DeadlineRule.PeriodUnit.choices,
        blank=True,
        default="hour",
    )
    least = models.PositiveIntegerField(_("from so many people on"), default=1)
    condition = models.TextField(_("when"), blank=True, default="")
    origin = models.TextField(_("where it stands"), blank=True, default="")

    class Meta:
        db_table = "breach_clock"
        ordering = ["law", "told", "id"]
        verbose_name = _("clock of incidents")
        verbose_name_plural = _("clocks of incidents")

    def __str__(self) -> str:
        return f"{self.law}: {self.get_told_display()}"

    @property
    def when_words(self) -> str:
        """The condition, in the reader's language where it came along."""
        return READY_MADE.in_words(self.condition)


class Incident(models.Model):
    """What is looked into: one actor or way out, over a period; clocks run from `known_at`.

    `counted` is what was found, in numbers; whom it touched is asked of the trail each time.
    """

    lasts = ForEver("a breach has to be documented (GDPR, article 33, paragraph 5)")

    class Kind(models.TextChoices):
        """By what data may have got out, or wrong data in."""

        USER = "user", _("A user of the console")
        API_KEY = "api_key", _("An API key")
        SOURCE = "source", _("A source")
        WEBHOOK = "webhook", _("A webhook")

    class Status(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("by"), max_length=10, choices=Kind.choices)
    subject_id = models.BigIntegerField()
    subject_name = models.CharField(max_length=300)
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    known_at = models.DateTimeField(_("known since"))
    note = models.TextField(_("what happened"), blank=True, default="")
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.OPEN
    )
    counted = models.JSONField(default=dict)
    counted_at = models.DateTimeField(null=True)
    authority_told_at = models.DateTimeField(null=True)
    people_told_at = models.DateTimeField(null=True)
    closed_because = models.TextField(blank=True, default="")
    closed_at = models.DateTimeField(null=True)
    made_by = models.ForeignKey("workspace.User", models.SET_NULL, null=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "incident"
        ordering = ["-id"]
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(since__lt=models.F("until")), name="incident_has_a_period"
            ),
        ]

    def __str__(self) -> str:
        return self.title
