"""A person: the set of identifiers known to be one, with traits."""

import uuid
from typing import Self

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.belonging import Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import Bounded, ForEver, Until
from config.workspace.tables.schema import ProfileScoped


class PeopleQuerySet(models.QuerySet["Profile"]):
    """What lists of people are narrowed by."""

    def living(self) -> Self:
        """Neither erased nor merged into somebody; in SQL: `profiles.people.lineage.living`."""
        return self.exclude(state__in=Profile.GONE)

    def usable(self) -> Self:
        """Those whose data may be worked with, not only kept; in SQL: `lineage.usable`."""
        return self.exclude(state__in=Profile.NOT_USABLE)


class Profile(models.Model):
    """One person. `traits` is derived from `profile_trait`, the truth."""

    # a husk stays, without anything of the person: ledger and messages name it by its number
    belongs = Belonging(Merged.KEPT, Apart.STAYS, Erased.SCRUBBED, by=("id",))
    lasts = ForEver(gettext_noop("a person; who was merged stays, so that old ids lead on"))

    class State(models.TextChoices):
        """Whether this person may be worked with."""

        ACTIVE = "active", _("Active")
        RESTRICTED = "restricted", _("Restricted")
        MERGED = "merged", _("Merged into another")
        ERASED = "erased", _("Erased")

    GONE = (State.ERASED.value, State.MERGED.value)
    NOT_USABLE = (*GONE, State.RESTRICTED.value)

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    bucket = models.SmallIntegerField()  # 0 to 9999, stable: holdouts and experiments
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    # of who was merged: who holds it all today, never one who was merged (`people.lineage`)
    merged_into_id = models.BigIntegerField(null=True)
    is_test = models.BooleanField(default=False)
    display_name = models.TextField(_("name"), blank=True, default="")
    time_zone = models.TextField(blank=True, default="")
    locale = models.TextField(blank=True, default="")
    country = models.TextField(blank=True, default="")
    lifecycle = models.TextField(blank=True, default="")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    traits = models.JSONField(default=dict)

    objects = PeopleQuerySet.as_manager()

    class Meta:
        db_table = "profile"
        verbose_name = _("person")
        verbose_name_plural = _("people")
        indexes = [
            # the people list, newest first; (last_seen, id) is its cursor
            models.Index(fields=["-last_seen", "-id"], name="profile_by_last_seen"),
            # new people a week; the home page
            models.Index(fields=["first_seen"], name="profile_by_first_seen"),
            # search by the beginning of a name; most visitors have none, and each time they are
            # seen again costs an entry in each index that they are in
            models.Index(
                OpClass(Lower("display_name"), name="text_pattern_ops"),
                name="profile_by_name",
                condition=models.Q(display_name__gt=""),
            ),
            # and by the beginning of the last word of it
            models.Index(
                OpClass(
                    Lower(
                        models.Func(
                            models.F("display_name"), models.Value(r"\S+$"), function="substring"
                        )
                    ),
                    name="text_pattern_ops",
                ),
                name="profile_by_last_name",
                condition=models.Q(display_name__gt=""),
            ),
            # whom no rule reads: `people.lineage.NOT_USABLE`
            models.Index(
                fields=["id"],
                name="profile_not_usable",
                condition=models.Q(state__in=("erased", "merged", "restricted")),
            ),
            # who somebody was before
            models.Index(
                fields=["merged_into_id"],
                name="profile_merged_into",
                condition=models.Q(merged_into_id__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="merged", merged_into_id__isnull=False)
                | (~models.Q(state="merged") & models.Q(merged_into_id__isnull=True)),
                name="profile_merged_into_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(bucket__gte=0, bucket__lte=9999),
                name="profile_bucket_range",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or str(self.public_id)[:8]


class ProfileTrait(ProfileScoped):
    """What one source said of one trait; the newest of the trusted wins `profile.traits`."""

    belongs = Belonging(Merged.MOVED, Apart.BY_IDENTIFIER, Erased.ERASED)
    lasts = Bounded(gettext_noop("one row for each fact and who said it, until it is replaced"))
    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey(Profile, models.CASCADE, db_index=False, related_name="trait_rows")
    name = models.TextField()
    source = models.ForeignKey(
        "profiles.Source", models.PROTECT, db_index=False, db_constraint=False
    )
    identifier_id = models.BigIntegerField()  # the one it came by: a split regroups by it
    value = models.JSONField()
    set_at = models.DateTimeField()  # when it was said last
    since = models.DateTimeField(null=True)  # when it was said first, where that is another time

    class Meta:
        db_table = "profile_trait"
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "name", "source", "identifier_id"],
                name="profile_trait_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TraitHistory(ProfileScoped):
    """A value that a source has said of a trait, and says no more: it said another since.

    Kept for TRAIT_HISTORY_MONTHS; nothing could compute it later.
    """

    belongs = Belonging(Merged.MOVED, Apart.BY_IDENTIFIER, Erased.ERASED)
    lasts = Until(
        gettext_noop("so long after another took its place"),
        "trait_history",
        "TRAIT_HISTORY_MONTHS",
    )
    id = models.BigAutoField(primary_key=True)
    profile_id = models.BigIntegerField()
    name = models.TextField()
    source_id = models.BigIntegerField()
    identifier_id = models.BigIntegerField()
    value = models.JSONField()
    set_at = models.DateTimeField()
    replaced_at = models.DateTimeField()

    class Meta:
        db_table = "trait_history"
        indexes = [models.Index(fields=["replaced_at"], name="trait_history_by_end")]  # pruning

    def __str__(self) -> str:
        return self.name


class IdentifierLink(models.Model):
    """Two identifiers that one call named; the database's key is (one, other), the smaller first.

    A fact that holds whoever has the two: resolving anew goes by it. It names ids alone, and leads
    nowhere once an identifier is gone. Kept for IDENTIFIER_LINK_MONTHS after it was seen last.
    """

    lasts = Until(
        gettext_noop("so long after a call last named both"),
        "identifier_links",
        "IDENTIFIER_LINK_MONTHS",
    )
    id = models.BigAutoField(primary_key=True)
    one_id = models.BigIntegerField()
    other_id = models.BigIntegerField()
    is_proven = models.BooleanField()  # a source of ours named them together
    source_id = models.BigIntegerField()  # the first
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()  # to the day: written at most once a day

    class Meta:
        db_table = "identifier_link"
        indexes = [models.Index(fields=["last_seen"], name="identifier_link_by_seen")]  # pruning

    def __str__(self) -> str:
        return f"{self.one_id} with {self.other_id}"


class Identifier(ProfileScoped):
    """A kind and value by which a person is known, beside the person.

    The database's key is (profile_id, id). Who has a kind and value says `IdentifierKey`; the two
    are written together (`profiles.identity.keys`).
    """

    belongs = Belonging(Merged.MOVED, Apart.BY_IDENTIFIER, Erased.ERASED, at_once=True)
    lasts = Bounded(gettext_noop("one row for each address or id that somebody is known by"))
    id = models.BigAutoField(primary_key=True)
    kind = models.TextField()
    value = models.TextField()  # normalised
    raw_value = models.TextField(blank=True, default="")  # as given, where it differs
    # keyed digest of contact points: suppression and erasure join by it
    digest = models.BinaryField(max_length=16, null=True)
    profile_id = models.BigIntegerField()
    # proven: a source of ours named it as this person's, first and last
    verified_at = models.DateTimeField(null=True)
    verified_source_id = models.BigIntegerField(null=True)
    vouched_at = models.DateTimeField(null=True)
    first_source_id = models.BigIntegerField()
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    deliverability = models.TextField(blank=True, default="")  # "", ok, invalid, bounced

    class Meta:
        db_table = "identifier"

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


class IdentifierKey(models.Model):
    """Which identifier a kind and value is, and whose; the database's key is (value, kind).

    For look-ups from outside: on a cluster it lies by value, anywhere. Its order is that of bytes,
    so that the beginning of a value, whatever its kind, is found by the same index.
    """

    belongs = Belonging(Merged.DERIVED, Apart.DERIVED, Erased.ERASED, at_once=True)
    lasts = Bounded(gettext_noop("one row for each address or id that somebody is known by"))
    id = models.BigIntegerField(primary_key=True)  # the identifier's
    kind = models.TextField(db_collation="C")
    value = models.TextField(db_collation="C")  # normalised
    profile_id = models.BigIntegerField()

    class Meta:
        db_table = "identifier_key"
        indexes = [
            # what an event, a merge or its evidence names by id
            models.Index(fields=["id"], name="identifier_key_by_id"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


class Merge(models.Model):
    """Two people became one: by which rule, on what evidence, and what was there before.

    An attach is a call that a known person took in though it may be another's: it has no absorbed
    person before it is taken apart, which makes one.
    """

    belongs = Belonging(
        Merged.KEPT,
        Apart.STAYS,
        Erased.SCRUBBED,
        by=("survivor_id", "absorbed_id"),
        scrubbed={
            "evidence": "'{}'",
            "snapshot": "'{}'",
            "absorbed_public_id": "NULL",
            "once": "NULL",
        },
        why=gettext_noop("says that there was a merge, of whom in ids alone"),
    )
    lasts = ForEver(
        gettext_noop("a merge can be undone, and a call that was taken in be taken apart")
    )

    class Kind(models.TextChoices):
        """Whether there were two people before."""

        MERGE = "merge", _("Two people became one")
        ATTACH = "attach", _("A call was taken in")

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.MERGE)
    survivor_id = models.BigIntegerField()
    absorbed_id = models.BigIntegerField(db_index=True, null=True)
    absorbed_public_id = models.UUIDField(null=True)
    via_id = models.BigIntegerField(null=True)  # of an attach: the identifier that both have
    # of an attach: person, identifier, day and digest of what came by it; one row for each
    once = models.CharField(max_length=100, null=True, unique=True)  # noqa: DJ001 - null is no row
    rule = models.CharField(max_length=60)
    evidence = models.JSONField(default=dict)
    snapshot = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey("workspace.User", models.SET_NULL, null=True)

    class Meta:
        db_table = "merge"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["survivor_id", "-id"], name="merge_by_survivor"),
            # what a batch asks: was somebody taken apart who had come by this identifier?
            models.Index(
                fields=["via_id"],
                name="merge_parted_by_via",
                condition=models.Q(via_id__isnull=False, undone_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed_id} into {self.survivor_id}"


class AliasPending(ProfileScoped):
    """Events of `profile_id` belong to `survivor_id` until the rewriter has moved them."""

    belongs = Belonging(Merged.MOVED, Apart.BY_IDENTIFIER, Erased.ERASED)
    lasts = Bounded(gettext_noop("goes when the events are rewritten"))
    id = models.BigAutoField(primary_key=True)
    profile_id = models.BigIntegerField()
    survivor_id = models.BigIntegerField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "alias_pending"

    def __str__(self) -> str:
        return f"{self.profile_id} into {self.survivor_id}"


class MergePending(models.Model):
    """Two identifiers whose people are to be one; written by the batch that found it.

    The merge runs in a transaction of its own afterwards; this row makes it survive a kill between.
    Identifiers, not profiles: by then either may belong to somebody else. Each belongs to a person
    of its own side as the batch commits, so that a chain resolves whatever its order.
    """

    lasts = Bounded(gettext_noop("goes with the merge"))
    identifier_id = models.BigIntegerField()
    other_identifier_id = models.BigIntegerField()
    rule = models.CharField(max_length=60)
    evidence = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "merge_pending"

    def __str__(self) -> str:
        return f"{self.identifier_id} with {self.other_identifier_id}"
