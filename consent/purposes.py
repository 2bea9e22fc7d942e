"""Purposes: made with their topics."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from config.workspace import audit
from consent.models import Purpose, Topic


@transaction.atomic
def create_purpose(
    *,
    slug: str,
    name: str,
    description: str = "",
    purpose_class: str = Purpose.Class.MARKETING,
    double_opt_in: bool = False,
    topics: Sequence[Mapping[str, Any]] = (),
) -> Purpose:
    """A new purpose; its class decides what the gate asks.

    Raises IntegrityError where a slug is taken.
    """
    last = Purpose.objects.order_by("-position").values_list("position", flat=True).first() or 0
    purpose = Purpose.objects.create(
        slug=slug,
        name=name,
        description=description,
        purpose_class=purpose_class,
        double_opt_in=double_opt_in,
        position=min(last + 1, 32_000),
    )
    for position, topic in enumerate(topics):
        Topic.objects.create(purpose=purpose, position=position, **topic)
    audit.record("purpose.created", "purpose", str(purpose.pk), detail={"class": purpose_class})
    return purpose
