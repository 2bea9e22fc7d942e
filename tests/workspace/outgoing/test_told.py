"""What each kind of event says, of whom, and that nothing is written where nobody listens."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Message
from campaigns.outcomes import told as of_campaigns
from campaigns.outcomes.recording import find_sent, record_unsubscribe
from config.workspace.models import WebhookDelivery
from config.workspace.outgoing import notices
from config.workspace.outgoing.delivery import deliver_due
from config.workspace.outgoing.kinds import KINDS, choosable
from config.workspace.work.due import drain
from consent.ledger.recording import Statement, record_consents
from consent.models import Purpose
from consent.privacy.requests import cancel, open_request
from profiles.ingest import inbox, processor
from profiles.merging.merging import merge_people, undo_merge
from profiles.models import Identifier, Merge, Profile
from segments.members.signals import membership_changed
from segments.models import Segment
from tests.campaigns.builders import launched, make_person, make_segment, say, smtp_server
from tests.cast import make_source

pytestmark = pytest.mark.django_db
ALL = (
    *("profile.created", "profile.merged", "profile.unmerged", "consent.changed"),
    *("privacy_request.opened", "privacy_request.completed", "privacy_request.cancelled"),
    *("segment.entered", "segment.left", "message.bounced", "message.unsubscribed"),
    *("campaign.finished", "profile.erased"),
)


def restrict(*people):
    ids = [one.pk for one in people]
    Profile.objects.filter(pk__in=ids).update(state=Profile.State.RESTRICTED)


def told_of(there, event):
    """`data` of the calls of a kind, each once checked."""
    deliver_due()
    return [one["data"] for one in there.verified() if one["type"] == event]


def moves(segment, entered=(), left=(), **more):
    membership_changed.send(
        Segment, segment=segment, entered=[one.pk for one in entered],
        left=[one.pk for one in left], at=timezone.now(), is_first=False, **more,
    )  # fmt: skip


def test_every_kind_has_an_example_in_words_and_is_known_by_its_name():
    assert set(choosable()) == set(ALL)
    for name in choosable():
        kind = KINDS.get(name)
        assert str(kind.title) and str(kind.text) and str(kind.group)
        json.dumps(dict(kind.example))
        named = {"person", "people"} & set(kind.example)
        assert bool(named) == bool(str(kind.forwarded)), name


def test_where_nobody_listens_nothing_is_written_for_a_look_at_one_small_table():
    ada = make_person("ada")
    with CaptureQueriesContext(
        connection,
    ) as seen:
        notices.tell_many("segment.entered", {"segment": "x"}, [ada.pk] * 5000)
        notices.tell("privacy_request.opened", [({}, [])] * 50)
        of_campaigns.of_messages("message.bounced", [1], [1])
    assert len(seen) == 3
    assert all('FROM "webhook"' in one["sql"] for one in seen.captured_queries)
    assert not WebhookDelivery.objects.exists()


def test_moves_are_told_a_hundred_people_in_a_call_and_not_of_restricted_ones(endpoint):
    there = endpoint("segment.entered", "segment.left")
    other = endpoint("segment.left", path="&other")
    people = [make_person(f"p{n}") for n in range(3)]
    segment = make_segment(people[0], slug="shoes")
    deliver_due()
    there.receiver.told.clear()
    with CaptureQueriesContext(connection) as seen:
        ids = [one.pk for one in people]
        data = {"segment": "shoes", "at": "x", "first_count": False}
        notices.tell_many("segment.entered", data, ids * 70)
    assert len(seen) == 2, "a million moves are two statements as well"
    assert sorted(len(one.people) for one in WebhookDelivery.objects.filter(delivered_at=None)) == [
        10,
        100,
        100,
    ]
    WebhookDelivery.objects.all().delete()
    restrict(people[1])
    Profile.objects.filter(pk=people[2].pk).update(state="erased")
    moves(segment, entered=people, left=people)
    [entered] = told_of(there, "segment.entered")
    [left] = told_of(there, "segment.left")
    assert entered["people"] == [str(people[0].public_id)]
    assert left["people"] == [str(one.public_id) for one in people[:2]]
    assert (entered["segment"], entered["first_count"]) == ("shoes", False)
    assert len(told_of(other, "segment.left")) == 1
    moves(segment, entered=people[1:])
    assert told_of(there, "segment.entered") == [entered], "nobody is left to be told of"
    assert WebhookDelivery.objects.filter(withheld=True).count() == 1


def test_who_is_new_who_was_two_and_who_is_two_again(endpoint):
    there = endpoint("profile.created", "profile.merged", "profile.unmerged")
    calls = [{"type": "identify", kind: f"{kind}-4711"} for kind in ("userId", "anonymousId")]
    inbox.accept(make_source(), calls)
    while processor.work():
        pass
    [created] = told_of(there, "profile.created")
    kinds = {"user_id": "a", "anonymous_id": "b"}
    rows = {kinds[row.kind]: row.profile_id for row in Identifier.objects.filter(kind__in=kinds)}
    public = {row.pk: str(row.public_id) for row in Profile.objects.all()}
    assert set(created["people"]) == set(public.values())
    merge_people(survivor_id=rows["a"], absorbed_id=rows["b"], rule="by hand", evidence={})
    restrict(Profile.objects.get(pk=rows["a"]))
    [merged] = told_of(there, "profile.merged")
    assert merged == {"person": public[rows["a"]], "former": [public[rows["b"]]]}
    undo_merge(merge_id=Merge.objects.get().pk)
    [apart] = told_of(there, "profile.unmerged")
    assert apart == {"person": public[rows["a"]], "apart": public[rows["b"]]}


def test_a_permission_that_counts_is_told_without_its_address_and_of_the_restricted_only_refusals(
    endpoint,
):
    there = endpoint("consent.changed")
    ada, ben = make_person("ada"), make_person("ben")
    purpose = Purpose.objects.get(slug="marketing")

    def said(person, status, **more):
        record_consents(
            [Statement(person.pk, purpose.pk, "email", status, "consent",
                       contact_point=f"{person.display_name}@example.com", **more)]
        )  # fmt: skip

    said(ada, "granted", evidence={"act": "form", "words": "secret"})
    said(ada, "withdrawn")
    said(ada, "granted")  # a claim after a refusal
    found = sorted(told_of(there, "consent.changed"), key=lambda one: one["entry"])
    assert [(one["said"], one["status"]) for one in found] == [
        ("granted", "granted"), ("withdrawn", "withdrawn"),
    ]  # fmt: skip
    assert found[0]["person"] == str(ada.public_id)
    assert (found[0]["purpose"], found[0]["channel"], found[0]["topic"]) == (
        "marketing", "email", None,
    )  # fmt: skip
    assert "@" not in json.dumps(found) and "secret" not in json.dumps(found)
    restrict(ben)
    said(ben, "granted", evidence={"act": "form"})
    said(ben, "withdrawn")
    rest = told_of(there, "consent.changed")[2:]
    assert [(one["person"], one["said"]) for one in rest] == [(str(ben.public_id), "withdrawn")]


def test_a_request_is_told_by_its_number_alone(endpoint):
    there = endpoint("privacy_request.opened", "privacy_request.cancelled")
    row = open_request(type_="access", references=["email:maya@example.com"])
    cancel(row, because="a test")
    [opened] = told_of(there, "privacy_request.opened")
    [cancelled] = told_of(there, "privacy_request.cancelled")
    assert opened["request"] == str(row.public_id) == cancelled["request"]
    assert (opened["type"], opened["status"], cancelled["status"]) == (
        "access", "pending", "cancelled",
    )  # fmt: skip
    assert "maya" not in json.dumps([opened, cancelled])


def test_what_came_of_messages_and_of_a_campaign(endpoint):
    there = endpoint("message.bounced", "message.unsubscribed", "campaign.finished")
    ada = make_person("ada")
    say(ada)
    with smtp_server():
        launched(make_segment(ada), "spring")
        drain()
    message = Message.objects.get(profile=ada)
    sent = find_sent(ada.pk, message.pk)
    record_unsubscribe(sent)
    record_unsubscribe(sent)
    restrict(ada)
    of_campaigns.of_messages("message.bounced", [ada.pk], [message.pk])
    expected = {
        "person": str(ada.public_id), "message": str(message.public_id),
        "channel": "email", "campaign": "spring",
    }  # fmt: skip
    assert told_of(there, "message.unsubscribed") == [expected]
    assert told_of(there, "message.bounced") == [expected]
    [finished] = told_of(there, "campaign.finished")
    assert finished["campaign"] == "spring"
