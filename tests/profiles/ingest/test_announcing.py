"""What a portion of messages announces to those who keep something derived of people."""

from datetime import timedelta

import pytest
from django.utils import timezone

from profiles.models import Identifier, ProfileChange

from .conftest import identify, track, work_off

pytestmark = pytest.mark.django_db


def test_changes_are_announced(call):
    call.batch(identify(plan="pro"))
    work_off()
    first = ProfileChange.objects.get()
    assert {"profile:new", "trait:plan", "event:identify"} <= set(first.names)
    ProfileChange.objects.all().delete()
    call.batch(identify(plan="pro", country="NL"), track("Seen"))
    work_off()
    (row,) = ProfileChange.objects.all()
    assert {"trait:country", "profile:country", "event:Seen"} <= set(row.names)
    assert "trait:plan" not in row.names


def names_of(user_id):
    (number,) = Identifier.objects.filter(value=user_id).values_list("profile_id", flat=True)
    rows = ProfileChange.objects.filter(profile_ids__contains=[number])
    return {name for row in rows for name in row.names}


def test_a_change_is_announced_for_who_did_it_and_not_for_the_whole_portion(call):
    call.batch(identify("u-1", plan="pro"), identify("u-2", plan="pro"))
    work_off()
    ProfileChange.objects.all().delete()
    early = (timezone.now() - timedelta(days=20)).isoformat()
    call.batch(
        identify("u-1", plan="team"), track("Seen", "u-2"), track("Seen", "u-2", timestamp=early)
    )
    work_off()
    assert names_of("u-1") == {"event:identify", "trait:plan", "profile:last_seen"}
    assert names_of("u-2") == {"event:Seen", "profile:last_seen", "profile:first_seen"}
