"""What was kept though not all of it can be used: how much of it each source sends."""

from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from profiles.models import DataWarning

LATELY = timedelta(hours=24)


def sources_warned() -> dict[int, int]:
    """How many kinds of warnings each source had in the last 24 hours; one query."""
    rows = DataWarning.objects.filter(last_seen__gte=timezone.now() - LATELY).order_by()
    return dict(rows.values_list("source_id").annotate(n=Count("id")))
