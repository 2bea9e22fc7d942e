"""How the units of work fare, and what became of what was handed over: counts, nothing personal."""

from django.db import models

from config.workspace.tables.lasting import Bounded


class WorkRun(models.Model):
    """One unit of work: its last success, its failures since, and its totals.

    Written every few seconds by whoever ran it (`config.workspace.work.recording`). The worker's
    tick is the row "worker"; handing over on a channel is "send.email" and so on.
    """

    lasts = Bounded("a row a unit of work and channel")
    name = models.CharField(primary_key=True, max_length=60)
    last_success = models.DateTimeField(null=True)
    last_progress = models.DateTimeField(null=True)  # a success that handled something
    runs = models.BigIntegerField(default=0)
    failures = models.BigIntegerField(default=0)
    handled = models.BigIntegerField(default=0)
    error = models.TextField(blank=True, default="")  # class and reason, never a person's value
    error_since = models.DateTimeField(null=True)  # the first failure after the last success
    error_at = models.DateTimeField(null=True)
    error_count = models.BigIntegerField(default=0)  # failures after the last success

    class Meta:
        db_table = "work_run"

    def __str__(self) -> str:
        return self.name


class SendCount(models.Model):
    """What became of hand-overs on a channel: in all (`minute` null), and in each minute of a day.

    `word` is the provider's, without addresses; "" in the totals.
    """

    lasts = Bounded("whoever writes it takes minutes away that are older than a day")
    channel = models.CharField(max_length=20)
    outcome = models.CharField(max_length=20)
    word = models.CharField(max_length=200, blank=True, default="")
    minute = models.DateTimeField(null=True)
    n = models.BigIntegerField(default=0)

    class Meta:
        db_table = "send_count"
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "minute", "outcome", "word"],
                name="send_count_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.outcome}: {self.n}"
