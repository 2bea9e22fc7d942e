"""What permission is given for."""

from typing import Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.lasting import Bounded
from consent.ready_made import READY_MADE

# slugs of ready-made purposes that something of ours asks for
MARKETING: Final = "marketing"
MEASURING: Final = "measuring"
PERSONALISATION: Final = "personalisation"
SHARING: Final = "sharing-for-ads"


class Purpose(models.Model):
    """A purpose of a class; only a privacy officer or admin sets the class."""

    lasts = Bounded("made by hand")

    class Class(models.TextChoices):
        """What the gate asks of it."""

        MARKETING = "marketing", _("Marketing")
        TRANSACTIONAL = "transactional", _("Transactional")
        PROCESSING = "processing", _("Processing")

    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    purpose_class = models.CharField(
        _("class"), max_length=14, choices=Class.choices, db_column="class"
    )
    double_opt_in = models.BooleanField(
        _("double opt-in"),
        default=False,
        help_text=_("A permission by mail counts once a link in a mail was confirmed."),
    )
    confirm_days = models.PositiveSmallIntegerField(
        _("the link holds for (days)"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
    )
    remind_days = models.PositiveSmallIntegerField(
        _("remind once after (days)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text=_("Empty: nobody is reminded."),
    )
    is_ready_made = models.BooleanField(default=False, editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, editable=False)
    position = models.SmallIntegerField(_("position"), default=0)

    class Meta:
        db_table = "purpose"
        ordering = ["position", "slug"]
        verbose_name = _("purpose")
        verbose_name_plural = _("purposes")

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """Its name, in the reader's language where it came along."""
        return READY_MADE.in_words(self.name)

    @property
    def about(self) -> str:
        """Its description, likewise."""
        return READY_MADE.in_words(self.description)


class Topic(models.Model):
    """What people choose inside a marketing purpose."""

    lasts = Bounded("made by hand")
    purpose = models.ForeignKey(
        Purpose, models.CASCADE, related_name="topics", verbose_name=_("purpose")
    )
    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    archived_at = models.DateTimeField(_("archived"), null=True, editable=False)
    position = models.SmallIntegerField(_("position"), default=0)

    class Meta:
        db_table = "topic"
        ordering = ["position", "slug"]
        verbose_name = _("topic")
        verbose_name_plural = _("topics")

    def __str__(self) -> str:
        return self.name
