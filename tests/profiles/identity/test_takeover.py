"""Guarantee 10: a public key proves nothing. An attacker holds the browser's write key, no more."""

import pytest

from consent.selectors.contactable import reachability
from profiles.identity import bulk
from profiles.models import Identifier, Merge, Profile
from tests.profiles.ingest.conftest import work_off

pytestmark = pytest.mark.django_db

VICTIM, PLANTED = "victim@example.com", "planted@example.com"


def identify(user=None, device=None, email=None, **more):
    return {
        "type": "identify",
        "traits": {"email": email} if email else {},
        **({"userId": user} if user else {}),
        **({"anonymousId": device} if device else {}),
        **more,
    }


def person(**given):
    """The profile that an identifier belongs to."""
    ((kind, value),) = given.items()
    return Profile.objects.get(pk=Identifier.objects.get(kind=kind, value=value).profile_id)


def test_service_mail_goes_to_the_verified_address_not_to_one_that_a_browser_added(
    call, browser_call
):
    call.batch(identify("v", email=VICTIM))
    work_off()
    browser_call.batch(identify("v", email=PLANTED))
    work_off()
    assert person(email=PLANTED) == person(user_id="v")
    (mail,) = reachability(person(user_id="v"), purpose="service", channels=("email",))
    assert mail.address == VICTIM


def test_service_mail_to_a_suppressed_address_does_not_evade_to_an_added_one(call, browser_call):
    call.batch(identify("v", email=VICTIM))
    work_off()
    browser_call.batch(identify("v", email=PLANTED))
    work_off()
    Identifier.objects.filter(value=VICTIM).update(deliverability="invalid")
    (mail,) = reachability(person(user_id="v"), purpose="service", channels=("email",))
    assert (mail.ok, mail.code, mail.address) == (False, "suppressed", VICTIM)


def test_a_servers_word_about_another_person_verifies_nothing(call, browser_call):
    """The attacker signs up with the address that they planted: the server names it honestly."""
    call.batch(identify("v", email=VICTIM))
    work_off()
    browser_call.batch(identify("v", email=PLANTED))
    work_off()
    call.batch(identify("attacker", email=PLANTED))
    work_off()
    assert person(email=PLANTED) == person(user_id="v") != person(user_id="attacker")
    assert Identifier.objects.get(value=PLANTED).verified_at is None
    (mail,) = reachability(person(user_id="v"), purpose="service", channels=("email",))
    assert mail.address == VICTIM


def test_a_servers_word_about_the_same_person_verifies(call, browser_call):
    browser_call.batch(identify("v", email=VICTIM))
    work_off()
    assert Identifier.objects.get(value=VICTIM).verified_at is None
    call.batch(identify("v", email=VICTIM))
    work_off()
    assert Identifier.objects.get(value=VICTIM).verified_at is not None


def test_a_device_planted_on_somebody_joins_no_two_known_people(call, browser_call):
    call.batch(identify(email=VICTIM), identify("attacker", email="attacker@example.com"))
    work_off()
    browser_call.batch(identify(device="d", email=VICTIM))
    work_off()
    assert person(anonymous_id="d") == person(email=VICTIM)
    for _ in range(2):  # what the first says proves nothing for the second
        call.batch(identify("attacker", device="d"))
        work_off()
    assert person(email=VICTIM) != person(user_id="attacker")
    assert not Merge.objects.exists()
    assert bulk.find_joins() == []


def test_a_device_that_the_server_gave_joins_two_known_people(call):
    call.batch(identify(device="d", email=VICTIM), identify("v"))
    work_off()
    call.batch(identify("v", device="d"))
    work_off()
    assert person(email=VICTIM) == person(user_id="v")
