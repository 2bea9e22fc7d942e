"""Every kind of contact point: kept with its digest, suppressed by it, reachable no more."""

import pytest

from config.workspace.digests import CONTACT_KINDS, contact_digest
from consent.api.serializers import SuppressSerializer
from consent.channels import addressed_channels, contact_kind
from consent.ledger.subjects import refer
from consent.reach import contactable
from consent.suppression.suppressing import suppress
from profiles.identifiers.normalise import normalise
from profiles.models import Identifier, Profile
from tests.campaigns.builders import say
from tests.profiles.ingest.conftest import _forget_kept, call, source, work_off  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db
VALUES = {"email": "Ada@Example.com", "phone": "+31655500142", "push_token": "fcm:APA91"}
CAME_IN = {
    "email": {"traits": {"email": "Ada@Example.com"}},
    "phone": {"traits": {"phone": "+31655500142"}},
    "push_token": {"context": {"device": {"id": "d1", "token": "fcm:APA91"}}},
}


def test_every_kind_that_a_channel_writes_to_has_digests():
    """A new channel whose address is of a new kind fails here, and in the two tests below."""
    kinds = {contact_kind(channel) for channel in addressed_channels()}
    assert kinds == set(CONTACT_KINDS) == VALUES.keys()
    assert set(SuppressSerializer().fields["kind"].choices) == kinds


@pytest.mark.parametrize("channel", addressed_channels())
def test_what_is_suppressed_is_reached_on_no_channel_of_its_kind(channel):
    kind = contact_kind(channel)
    value = normalise(kind, VALUES[kind])
    person = refer(f"{kind}:{value}").profile
    say(person, channel=channel, point=value)
    asked = contactable(Profile.objects.all(), purpose="marketing", channel=channel)
    assert list(asked.all()) == [person]
    suppress(kind=kind, value=value, reason="invalid")
    assert list(asked.all()) == []


@pytest.mark.parametrize("kind", CONTACT_KINDS)
def test_what_comes_in_is_kept_with_its_digest(call, kind):  # noqa: F811 - the fixture
    call.batch({"type": "identify", "userId": "u1"} | CAME_IN[kind])
    work_off()
    value = normalise(kind, VALUES[kind])
    row = Identifier.objects.get(kind=kind, value=value)
    assert bytes(row.digest) == contact_digest(kind, value)
