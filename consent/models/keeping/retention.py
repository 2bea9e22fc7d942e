"""How long which data stays: rules that somebody set, what each run took, what is left of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.lasting import Bounded, ForEver


class RetentionRule(models.Model):
    """How long one class of data stays, and what becomes of it then.

    `name` narrows a class that knows names (events); such a rule stands before the one for all
    (""). `counted` is what the last dry run came to and of which terms; a rule is switched on only
    as it was counted, and whoever changes it switches it off by that.
    """

    lasts = Bounded("made by hand")

    class Act(models.TextChoices):
        """What becomes of what is too old."""

        DELETE = "delete", _("Delete")
        ANONYMISE = "anonymise", _("Anonymise: keep the numbers, delete the rows")

    class Unit(models.TextChoices):
        """What is counted."""

        DAY = "day", _("days")
        MONTH = "month", _("months")
        YEAR = "year", _("years")

    data_class = models.CharField(_("data"), max_length=40)
    name = models.TextField(_("name"), blank=True, default="")
    keep_n = models.PositiveSmallIntegerField(_("is kept for"))
    keep_unit = models.CharField(_("unit"), max_length=8, choices=Unit.choices)
    act = models.CharField(_("then"), max_length=12, choices=Act.choices)
    because = models.TextField(_("why so long"), blank=True, default="")
    is_enabled = models.BooleanField(_("switched on"), default=False)
    next_run_at = models.DateTimeField(_("next run"), null=True)
    counted = models.JSONField(default=dict)
    set_by = models.ForeignKey("workspace.User", models.SET_NULL, null=True)
    set_by_name = models.CharField(max_length=200, blank=True, default="")
    set_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "retention_rule"
        ordering = ["data_class", "name", "id"]
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        constraints = [
            models.UniqueConstraint(fields=["data_class", "name"], name="retention_rule_once"),
            models.CheckConstraint(
                condition=models.Q(keep_n__gte=1), name="retention_rule_keeps_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.data_class} {self.name}".strip()

    @property
    def terms(self) -> list[str | int]:
        """What a dry run is of."""
        return [self.data_class, self.name, self.keep_n, self.keep_unit, self.act]


class RetentionRun(models.Model):
    """One run of a rule: its terms then, who had set them, and what it took, in numbers.

    `place` is where it goes on after a kill; what it may hold of people is sealed, and it is
    emptied at the end.
    """

    lasts = ForEver("says what was taken away, when, and by whose rule; in numbers alone")

    class State(models.TextChoices):
        """Where it stands."""

        RUNNING = "running", _("Under way")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    rule = models.ForeignKey(RetentionRule, models.SET_NULL, null=True, related_name="runs")
    data_class = models.CharField(max_length=40)
    name = models.TextField(blank=True, default="")
    keep_n = models.PositiveSmallIntegerField()
    keep_unit = models.CharField(max_length=8, choices=RetentionRule.Unit.choices)
    act = models.CharField(max_length=12, choices=RetentionRule.Act.choices)
    set_by_name = models.CharField(max_length=200, blank=True, default="")
    before = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    result = models.JSONField(default=dict)
    place = models.JSONField(default=dict)
    stop_wanted = models.BooleanField(default=False)
    error = models.TextField(blank=True, default="")
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "retention_run"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule"],
                condition=models.Q(state="running"),
                name="retention_run_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.data_class} before {self.before:%Y-%m-%d}"


class RetainedTotal(models.Model):
    """What is kept of rows that were anonymised: how many, and their value, by month and name.

    A sum of fewer than five is nobody's to see and not kept: it would be somebody's.
    """

    lasts = ForEver("numbers of nobody: a row a class, month and name")
    data_class = models.CharField(max_length=40)
    month = models.DateField()
    name = models.TextField(blank=True, default="")
    n = models.BigIntegerField(default=0)
    value_sum = models.FloatField(null=True)

    class Meta:
        db_table = "retained_total"
        ordering = ["data_class", "month", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["data_class", "month", "name"], name="retained_total_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.data_class} {self.month:%Y-%m} {self.name}: {self.n}"
