"""People taken out as a file: asked for, made in portions, handed over by a link that ends."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.lasting import Until


class PeopleExport(models.Model):
    """One file: of whom, for which purpose, with what of them, and how far it is.

    `whom`: one of `segment` (a slug), `rule`, `query` (of the people list's address) and `people`
    (public ids). The file lies in VAR_DIR until the link ends, it is revoked, or somebody in it is
    erased.
    """

    lasts = Until(gettext_noop("so long after it was asked for"), "exports", "JOB_DAYS")

    class Status(models.TextChoices):
        """How far it is."""

        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Being made")
        DONE = "done", _("Ready")
        FAILED = "failed", _("Failed")

    class Format(models.TextChoices):
        """How it is written."""

        CSV = "csv", _("CSV, for a spreadsheet")
        JSONL = "jsonl", _("JSON lines")
        PARQUET = "parquet", _("Parquet")

    ENDED: ClassVar = (Status.DONE, Status.FAILED)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(max_length=300)
    whom = models.JSONField()
    format = models.CharField(max_length=8, choices=Format.choices)
    purpose = models.CharField(max_length=60)  # its slug
    channel = models.CharField(max_length=40, blank=True, default="")
    columns = models.JSONField(default=list)
    hours = models.IntegerField()  # how long the link lasts
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    error = models.TextField(blank=True, default="")
    failures = models.IntegerField(default=0)
    found = models.BigIntegerField(null=True)  # before the purpose was asked
    total = models.BigIntegerField(null=True)
    done = models.BigIntegerField(default=0)  # people of the total whose turn has come
    rows = models.BigIntegerField(default=0)
    at_bytes = models.BigIntegerField(default=0)  # of the unfinished file, up to where it is whole
    size = models.BigIntegerField(null=True)  # bytes
    downloads = models.IntegerField(default=0)
    created_by = models.ForeignKey("workspace.User", models.SET_NULL, null=True)
    api_key = models.ForeignKey("workspace.ApiKey", models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    gone_why = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        db_table = "people_export"
        ordering = ["-id"]
        verbose_name = _("export")
        verbose_name_plural = _("exports")

    def __str__(self) -> str:
        return self.title
