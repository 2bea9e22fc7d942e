"""What of segments a retention rule may take: that somebody was in one, and left."""

from django.utils.translation import gettext_lazy as _

from consent.retention.tables import AgedTable, aged

aged(
    "membership",
    # past moments of a list are asked of these rows; of any other segment, of its rule
    AgedTable(
        "membership",
        "left_at",
        ended="EXISTS (SELECT FROM segment s WHERE s.id = t.segment_id AND s.kind = 'dynamic')",
        person="profile_id",
    ),
    label=_("Who was in a segment and left"),
    explained=_("Members of now, and everybody on a list, stay."),
    setting="MEMBERSHIP_DAYS",
    order=40,
)
