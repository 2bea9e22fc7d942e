"""Computed traits: what each person's events come to, by a definition with a name."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.belonging import Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import Bounded
from config.workspace.tables.schema import ProfileScoped
from segments.models.segment import Segment


class ComputedTrait(models.Model):
    """A definition. Rules work it out of the events anew; what is stored is for everything else."""

    lasts = Bounded(gettext_noop("made by hand"))
    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True, default="")
    # event, where, window, measure: as docs/integrators/rest.md has it
    definition = models.JSONField()
    revision = models.IntegerField(default=1)
    # what announces a change to it, as `profile_change.names` writes it
    depends_on = ArrayField(models.TextField(), default=list)
    status = models.CharField(
        max_length=10, choices=Segment.Status.choices, default=Segment.Status.REFRESHING
    )
    error = models.TextField(blank=True, default="")
    failures = models.IntegerField(default=0)
    failed_at = models.DateTimeField(null=True)
    refresh_requested_at = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField(null=True)
    refresh_seconds = models.FloatField(null=True)
    # the workspace's time zone and country that it was worked out by
    counted_in = models.CharField(max_length=80, default="")
    people = models.BigIntegerField(default=0)  # who had a value when all were worked out last
    created_by = models.ForeignKey("workspace.User", models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "computed_trait"
        ordering = ["name"]
        verbose_name = _("computed trait")
        verbose_name_plural = _("computed traits")

    def __str__(self) -> str:
        return self.name


class ComputedValue(ProfileScoped):
    """What a computed trait is of one person; nobody's where there is nothing to work it out of.

    The database's key is (profile_id, trait_id).
    """

    belongs = Belonging(Merged.DERIVED, Apart.DERIVED, Erased.ERASED, at_once=True)
    lasts = Bounded(gettext_noop("one row for each computed trait, worked out anew"))
    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey("profiles.Profile", models.CASCADE, db_index=False)
    trait = models.ForeignKey(ComputedTrait, models.CASCADE, db_index=False)
    value = models.JSONField()
    # when time alone makes it another: the first event leaves the window
    due_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "computed_value"
        indexes = [
            # of one trait: whose it is, and what is deleted with it
            models.Index(fields=["trait", "profile"], name="computed_value_by_trait"),
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="computed_value_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id} {self.trait_id}"
