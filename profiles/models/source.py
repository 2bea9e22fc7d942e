"""Where messages come from."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.lasting import Bounded


class Source(models.Model):
    """A sender of messages, with a write key, a kind and a trust rank."""

    lasts = Bounded("made by hand")

    class Kind(models.TextChoices):
        """The first three are verified; what a client sends proves nothing."""

        SERVER = "server", _("Server")
        WAREHOUSE = "warehouse", _("Warehouse")
        IMPORT = "import", _("Import")
        BROWSER = "browser", _("Browser")
        MOBILE = "mobile", _("Mobile app")

    VERIFIED_KINDS = (Kind.SERVER, Kind.WAREHOUSE, Kind.IMPORT)

    name = models.CharField(_("name"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    trust = models.SmallIntegerField(
        _("trust"),
        default=50,
        help_text=_(
            "0 to 100. What a verified source says goes before what a client says, whatever the "
            "time; then the newer goes before the older; of two said at the same moment the more "
            "trusted wins."
        ),
    )
    write_key_digest = models.BinaryField(max_length=32, unique=True, null=True, editable=False)
    write_key_hint = models.CharField(_("write key begins with"), max_length=12, editable=False)
    # clients put it into a URL (settings document); of browser and mobile sources only
    public_write_key = models.CharField(max_length=64, blank=True, editable=False)
    user_hash_secret = models.ForeignKey(
        "workspace.Secret", models.SET_NULL, null=True, editable=False
    )
    is_internal = models.BooleanField(default=False, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_seen_at = models.DateTimeField(_("last call"), null=True, editable=False)

    class Meta:
        db_table = "source"
        ordering = ["name"]
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["server", "warehouse", "import", "browser", "mobile"]),
                name="source_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_verified(self) -> bool:
        """Whether this source's identifiers may join two known people."""
        return self.kind in self.VERIFIED_KINDS
