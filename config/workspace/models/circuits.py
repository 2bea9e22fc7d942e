"""Servers of others that do not answer: nothing is tried at them until a moment."""

from django.db import models

from config.workspace.tables.lasting import Until


class Circuit(models.Model):
    """An open circuit: a row while a server fails, none while it works (`work/circuits.py`).

    At `retry_at` one worker tries one thing, after which the row goes or waits longer.
    """

    lasts = Until("it works again, or nobody tried it for a week", "circuits")
    server = models.CharField(primary_key=True, max_length=300)  # address without log-in
    channel = models.CharField(max_length=20)
    reason = models.TextField()  # the server's word, without anybody in it
    failures = models.IntegerField()  # tries in a row
    opened_at = models.DateTimeField()
    retry_at = models.DateTimeField()

    class Meta:
        db_table = "circuit"

    def __str__(self) -> str:
        return self.server
