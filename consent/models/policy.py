"""The policy table: what the law of a country (and we) ask of a channel and a purpose, versioned.

A row is one law, or one word of ours. It says a term or two; what it leaves out, a wider row says
(`consent.policy.resolving`). A changed law is a changed row; what a row said before stays as a
version.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.lasting import Bounded, ForEver
from consent.models.purpose import Purpose
from consent.ready_made import READY_MADE


class Policy(models.Model):
    """One row. `place`, `channel`, `purpose_class` and `purpose` say what it is about.

    `place` is an ISO 3166 code ("FR", "US-CA"), "EEA", "*" for every other country or "ZZ" for
    people of whom no country is known. `channel` is one, or a legal class of them
    (`consent.channels`). "" is every channel, every class; a `purpose` stands before its class.
    `terms` are those of `consent.policy.terms`, by name. `valid_until` is the first day on which it
    holds no more.
    """

    lasts = Bounded("made by hand")
    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200)
    place = models.CharField(_("country or region"), max_length=6)
    channel = models.CharField(_("channel"), max_length=15, blank=True, default="")
    purpose_class = models.CharField(
        _("class of purpose"),
        max_length=14,
        choices=Purpose.Class.choices,
        blank=True,
        default="",
    )
    purpose = models.ForeignKey(
        Purpose, models.PROTECT, null=True, blank=True, verbose_name=_("purpose")
    )
    terms = models.JSONField(default=dict)
    law = models.CharField(_("law"), max_length=300, blank=True, default="")
    source = models.TextField(_("where it stands"), blank=True, default="")
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until"), null=True, blank=True)
    is_on = models.BooleanField(_("switched on"), default=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "policy"
        ordering = ["place", "purpose_class", "channel", "slug"]
        verbose_name = _("policy")
        verbose_name_plural = _("policies")

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """Its name, in the reader's language where it came along."""
        return READY_MADE.in_words(self.name)


class PolicyVersion(models.Model):
    """What a row said from `at` on, until its next version; never changed.

    `said` holds every column of the row but its version. `actor` is as in the ledger.
    """

    lasts = ForEver("says by which rule a message was sent, for as long as anybody may ask")
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    said = models.JSONField()
    at = models.DateTimeField()
    actor = models.TextField(blank=True, default="")
    why = models.TextField(_("why"), blank=True, default="")

    class Meta:
        db_table = "policy_version"
        ordering = ["policy", "-version"]
        verbose_name = _("version of a policy")
        verbose_name_plural = _("versions of policies")
        constraints = [
            models.UniqueConstraint(fields=["policy", "version"], name="policy_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.policy_id}.{self.version}"
