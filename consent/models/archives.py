"""Archives of what is held of a person: made, read by an officer, handed over."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.lasting import ForEver, Until
from consent.models.privacy import PrivacyRequest


class PersonArchive(models.Model):
    """The archive of one request; its rows are a file of ours (`consent.archives.files`).

    `tables` is `[{table, rows, at}]`: where the rows of each begin in the file, in bytes. The link
    that the person gets is kept as a digest alone.
    """

    lasts = Until(
        gettext_noop("for ever, as proof of what was handed over; its file until its link ends"),
        "archives",
    )
    request = models.OneToOneField(PrivacyRequest, models.CASCADE, related_name="archive")
    made_at = models.DateTimeField(null=True)
    tables = models.JSONField(default=list)
    head_at = models.BigIntegerField(default=0)  # where the last line begins, in bytes
    rows = models.IntegerField(default=0)
    size = models.BigIntegerField(default=0)  # bytes
    gone_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey("workspace.User", models.SET_NULL, null=True)
    link_number = models.SmallIntegerField(default=0)
    token_digest = models.BinaryField(max_length=32, null=True, unique=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    downloads = models.SmallIntegerField(default=0)
    most_downloads = models.SmallIntegerField(default=0)

    class Meta:
        db_table = "person_archive"
        indexes = [
            models.Index(
                fields=["made_at"],
                name="person_archive_there",
                condition=models.Q(made_at__isnull=False, gone_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"archive of {self.request_id}"


class Redaction(models.Model):
    """What is withheld in an archive: a row, a field of it, or a field in all rows of a table.

    `row` is its place in the table, from 0; null means all. `field` "" means all of a row.
    """

    lasts = ForEver(gettext_noop("what was withheld, and on which ground"))

    class Ground(models.TextChoices):
        """Why something is withheld (GDPR, article 15, paragraph 4, and recital 63)."""

        OTHERS = "others", _("the rights of other people")
        SECRET = "secret", _("trade secrets or copyright")
        LEGAL = "legal", _("legal proceedings")
        SECURITY = "security", _("security")

    archive = models.ForeignKey(PersonArchive, models.CASCADE, related_name="redactions")
    table = models.CharField(max_length=100)
    row = models.IntegerField(null=True)
    field = models.CharField(max_length=200, blank=True, default="")
    ground = models.CharField(_("ground"), max_length=12, choices=Ground.choices)
    reason = models.TextField(blank=True, default="")
    by = models.ForeignKey("workspace.User", models.SET_NULL, null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "archive_redaction"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["archive", "table", "row", "field"],
                name="archive_redaction_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.row} {self.field}"


class ArchiveDownload(models.Model):
    """That the person fetched it; `client` is masked."""

    lasts = ForEver(gettext_noop("that an archive was handed over"))
    archive = models.ForeignKey(PersonArchive, models.CASCADE, related_name="fetched")
    at = models.DateTimeField(auto_now_add=True)
    client = models.TextField(blank=True, default="")
    form = models.CharField(max_length=8)

    class Meta:
        db_table = "archive_download"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.form} {self.at}"
