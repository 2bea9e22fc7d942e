"""What people did; `event` and `event_item` are partitioned by month."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.belonging import Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import Bounded, ForEver
from config.workspace.tables.schema import ProfileScoped

ORDER_ID_CHARS = 200


class Event(ProfileScoped):
    """One accepted call: every type is a row. `name` is the event of a track, "Page Viewed" or
    "Screen Viewed" of a page or a screen, and the type otherwise.
    """

    belongs = Belonging(Merged.MOVED, Apart.BY_IDENTIFIER, Erased.ERASED)
    lasts = ForEver(
        gettext_noop("what people did, until an erasure or a rule of retention takes it")
    )
    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey(
        "profiles.Profile", models.DO_NOTHING, db_constraint=False, db_index=False
    )
    message_id = models.TextField()
    type = models.TextField()
    name = models.TextField()
    occurred_at = models.DateTimeField()
    original_at = models.DateTimeField(null=True)  # as given, where we clamped or corrected it
    received_at = models.DateTimeField()
    source = models.ForeignKey(
        "profiles.Source", models.DO_NOTHING, db_constraint=False, db_index=False
    )
    identifier_id = models.BigIntegerField()
    anonymous_identifier_id = models.BigIntegerField(null=True)
    source_profile_id = models.BigIntegerField(null=True)
    value = models.FloatField(null=True)
    k1 = models.TextField(null=True)
    k2 = models.TextField(null=True)
    properties = models.JSONField(default=dict)
    context = models.JSONField(default=dict)

    class Meta:
        db_table = "event"
        ordering = ["-occurred_at", "-id"]
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(
                fields=["name", "occurred_at"],
                include=["profile_id", "value"],
                name="event_by_name",
            ),
            models.Index(
                fields=["name", "k1", "occurred_at"],
                include=["profile_id", "value"],
                condition=models.Q(k1__isnull=False),
                name="event_by_k1",
            ),
            # the newest calls: ids only grow, so block ranges find the last in no time
            BrinIndex(fields=["id"], name="event_newest", autosummarize=True),
            # search by order number
            models.Index(
                Left(KT("properties__order_id"), ORDER_ID_CHARS),  # an index entry has a limit
                name="event_by_order",
                condition=models.Q(name="Order Completed"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EventItem(ProfileScoped):
    """One line of `products[]` of an event."""

    belongs = Belonging(Merged.MOVED, Apart.BY_IDENTIFIER, Erased.ERASED)
    lasts = ForEver(gettext_noop("lines of events: as long as those"))
    id = models.BigAutoField(primary_key=True)
    profile_id = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    event_id = models.BigIntegerField()
    name = models.TextField()  # of the event
    product_id = models.TextField()
    product_name = models.TextField(blank=True, default="")
    category = models.TextField(blank=True, default="")
    quantity = models.FloatField(default=1)
    price = models.FloatField(null=True)

    class Meta:
        db_table = "event_item"
        indexes = [
            # "bought this product", "bought from this category"
            models.Index(
                fields=["name", "category", "occurred_at"],
                include=["profile_id"],
                name="event_item_by_category",
            ),
        ]

    def __str__(self) -> str:
        return self.product_id


class EventState(ProfileScoped):
    """How often and when a profile did a conversion-type event; kept up with the events."""

    belongs = Belonging(Merged.DERIVED, Apart.DERIVED, Erased.ERASED)
    lasts = Bounded(gettext_noop("one row for each kind of conversion"))
    id = models.BigAutoField(primary_key=True)
    profile_id = models.BigIntegerField()
    name = models.TextField()
    count = models.BigIntegerField(default=0)
    sum = models.FloatField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "event_state"

    def __str__(self) -> str:
        return self.name
