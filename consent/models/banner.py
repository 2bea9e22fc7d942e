"""The banner that a site shows of ours."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.lasting import Bounded


class Banner(models.Model):
    """How one source asks its visitors. What it says is a wording of `consent.wordings`.

    `purposes` are the slugs that it asks about, in their order; each is a category of the consent
    object that its script sends. `months` after an answer it asks again.
    """

    lasts = Bounded("one a source")

    class Place(models.TextChoices):
        """Where it stands on the page."""

        BOTTOM = "bottom", _("Along the bottom")
        CORNER = "corner", _("In the corner")
        CENTER = "center", _("In the middle, over the page")

    source = models.OneToOneField(
        "profiles.Source", models.CASCADE, primary_key=True, related_name="banner"
    )
    is_on = models.BooleanField(_("shown"), default=False)
    purposes = ArrayField(models.SlugField(max_length=60), verbose_name=_("purposes"))
    place = models.CharField(_("place"), max_length=10, choices=Place.choices, default=Place.BOTTOM)
    accent = models.CharField(_("colour on light"), max_length=7, default="#0f6a88")
    accent_dark = models.CharField(_("colour on dark"), max_length=7, default="#55b5d2")
    months = models.PositiveSmallIntegerField(_("ask again after, in months"), default=6)
    privacy_url = models.URLField(_("privacy notice"), blank=True, default="")

    class Meta:
        db_table = "banner"
        verbose_name = _("banner")
        verbose_name_plural = _("banners")

    def __str__(self) -> str:
        return str(self.source)
