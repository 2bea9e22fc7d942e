"""What consent platforms call things, and which of our purposes that is about."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.lasting import Bounded


class SignalMapping(models.Model):
    """One name of a signal and the purpose that it decides on.

    `name` is a category of a consent object ("C0002"), the number of a TCF purpose, or an opt-out
    of a GPP section ("SaleOptOut"). A purpose with several names is allowed by all of them
    together. Rows of a source stand in place of those of every source (null), signal by signal. A
    row without a purpose says that the name decides on nothing here.
    """

    lasts = Bounded("made by hand")

    class Signal(models.TextChoices):
        """Where a name is from."""

        CATEGORY = "category", _("Category of a banner")
        TCF = "tcf", _("TCF purpose")
        GPP = "gpp", _("GPP opt-out")

    source = models.ForeignKey(
        "profiles.Source", models.CASCADE, null=True, blank=True, verbose_name=_("source"),
        help_text=_("None: every source that has no rows of its own for this signal."),
    )  # fmt: skip
    signal = models.CharField(_("signal"), max_length=10, choices=Signal.choices)
    name = models.CharField(_("name"), max_length=100)
    purpose = models.ForeignKey(
        "consent.Purpose", models.PROTECT, null=True, blank=True, verbose_name=_("purpose"),
        help_text=_("None: the name decides on nothing here."),
    )  # fmt: skip

    class Meta:
        db_table = "signal_mapping"
        ordering = ["source", "signal", "name"]
        verbose_name = _("signal")
        verbose_name_plural = _("signals")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "signal", "name", "purpose"],
                nulls_distinct=False,
                name="signal_mapping_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_signal_display()} {self.name}"
