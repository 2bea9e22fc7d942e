"""A public key proves nothing: an attacker holds the browser's write key, no more."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from consent.reach.contactable import reachability
from profiles.identity import store
from profiles.merging import bulk
from profiles.models import DataWarning, Identifier, Merge, Profile
from profiles.selectors.people import main_contacts
from tests.cast import make_user
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
    assert person(email=PLANTED) == person(user_id="attacker") != person(user_id="v")
    (mail,) = reachability(person(user_id="v"), purpose="service", channels=("email",))
    assert mail.address == VICTIM


def test_a_servers_word_about_the_same_person_verifies(call, browser_call):
    browser_call.batch(identify("v", email=VICTIM))
    work_off()
    assert Identifier.objects.get(value=VICTIM).verified_at is None
    call.batch(identify("v", email=VICTIM))
    work_off()
    assert Identifier.objects.get(value=VICTIM).verified_at is not None


def test_of_whom_nothing_else_is_known_nothing_more_is_read(call, browser_call):
    browser_call.batch(identify("a", "device a"), identify("b", email=PLANTED), identify("c"))
    work_off()
    a, b, c = (person(user_id=value).pk for value in "abc")
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        people = store.load_people(connection.cursor(), (), asked={a, b, c})
    assert list(people) == [b], "the others have the one identifier that the batch names"
    assert len(queries) == 4
    with transaction.atomic():
        people = store.load_people(connection.cursor(), [c], asked={a, b, c})
    assert sorted(people) == [b, c]


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


def mails_of(user):
    """(value, proven) of each address of the person with this user id."""
    rows = Identifier.objects.filter(profile_id=person(user_id=user).pk, kind="email")
    return {(row.value, row.verified_at is not None) for row in rows}


def test_five_planted_addresses_do_not_keep_out_the_one_that_the_server_tells(call, browser_call):
    call.batch(identify("v", email=VICTIM))
    work_off()
    browser_call.batch(*[identify("v", email=f"p{n}@example.com") for n in range(7)])
    work_off()
    assert len(mails_of("v")) == 5
    call.batch(identify("v", email="new@example.com"))
    work_off()
    assert mails_of("v") >= {(VICTIM, True), ("new@example.com", True)}
    assert len(mails_of("v")) == 5
    assert person(email="p0@example.com") != person(user_id="v")  # the oldest went
    warnings = DataWarning.objects.values_list("source__name", "code", "detail", "count")
    assert set(warnings) == {
        ("site", "identifier_of_another", "email", 3),
        ("shop", "identifier_sent_away", "email", 1),
    }


def test_five_proven_addresses_are_the_limit(call):
    call.batch(*[identify("v", email=f"p{n}@example.com") for n in range(6)])
    work_off()
    assert len(mails_of("v")) == 5
    assert DataWarning.objects.get().code == "identifier_of_another"


def test_a_user_id_that_was_claimed_beforehand_belongs_to_whom_the_server_says(call, browser_call):
    """Squatting ahead: the attacker's mailbox waits on a customer number that is yet to come."""
    browser_call.batch(identify("v", email=PLANTED))
    work_off()
    call.batch(identify(email=PLANTED))  # the attacker subscribes, as anybody may
    work_off()
    call.batch(identify("v", email=VICTIM, traits={"plan": "pro", "email": VICTIM}))
    work_off()
    assert mails_of("v") == {(VICTIM, True)}
    assert person(email=PLANTED) != person(user_id="v")
    assert "plan" not in person(email=PLANTED).traits


def test_a_planted_address_joins_nobody_by_the_servers_word(call, browser_call):
    """The victim is known by their address alone, so no customer number stands in the way."""
    call.batch(identify(email=VICTIM), identify("attacker", email="attacker@example.com"))
    work_off()
    browser_call.batch(identify(email=VICTIM, context=also(email=PLANTED)))
    work_off()
    assert person(email=PLANTED) == person(email=VICTIM)
    call.batch(identify("attacker", email=PLANTED))
    work_off()
    assert person(email=PLANTED) == person(user_id="attacker") != person(email=VICTIM)
    assert not Merge.objects.filter(kind=Merge.Kind.MERGE).exists()


def test_a_planted_user_id_keeps_no_real_one_out(call, browser_call):
    call.batch(identify(email=VICTIM))
    work_off()
    browser_call.batch(identify("planted", email=VICTIM))
    work_off()
    call.batch(identify("v", email=VICTIM))
    work_off()
    assert person(user_id="v") == person(email=VICTIM) != person(user_id="planted")


def test_a_device_that_the_server_names_alone_is_proven_to_be_nobodys(call, browser_call):
    call.batch({"type": "track", "event": "A", "anonymousId": "d"})
    work_off()
    call.batch(identify(email=VICTIM), identify("attacker", email="attacker@example.com"))
    browser_call.batch(identify(device="d", email=VICTIM))
    work_off()
    call.batch(identify("attacker", device="d"))
    work_off()
    assert person(email=VICTIM) != person(user_id="attacker")


def test_what_a_browser_stitched_of_what_nobody_knows_stays_one(call, browser_call):
    """The usual shop: the page says who it is, and the server follows with either."""
    browser_call.batch(identify("v", device="d", email=VICTIM))
    work_off()
    call.batch({"type": "track", "event": "Order Completed", "userId": "v"})
    work_off()
    call.batch(identify("v", email=VICTIM))
    work_off()
    assert person(user_id="v") == person(email=VICTIM) == person(anonymous_id="d")
    assert mails_of("v") == {(VICTIM, True)}


def test_the_best_address_is_the_one_that_a_source_of_ours_named_last(call, browser_call):
    for day, mail in ((1, "old@example.com"), (2, VICTIM)):
        call.batch(identify("v", email=mail, timestamp=f"2026-11-0{day}T00:00:00Z"))
        work_off()
    browser_call.batch(identify("v", email="old@example.com"))
    work_off()
    (mail,) = reachability(person(user_id="v"), purpose="service", channels=("email",))
    assert mail.address == VICTIM == main_contacts([person(user_id="v").pk]).popitem()[1][1]


def test_what_was_left_out_stands_on_the_customers_page(call, browser_call, client):
    call.batch(identify("v", email=VICTIM), identify("other", email="taken@example.com"))
    work_off()
    browser_call.batch(identify("v", email="taken@example.com"))
    work_off()
    client.force_login(make_user())
    page = client.get(f"/console/people/{person(user_id='v').public_id}/").content.decode()
    assert "said of them, but not attached" in page
    assert page.count("taken@example.com") >= 2
    assert "not used: said with a public key" in page
    page = client.get(f"/console/people/{person(user_id='other').public_id}/").content.decode()
    assert "said of them, but not attached" not in page


def also(**ids):
    return {"externalIds": [{"type": k, "id": v, "collection": "users"} for k, v in ids.items()]}
