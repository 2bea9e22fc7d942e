"""The log: narrowed, leafed, masked, each row with its reason, no query for a row."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import panels
from campaigns.models import ContactCount, Message
from config.workspace.models import Role
from profiles.merging.merging import merge_people
from profiles.models import Profile
from profiles.timeline import timeline
from tests.campaigns.builders import (
    deliver_all,
    launched,
    make_person,
    make_segment,
    smtp_server,
)
from tests.campaigns.pages.conftest import people_of
from tests.cast import make_identifier

pytestmark = pytest.mark.django_db
LOG = "/console/messages/"


def lines(page: str) -> int:
    return page.count('class="r-cmp-p"')


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 10),
        ("?campaign=spring&state=sent", 8),
        ("?state=bounced", 1),
        ("?reason=no_permission", 1),
        ("?did=clicked", 1),
        ("?did=machine_opened", 1),
        ("?did=left", 9),
        ("?campaign=nope", 0),
        ("?state=nope", 0),
        ("?person=nope", 0),
        ("?before=nope", 10),
    ],
)
def test_the_log_is_narrowed_by_its_address(marketer, sent, query, count):
    answer = marketer.get(LOG + query)
    assert answer.status_code == 200
    assert lines(answer.content.decode()) == count


def test_it_is_narrowed_to_one_person(marketer, sent):
    message = Message.objects.filter(state="sent").first()
    make_identifier(message.profile, "rapport_id", str(message.profile.public_id))
    page = marketer.get(f"{LOG}?person={message.profile.public_id}").content.decode()
    assert lines(page) == 1


def test_reasons_are_said_in_words(marketer, sent):
    page = marketer.get(f"{LOG}?state=excluded").content.decode()
    assert "No permission" in page
    assert "no_permission" not in page.split("<tbody>")[1].split("</tbody>")[0]


def test_who_was_merged_while_the_mail_waited_gets_it_and_is_not_called_restricted(marketer):
    ada, other, ben = people_of(3)
    launched(make_segment(ada, ben))
    merge_people(survivor_id=other.pk, absorbed_id=ada.pk, rule="hand", evidence={})
    Profile.objects.filter(pk=ben.pk).update(state="restricted")
    with smtp_server() as server:
        deliver_all()
    assert server.counts == {"p0@example.com": 1}
    assert set(ContactCount.objects.values_list("profile_id", "n")) == {(other.pk, 1), (ben.pk, 0)}
    # one that was left out for it before mails followed people
    Message.objects.filter(profile=ada).update(state="excluded", reason="frozen")

    def page(profile: Profile) -> str:
        row = Message.objects.get(profile=profile)
        assert (row.state, row.reason) == ("excluded", "frozen")
        return marketer.get(f"/console/messages/{profile.pk}/{row.pk}/").content.decode()

    assert "Was merged into another person" in page(ada)
    assert "Restricted at their own wish" in page(ben)


def test_an_empty_log_teaches(marketer):
    assert b"As soon as a campaign runs" in marketer.get(LOG).content


def test_leaves_hold_everything_once(marketer):
    launched(make_segment(*people_of(60)))
    first = marketer.get(LOG)
    seen = [line.row.pk for line in first.context["lines"]]
    second = marketer.get(first.context["page"]["next_url"])
    seen += [line.row.pk for line in second.context["lines"]]
    assert len(seen) == len(set(seen)) == 60
    assert second.context["page"]["next_url"] == ""


def test_no_query_for_a_row(marketer):
    launched(make_segment(*people_of(5), slug="few"), "few")
    marketer.get(LOG)  # what every page asks for and keeps
    with CaptureQueriesContext(
        connection,
    ) as few:
        marketer.get(f"{LOG}?campaign=few")
    launched(make_segment(*[make_person(f"q{n}") for n in range(45)], slug="many"), "many")
    with CaptureQueriesContext(connection) as many:
        assert lines(marketer.get(f"{LOG}?campaign=many").content.decode()) == 45
    assert len(few) == len(many) <= 10


def test_addresses_are_masked_for_those_without_the_right(log_in, sent):
    client = log_in(Role.ANALYST)
    page = client.get(LOG).content.decode()
    assert "p0@example.com" not in page
    assert "p8@example.com" not in page, "not in the provider's words either"
    bounced = Message.objects.get(state="bounced")
    detail = client.get(reverse("campaigns:message", args=[bounced.profile_id, bounced.pk]))
    assert "p8@example.com" not in detail.content.decode()
    assert "550 5.1.1" in detail.content.decode()


def test_a_message_cites_what_allowed_it(marketer, sent):
    message = Message.objects.filter(state="sent").first()
    page = marketer.get(reverse("campaigns:message", args=[message.profile_id, message.pk]))
    text = page.content.decode()
    assert "Granted" in text
    assert "for Marketing by Email" in text
    assert (
        f"Entry</span> {message.consent_entry_id}" in text or str(message.consent_entry_id) in text
    )
    assert "Handed over" in text


def test_a_message_that_was_not_sent_says_why_and_what_to_do(marketer, sent):
    message = Message.objects.get(state="excluded")
    page = marketer.get(reverse("campaigns:message", args=[message.profile_id, message.pk]))
    assert b"Why not sent" in page.content
    assert b"No permission: never asked" in page.content
    assert b"Ask in a form, at checkout or at the till" in page.content
    gone = marketer.get(reverse("campaigns:message", args=[message.profile_id, 10**12]))
    assert gone.status_code == 404


def test_a_rep_sees_messages_and_an_integrator_does_not(log_in, sent):
    assert log_in(Role.SERVICE_REP).get(LOG).status_code == 200
    assert log_in(Role.INTEGRATOR).get(LOG).status_code == 403


def test_a_mail_not_sent_has_its_place_in_the_timeline(sent):
    message = Message.objects.get(state="excluded")
    items = [
        i for i in timeline(message.profile_id, kinds=["messages"]) if i.key.startswith("message:")
    ]
    assert [str(item.title) for item in items] == ["Not sent: <b>spring</b>"]
    assert str(items[0].detail) == "No permission: never asked"
    assert items[0].tone == "no"
    assert timeline(message.profile_id, items[0].cursor, kinds=["messages"]) == []
    assert panels.timeline(message.profile_id, None, 5, ["web"]) == []


def test_the_customer_page_has_a_card_of_messages(marketer, sent):
    message = Message.objects.filter(clicked_at__isnull=False).get()
    public_id = str(message.profile.public_id)
    make_identifier(message.profile, "rapport_id", public_id)
    page = marketer.get(f"/console/people/{public_id}/").content.decode()
    assert f"/console/messages/?person={message.profile.public_id}" in page
    assert reverse("campaigns:message", args=[message.profile_id, message.pk]) in page
