"""A segment, its versions, who is in, since when."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.belonging import Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import Bounded, Until
from config.workspace.tables.schema import ProfileScoped


class Segment(models.Model):
    """A named rule (dynamic) or list (static)."""

    lasts = Bounded("made by hand; archived ones stay, since what was sent names them")

    class Kind(models.TextChoices):
        """How people come in."""

        DYNAMIC = "dynamic", _("Dynamic")
        STATIC = "static", _("Static")

    class Status(models.TextChoices):
        """How far the stored membership is from the rule."""

        FRESH = "fresh", _("Fresh")
        REFRESHING = "refreshing", _("Refreshing")
        FAILED = "failed", _("Failed")

    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=300)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.DYNAMIC)
    description = models.TextField(_("description"), blank=True)
    rule = models.JSONField(default=dict)  # {} for a static one
    version = models.IntegerField(default=1)
    revision = models.IntegerField(default=1)  # goes up with every change of name, words or rule
    # what the rule depends on, as `profile_change.names` writes it; for the incoming change
    depends_on = ArrayField(models.TextField(), default=list)
    # whether time alone moves people in or out (windows, ages): refreshed by the tick
    is_timed = models.BooleanField(default=False)
    count = models.BigIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.REFRESHING)
    error = models.TextField(blank=True)
    # since the last success; a failed one is tried again, after longer and longer
    failures = models.IntegerField(default=0)
    failed_at = models.DateTimeField(null=True)
    refresh_requested_at = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField(null=True)
    # the version that the stored members were counted by
    counted_version = models.IntegerField(null=True)
    # the workspace's time zone and country that they were counted by: days and phones mean these
    counted_in = models.CharField(max_length=80, default="")
    refresh_seconds = models.FloatField(null=True)
    archived_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey("workspace.User", models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "segment"
        ordering = ["name"]
        verbose_name = _("segment")
        verbose_name_plural = _("segments")

    def __str__(self) -> str:
        return self.name


class SegmentVersion(models.Model):
    """A rule as it was saved."""

    lasts = Until("the newest of a segment stay", "segment_versions", "SEGMENT_VERSIONS")
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="versions")
    number = models.IntegerField()
    rule = models.JSONField()
    # how many it held when it was first counted, and how many came in and went by that
    count = models.BigIntegerField(null=True)
    came = models.BigIntegerField(null=True)
    went = models.BigIntegerField(null=True)
    created_by = models.ForeignKey("workspace.User", models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "segment_version"
        constraints = [
            models.UniqueConstraint(fields=["segment", "number"], name="segment_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.segment_id} v{self.number}"


class SegmentSize(models.Model):
    """How many were in on a day: size over time."""

    lasts = Until("so long after its day", "segment_sizes", "SEGMENT_SIZE_DAYS")
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="sizes")
    day = models.DateField()
    count = models.BigIntegerField()

    class Meta:
        db_table = "segment_size"
        constraints = [
            models.UniqueConstraint(fields=["segment", "day"], name="segment_size_once"),
        ]

    def __str__(self) -> str:
        return f"{self.segment_id} {self.day}"


class Membership(ProfileScoped):
    """A profile was in a segment from `entered_at` until `left_at` (null: still is)."""

    belongs = Belonging(Merged.MOVED, Apart.BY_ORIGIN, Erased.ERASED, at_once=True)
    lasts = Until(
        gettext_noop("so long after somebody left; of lists never: past moments are asked of them"),
        "memberships",
        "MEMBERSHIP_DAYS",
    )
    id = models.BigAutoField(primary_key=True)
    segment = models.ForeignKey(Segment, models.CASCADE, db_index=False)
    profile = models.ForeignKey("profiles.Profile", models.CASCADE, db_index=False)
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    # of a list: by which identifier it named the person, null for an id of ours
    identifier_id = models.BigIntegerField(null=True)
    source_profile_id = models.BigIntegerField(null=True)  # whose it was, where a merge moved it

    class Meta:
        db_table = "membership"
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "profile"],
                condition=models.Q(left_at__isnull=True),
                name="membership_open_once",
            ),
        ]
        indexes = [
            # who was in at a moment, who left lately
            models.Index(fields=["segment", "entered_at"], name="membership_by_entered"),
            models.Index(
                fields=["segment", "left_at"],
                condition=models.Q(left_at__isnull=False),
                name="membership_by_left",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id} in {self.segment_id}"


class Score(ProfileScoped):
    """A prediction for a profile."""

    belongs = Belonging(Merged.KEPT, Apart.STAYS, Erased.ERASED)
    lasts = Bounded(gettext_noop("one row for each score, computed anew"))
    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey("profiles.Profile", models.CASCADE, db_index=False)
    model = models.TextField()
    value = models.FloatField()
    reasons = models.JSONField(default=list)
    scored_at = models.DateTimeField()

    class Meta:
        db_table = "score"
        indexes = [models.Index(fields=["model", "value"], name="score_by_value")]

    def __str__(self) -> str:
        return self.model
