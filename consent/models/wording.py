"""What people are asked in, in words: versioned, never changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.lasting import ForEver


class Wording(models.Model):
    """One version of the words of a form in one language; who was shown it refers to it by id.

    `key` says which form ("banner-3", "double-opt-in"), `parts` its texts as [name, text], in the
    order of the form. `version` counts by key and language. The application may add one and never
    change it (`config.postgres.roles`).
    """

    lasts = ForEver("says what somebody agreed to, for as long as anybody may ask")
    key = models.SlugField(_("form"), max_length=60)
    language = models.CharField(_("language"), max_length=35)
    version = models.PositiveIntegerField(_("version"))
    parts = models.JSONField(_("texts"))
    actor = models.TextField(blank=True, default="")  # as in the ledger
    at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        db_table = "wording"
        ordering = ["key", "language", "-version"]
        verbose_name = _("wording")
        verbose_name_plural = _("wordings")
        constraints = [
            models.UniqueConstraint(fields=["key", "language", "version"], name="wording_once"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.language} {self.version}"

    @property
    def texts(self) -> dict[str, str]:
        """Each text by its name."""
        return dict(self.parts)

    @property
    def text(self) -> str:
        """All of it, as the ledger keeps it."""
        return "\n".join(text for _name, text in self.parts if text)
