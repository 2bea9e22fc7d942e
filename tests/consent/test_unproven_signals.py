"""GPC with a public key in somebody's name: honoured, marked, removable, and it ends no consent."""

import pytest
from django.test import Client

from consent.models import ConsentEntry, ConsentState
from profiles.ingest import keys
from profiles.models import Identifier, Profile
from tests.campaigns.builders import say
from tests.cast import make_user
from tests.profiles.ingest.conftest import Caller, make_source, work_off

pytestmark = pytest.mark.django_db
SHARING = {"purpose": "sharing-for-ads", "channel": "", "point": ""}


@pytest.fixture(autouse=True)
def victim():
    keys._known.clear()
    make_source("shop", "server")
    make_source("site", "browser")
    Caller("key-shop").batch(
        {"type": "identify", "userId": "v", "traits": {"email": "v@example.com"}}
    )
    work_off()
    return Profile.objects.get(pk=Identifier.objects.get(value="v").profile_id)


def signal(**who):
    """A page view of a browser that says GPC."""
    call = {"type": "page", "userId": "v"} | who
    headers = {"Sec-GPC": "1"}
    assert Caller("key-site").post("/v1/batch", {"batch": [call]}, **headers).status_code == 200
    work_off()


def standing(person):
    state = ConsentState.objects.filter(profile=person, purpose__slug="sharing-for-ads").first()
    return state and state.status


def test_a_forged_signal_is_honoured_marked_and_can_be_taken_back(victim):
    say(victim)
    signal()
    entry = ConsentEntry.objects.get(profile=victim, purpose__slug="sharing-for-ads")
    assert standing(victim) == "denied"
    assert entry.evidence["proof"] == "by a browser, unproven"
    assert entry.source.name == "site"
    client = Client()
    client.force_login(make_user())
    page = client.get(f"/console/people/{victim.public_id}/")
    where = f"/console/people/{victim.public_id}/permissions/{entry.pk}/take-back/"
    assert where in page.content.decode()
    assert "a browser says GPC, unproven" in page.content.decode()
    assert client.post(where).status_code == 302
    assert standing(victim) is None
    assert client.post(where).status_code == 302  # nothing is left to take back
    mail = ConsentState.objects.get(profile=victim, purpose__slug="marketing")
    assert mail.status == "granted"  # it was no unsubscribe either


def test_a_forged_signal_ends_no_consent_that_was_proven(victim):
    say(victim, **SHARING)
    for _ in range(3):
        signal()
    assert standing(victim) == "granted"
    claim = ConsentEntry.objects.get(profile=victim, outcome="unproven")
    assert (claim.status, claim.permits) == ("denied", False)
    client = Client()
    client.force_login(make_user())
    page = client.get(f"/console/people/{victim.public_id}/").content.decode()
    assert "The permission stands: said with a public key" in page


def test_a_browser_speaks_for_its_own_visitor():
    signal(userId=None, anonymousId="d")
    visitor = Profile.objects.get(pk=Identifier.objects.get(value="d").profile_id)
    assert standing(visitor) == "denied"


def test_who_may_not_edit_permissions_takes_none_back(victim):
    signal()
    entry = ConsentEntry.objects.get(profile=victim)
    client = Client()
    client.force_login(make_user("analyst"))
    where = f"/console/people/{victim.public_id}/permissions/{entry.pk}/take-back/"
    assert client.post(where).status_code == 403
    assert standing(victim) == "denied"
