"""A browser's write key in an attacker's hands: through HTTP, the inbox, the gate, to real mail.

Each of these worked once. The names are the attacks.
"""

import json

import pytest
from django.test import Client

from campaigns.models import Message
from consent.reach import reachable_counts
from consent.reach.contactable import reachability
from profiles.ingest import keys
from profiles.models import Identifier, Profile
from tests.campaigns.builders import (
    deliver_all,
    launched,
    make_segment,
    make_sender,
    say,
)
from tests.cast import make_user
from tests.profiles.ingest.conftest import Caller, make_source, work_off

pytestmark = pytest.mark.django_db
VICTIM, EVIL = "victim@example.com", "evil@example.com"


@pytest.fixture(autouse=True)
def _forget_keys():
    keys._known.clear()


@pytest.fixture
def shop():
    make_source("shop", "server", trust=70)
    return Caller("key-shop")


@pytest.fixture
def evil():
    """Who looked into the page's source."""
    make_source("site", "browser", trust=30)
    return Caller("key-site")


@pytest.fixture
def api():
    client = Client()
    client.force_login(make_user())

    def post(path, body, **headers):
        return client.post(path, json.dumps(body), "application/json", headers=headers)

    return post


def identify(user="v", **traits):
    return {"type": "identify", "userId": user, "traits": traits}


def holder(value):
    return Profile.objects.get(pk=Identifier.objects.get(value=value).profile_id)


def grant(api, person, **more):
    said = {"person": person, "purpose": "marketing", "channel": "email", "status": "granted"}
    return api("/api/consents/", said | {"basis": "consent", "evidence": {"act": "form"}} | more)


def send(api, person, text="For {{ name }}: {{ credit }}", key="k"):
    make_sender()
    body = {"person": person, "channel": "email", "content": {"subject": "S", "text": text}}
    answer = api("/api/messages/", body, **{"Idempotency-Key": key})
    assert answer.status_code in (200, 201), answer.content
    deliver_all()
    return answer.json()


def test_divert_a_consent_and_the_mail_that_it_allows(shop, evil, server, api):
    shop.batch(identify(email=VICTIM, name="Vera", credit=7))
    work_off()
    evil.batch(identify(email=EVIL))
    work_off()
    assert grant(api, "user_id:v").status_code == 201
    launched(make_segment(holder("v")))
    deliver_all()
    assert dict(server.counts) == {VICTIM: 1}


def test_subscribe_with_the_planted_address_and_read_the_victims_mail(shop, evil, server, api):
    """The address gets its newsletter: as a person of its own, of whom nothing is known."""
    shop.batch(identify(email=VICTIM, name="Vera", credit=7))
    work_off()
    evil.batch(identify(email=EVIL))
    work_off()
    double = {"evidence": {"act": "double_opt_in"}}
    assert grant(api, f"email:{EVIL}", **double).json()["state"] == "granted"
    assert holder(EVIL) != holder("v")
    launched(make_segment(holder(EVIL), holder("v")), step={"content": {
        "subject": "Hi {{ name }}",
        "html": "<p>{{ name }} {{ credit }} {{ postal_address }} {{ unsubscribe_url }}</p>",
    }})  # fmt: skip
    deliver_all()
    assert dict(server.counts) == {EVIL: 1}  # the victim never allowed any
    assert "Vera" not in server.message().as_string()


def test_receive_the_victims_service_mail(shop, evil, server, api):
    shop.batch(identify(email=VICTIM, name="Vera", credit=7))
    work_off()
    evil.batch(identify(email=EVIL, name="Hacked", credit=9000))
    work_off()
    assert send(api, "user_id:v")["address"] == VICTIM
    assert "For Vera: 7" in server.message().as_string()


def test_borrow_an_address_by_a_trait(shop, evil, server, api):
    """The attacker is a customer, too; the victim has no address that the shop knows."""
    shop.batch(identify("v", name="Vera"), identify("attacker", email=EVIL))
    work_off()
    evil.batch(identify(email=EVIL))
    work_off()
    assert holder(EVIL) != holder("v")
    assert holder("v").traits["email"] == EVIL  # said of them, and seen to be unproven
    told = send(api, "user_id:v")
    assert (told["state"], told["reason"], dict(server.counts)) == ("excluded", "no_address", {})
    assert grant(api, "user_id:v").status_code == 201
    launched(make_segment(holder("v")))
    deliver_all()
    assert dict(server.counts) == {}
    assert reachable_counts(Profile.objects.filter(pk=holder("v").pk))["email"] == 0


def test_an_address_that_only_a_browser_told_is_said_to_be_that(shop, evil):
    shop.batch(identify("v", name="Vera"))
    evil.batch(identify(email=EVIL))
    work_off()
    (mail,) = reachability(holder("v"), channels=("email",))
    assert (mail.ok, mail.code) == (False, "no_address")
    assert mail.reason == "Only an address that nobody of ours vouched for"


def test_the_usual_shop_still_collects_a_subscription(shop, evil, server, api):
    """A web form with the public key, and the shop's server, which sends the link to confirm."""
    evil.batch({"type": "identify", "anonymousId": "d", "traits": {"email": "new@example.com"}})
    work_off()
    told = send(api, "email:new@example.com", "Please confirm")
    assert (told["address"], dict(server.counts)) == ("new@example.com", {"new@example.com": 1})
    grant(api, "email:new@example.com", evidence={"act": "double_opt_in"})
    launched(make_segment(holder("new@example.com")))
    deliver_all()
    assert dict(server.counts) == {"new@example.com": 2}
    assert holder("d") == holder("new@example.com")
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_what_was_refused_for_an_address_goes_with_it(shop, evil):
    shop.batch(identify("v", email=VICTIM), identify("w"))
    work_off()
    evil.batch(identify("v", email=EVIL))
    work_off()
    say(holder("v"), "withdrawn", point=EVIL)
    say(holder("v"), "granted", purpose="measuring", point=EVIL)
    shop.batch(identify("w", email=EVIL))
    work_off()
    assert holder(EVIL) == holder("w")
    (mail,) = reachability(holder("w"), channels=("email",))
    assert (mail.address, mail.code) == (EVIL, "withdrawn")


def test_change_the_words_of_the_way_out(shop, evil, server, api):
    shop.batch(identify(email=VICTIM, name="Vera"))
    evil.batch(identify(unsubscribe_label="Win a prize", unsubscribe_url="https://evil.example"))
    work_off()
    grant(api, "user_id:v")
    launched(make_segment(holder("v")), step={"content": {"subject": "S", "html": "<p>Hi</p>"}})
    deliver_all()
    html = server.message().get_body(("html",)).get_content()
    assert ">Unsubscribe</a>" in html
    assert "prize" not in html
    assert "evil.example" not in html
