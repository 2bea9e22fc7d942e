"""People who could be written to, over time: a line that falls and ends at what is reachable."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.models import Suppression
from consent.reach import contactable, reachable_counts
from consent.reach.growth import reachable_over_time
from consent.suppression.suppressing import suppress
from profiles.models import Identifier, Profile
from tests.campaigns.builders import add_address, make_person, say

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def weeks_ago(n: float):
    return NOW - timedelta(weeks=n)


def known(name: str, since: float, **fields) -> Profile:
    person = make_person(name, **fields)
    Identifier.objects.filter(profile_id=person.pk).update(first_seen=weeks_ago(since))
    return person


def test_the_line_falls_with_each_permission_that_ended_and_ends_at_what_is_reachable():
    stays = known("stays", 9)
    say(stays, at=weeks_ago(8))
    left = known("left", 9)
    say(left, at=weeks_ago(8))
    say(left, "withdrawn", at=weeks_ago(3.5))
    returned = known("returned", 9)
    say(returned, at=weeks_ago(8))
    say(returned, "denied", at=weeks_ago(5.5), point="")
    say(returned, at=weeks_ago(1.5), act="form", point="")
    bounced = known("bounced", 9)
    say(bounced, at=weeks_ago(8))
    suppress(kind="email", value="bounced@example.com", reason="hard_bounce")
    Suppression.objects.update(created_at=weeks_ago(2.5))
    two = known("two", 9)  # counts once, by either of two addresses
    add_address(two, "two@work.example")
    say(two, at=weeks_ago(8), point="two@example.com")
    say(two, "withdrawn", at=weeks_ago(4.5), point="two@example.com")
    say(two, at=weeks_ago(6.5), point="two@work.example")
    restricted = known("restricted", 9, state="restricted")
    say(restricted, at=weeks_ago(8))
    late = known("late", 4.5, email_address=None)  # allowed as a person, the address came later
    say(late, at=weeks_ago(8), point="")
    Identifier.objects.filter(
        pk=add_address(late, "late@example.com").pk
    ).update(first_seen=weeks_ago(4.5))  # fmt: skip
    child = known("child", 9, email_address=None, traits={"email": "stays@example.com"})
    say(child, at=weeks_ago(0.5), point="stays@example.com")

    line = reachable_over_time([weeks_ago(n) for n in range(9, 0, -1)])["email"]

    assert line == [None, None, 5, 5, 4, 5, 4, 3, 4, 5]
    assert line[-1] == reachable_counts(Profile.objects.all())["email"]
    assert line[-1] == contactable(Profile.objects, purpose="marketing", channel="email").count()


def test_the_line_of_a_channel_without_anybody_is_nought():
    assert reachable_over_time([weeks_ago(1)]) == {
        "email": [None, 0],
        "sms": [None, 0],
        "push": [None, 0],
    }
