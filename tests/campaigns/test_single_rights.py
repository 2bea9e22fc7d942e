"""Who may send a single message to somebody who withdrew, and what the trail says of it."""

import pytest
from django.urls import reverse

from campaigns.models import Message
from config.workspace.models import AuditEntry, Role
from tests.api.world import client, new_key
from tests.campaigns.builders import make_campaign, make_person, make_segment, make_sender, say
from tests.cast import make_identifier, make_user

pytestmark = pytest.mark.django_db
CONTENT = {"subject": "Your order", "text": "Thank you."}
BODY = {"person": "email:ben@example.com", "channel": "email", "content": CONTENT}


@pytest.fixture
def ben():
    """Withdrew."""
    make_sender()
    ben = make_person("ben")
    say(ben)
    say(ben, status="withdrawn")
    return ben


def post(caller, number, **more):
    headers = {"Idempotency-Key": f"k-{number}"}
    return caller.post("/api/messages/", BODY | more, format="json", headers=headers)


def by_key(*scopes):
    return client(new_key("people.personal", *scopes))


def session(role):
    one = client()
    one.force_login(make_user(role=role))
    return one


@pytest.mark.parametrize(
    ("caller", "may_skip"),
    [
        (lambda: session(Role.MARKETER), False),
        (lambda: session(Role.SERVICE_REP), True),
        (lambda: session(Role.ADMIN), True),
        (lambda: by_key("messages.send"), False),
        (lambda: by_key("messages.send", "messages.transactional"), True),
        (lambda: by_key("messages"), True),
        (lambda: by_key("all"), True),
    ],
)
def test_who_withdrew_gets_service_mail_only_by_those_who_may_say_that_it_is(ben, caller, may_skip):
    one = caller()
    for number, more in enumerate(({}, {"purpose": "service"})):
        answer = post(one, number, **more)
        if may_skip:
            assert answer.status_code == 201, answer.json()
            assert answer.json()["state"] == "queued"
            assert post(one, number, **more).status_code == 200
        else:
            assert answer.status_code == 403
            assert answer.json()["errors"][0]["path"] == "purpose"
    assert Message.objects.count() == (2 if may_skip else 0)
    marketing = post(one, 9, purpose="marketing").json()
    assert (marketing["state"], marketing["reason"]) == ("excluded", "no_permission")
    said = [entry.detail for entry in AuditEntry.objects.filter(action="send").order_by("id")]
    service = {"purpose": "service", "class": "transactional"}
    assert said == [service] * (2 * may_skip) + [{"purpose": "marketing", "class": "marketing"}]


def test_the_mail_of_a_campaign_is_shown_to_nobody_who_may_not_see_campaigns(ben):
    make_campaign(make_segment(ben), "spring")
    make_identifier(ben, "rapport_id", str(ben.public_id))
    key = "spring:mail:"
    url = reverse("campaigns:send_one_frame", args=[ben.public_id])
    shown = session(Role.MARKETER).get(url, {"message": key})
    assert shown.status_code == 200
    assert b"Hello" in shown.content
    assert session(Role.SERVICE_REP).get(url, {"message": key}).status_code == 403
