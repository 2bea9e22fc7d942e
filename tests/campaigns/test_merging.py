"""What was written to people, counted of them and credited to it, through merges and undoings."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import ContactCount, Enrolment, Message
from campaigns.outcomes.recording import find_sent, record_click
from campaigns.services.launching import cancel
from campaigns.services.single import send_message
from config.workspace.work.due import WORK
from profiles.ingest.inbox import accept
from profiles.merging.merging import merge_people, undo_merge
from profiles.models import Identifier
from segments.models import Membership, Segment
from segments.services import add_members
from tests.campaigns.builders import (
    deliver_all,
    launched,
    make_campaign,
    make_segment,
    say,
)
from tests.cast import make_event, make_profile, make_source, make_user

pytestmark = pytest.mark.django_db


def person(name: str):
    """Somebody with an address and permission."""
    made = make_profile(name.title(), email=f"{name}@example.com", traits={"first_name": name})
    say(made, point=f"{name}@example.com", act="form")
    return made


def merge(survivor, absorbed) -> int:
    return merge_people(
        survivor_id=survivor.pk, absorbed_id=absorbed.pk, rule="by hand", evidence={}
    )


@pytest.fixture
def api(client: Client):
    client.force_login(make_user())
    return client


def listed(api, who) -> list[set[str]]:
    """The addresses of the messages of a person, as each list has them."""
    who.refresh_from_db()
    by_query = api.get(f"/api/messages/?person={who.public_id}").json()["results"]
    by_route = api.get(f"/api/profiles/{who.public_id}/messages/").json()["results"]
    assert {one["profile"] for one in by_query + by_route} <= {str(who.public_id)}
    console = api.get(reverse("campaigns:messages"), {"person": who.public_id})
    page = api.get(reverse("profiles:person", args=[who.public_id]))
    lines = console.context["lines"]
    assert {line.name for line in lines} <= {who.display_name}
    panel = page.content.decode()
    found = [{one["address"] for one in rows} for rows in (by_query, by_route)]
    found.append({line.address for line in lines})
    found.append({line.address for line in lines if line.url in panel})
    return found


def test_messages_are_found_by_person_through_stacked_merges_and_their_undoing(api):
    ada, bea, cleo = (person(name) for name in ("ada", "bea", "cleo"))
    launched(make_segment(ada, bea, cleo))
    lower, upper = merge(ada, bea), None
    assert listed(api, ada) == [{"ada@example.com", "bea@example.com"}] * 4
    upper = merge(cleo, ada)
    everything = {"ada@example.com", "bea@example.com", "cleo@example.com"}
    assert listed(api, cleo) == [everything] * 4
    # written to the address of one of them while they are one
    for name in ("ada", "bea"):
        row = Message.objects.get(profile=cleo, step="mail")
        Message.objects.create(
            **{f: getattr(row, f) for f in ("purpose", "is_marketing", "channel", "state")},
            profile=cleo,
            address=f"{name}@example.com",
            queued_at=timezone.now(),
            due_at=row.due_at,
            expires_at=row.expires_at,
            consent_entry_id=row.consent_entry_id,
            step="later",
        )
    undo_merge(merge_id=lower)
    assert listed(api, bea) == [{"bea@example.com"}] * 4
    gone = Message.objects.get(owner_id=bea.pk)
    assert find_sent(gone.profile_id, gone.pk).person_id == bea.pk  # of whom a click of it is told
    assert listed(api, cleo) == [{"ada@example.com", "cleo@example.com"}] * 4
    undo_merge(merge_id=upper)
    assert listed(api, cleo) == [{"cleo@example.com"}] * 4
    assert listed(api, ada) == [{"ada@example.com"}] * 4
    merge(bea, ada)
    assert listed(api, bea) == [{"ada@example.com", "bea@example.com"}] * 4


def test_whoever_was_merged_while_the_mail_waited_gets_it_as_who_they_are_today(server):
    ada, bea, cleo, dora = (person(name) for name in ("ada", "bea", "cleo", "dora"))
    campaign = launched(make_segment(ada, bea, cleo, dora))
    merge(ada, bea)
    merge(cleo, dora)
    say(cleo, "withdrawn", point="")  # after the merge, of all that they are
    deliver_all()
    assert server.counts == {"ada@example.com": 1, "bea@example.com": 1}
    subjects = {to: server.message(n)["subject"] for n, (to, _mail) in enumerate(server.mails)}
    assert subjects["bea@example.com"] == subjects["ada@example.com"]  # nobody is a husk
    reasons = dict(Message.objects.filter(campaign_id=campaign.pk).values_list("address", "reason"))
    assert reasons == {
        "ada@example.com": "",
        "bea@example.com": "",
        "cleo@example.com": "no_permission",
        "dora@example.com": "no_permission",
    }
    merged = Message.objects.get(address="bea@example.com")
    assert merged.profile_id == bea.pk
    assert merged.consent_entry.profile_id == bea.pk


def counts() -> dict[int, int]:
    return dict(ContactCount.objects.exclude(n=0).values_list("profile_id", "n"))


def test_contact_counts_are_of_who_a_person_is_today():
    ada, bea, cleo = (person(name) for name in ("ada", "bea", "cleo"))
    everyone = make_segment(ada, bea, cleo)
    first = launched(everyone, "first")
    assert counts() == {ada.pk: 1, bea.pk: 1, cleo.pk: 1}
    lower = merge(ada, bea)
    assert counts() == {ada.pk: 2, cleo.pk: 1}
    capped = launched(everyone, "capped", caps={"count": 2, "per_days": 1})
    reasons = dict(
        Message.objects.filter(campaign_id=capped.pk).values_list("profile_id", "reason")
    )
    assert reasons == {ada.pk: "capped", cleo.pk: ""}
    upper = merge(cleo, ada)
    assert counts() == {cleo.pk: 4}
    undo_merge(merge_id=lower)
    assert counts() == {cleo.pk: 3, bea.pk: 1}
    cancel(first)  # none of it had left: given back to whoever it is counted of
    assert counts() == {cleo.pk: 1}
    undo_merge(merge_id=upper)
    assert counts() == {cleo.pk: 1}


def test_a_key_that_was_used_before_a_merge_sends_nothing_again():
    ada, bea = person("ada"), person("bea")
    given = {"channel": "email", "content": {"subject": "Paid", "text": "Thank you."}}
    make_campaign(make_segment(ada))  # a sender
    first, _new = send_message(profile=bea, idempotency_key="order-1", **given)
    merge(ada, bea)
    again, is_new = send_message(profile=ada, idempotency_key="order-1", **given)
    assert (again.pk, is_new) == (first.pk, False)


def test_enrolments_go_on_with_the_survivor_and_come_apart_again():
    ada, bea, cleo = (person(name) for name in ("ada", "bea", "cleo"))
    campaign = launched(make_segment(cleo))
    Enrolment.objects.all().delete()
    version, now = campaign.current, timezone.now()
    for n, who in enumerate((ada, bea, bea)):
        Enrolment.objects.create(
            profile=who, campaign=campaign, campaign_version=version, bucket=1, entered_at=now,
            instance_key="" if n < 2 else "own",  # noqa: PLR2004 - the third
        )  # fmt: skip
    before = enrolments()
    lower = merge(ada, bea)
    assert enrolments() == {(ada.pk, "", ""), (ada.pk, "", "merged"), (ada.pk, "own", "")}
    upper = merge(cleo, ada)
    undo_merge(merge_id=lower)
    assert enrolments() == {(cleo.pk, "", ""), (bea.pk, "", ""), (bea.pk, "own", "")}
    undo_merge(merge_id=upper)
    assert enrolments() == before


def enrolments() -> set[tuple[int, str, str]]:
    rows = Enrolment.objects.values_list("profile_id", "instance_key", "end_reason", "ended_at")
    assert all((reason == "") == (ended is None) for _who, _key, reason, ended in rows)
    return {row[:3] for row in rows}


GOAL = {"goal": {"event": "Order Completed", "window": {"days": 5}}}


def test_what_another_bought_is_credited_once_they_are_one_and_taken_back_when_not():
    ada, visitor = person("ada"), make_profile(anonymous_id="v1")
    campaign = launched(make_segment(ada), "spring", **GOAL)
    row = Message.objects.get(campaign_id=campaign.pk)
    record_click(find_sent(row.profile_id, row.pk), 0, "https://shop.example/tents", "human")
    source = make_source("shop")
    make_event(visitor, "Order Completed", order_id="o1", revenue=20.0, source=source)
    assert credited(campaign) == []
    record = merge(ada, visitor)
    assert credited(campaign) == ["o1"]
    make_event(ada, "Order Refunded", order_id="o1", source=source)
    undo_merge(merge_id=record)
    assert credited(campaign) == []
    row.refresh_from_db()
    assert (row.converted_at, row.revenue) == (None, None)


def credited(campaign) -> list[str]:
    rows = Message.objects.filter(campaign_id=campaign.pk)
    return sorted(key for row in rows for key in row.data.get("orders", {}))


def test_what_a_call_brought_takes_messages_and_lists_along_when_it_is_taken_apart():
    shop = make_source("shop")
    accept(shop, [identify("ann", phone="+31655500142", email="ann@example.com")])
    work_off()
    accept(shop, [identify("bob", phone="+31655500142", email="bob@example.com")])
    work_off()
    ann = Identifier.objects.get(value="ann@example.com")
    assert Identifier.objects.get(value="bob@example.com").profile_id == ann.profile_id
    everyone = Segment.objects.create(slug="named", name="named", kind="static")
    add_members(everyone, ["email:bob@example.com"])
    for name in ("ann", "bob"):
        say_of(ann.profile_id, f"{name}@example.com")
    from profiles.models import Merge, Profile  # noqa: PLC0415 - beside their only use

    owner = Profile.objects.get(pk=ann.profile_id)
    campaign = launched(make_segment(owner))
    (row,) = Message.objects.filter(campaign_id=campaign.pk)
    Message.objects.filter(pk=row.pk).update(address="bob@example.com")
    undo_merge(merge_id=Merge.objects.get(kind="attach").pk)
    bob = Identifier.objects.get(value="bob@example.com").profile_id
    assert bob != owner.pk
    assert set(Message.objects.values_list("owner_id", flat=True)) == {bob}
    assert counts() == {bob: 1}
    rows = Membership.objects.filter(segment=everyone, left_at=None)
    assert list(rows.values_list("profile_id", flat=True)) == [bob]
    everyone.refresh_from_db()
    assert everyone.count == 1


def test_a_list_that_named_who_was_joined_gives_them_back_from_under_two_merges():
    top, middle, low = (person(name).pk for name in ("zoe", "yan", "xia"))
    everyone = Segment.objects.create(slug="named", name="named", kind="static")
    lower = merge_people(survivor_id=middle, absorbed_id=low, rule="hand", evidence={})
    add_members(everyone, ["email:xia@example.com"])
    upper = merge_people(survivor_id=top, absorbed_id=middle, rule="hand", evidence={})
    undo_merge(merge_id=lower)
    rows = Membership.objects.filter(segment=everyone, left_at=None)
    assert list(rows.values_list("profile_id", "source_profile_id")) == [(low, None)]
    undo_merge(merge_id=upper)
    assert list(rows.values_list("profile_id", flat=True)) == [low]
    everyone.refresh_from_db()
    assert everyone.count == 1


def identify(name: str, **traits) -> dict:
    return {"type": "identify", "traits": {"name": name, **traits}, "messageId": name}


def say_of(profile_id: int, point: str) -> None:
    from profiles.models import Profile  # noqa: PLC0415

    say(Profile.objects.get(pk=profile_id), point=point, act="form")


def work_off() -> None:
    for _name, unit in WORK:
        while unit():
            pass


def test_who_was_taken_out_and_joined_anew_stays_when_an_earlier_merge_is_undone():
    ada, bea, cleo = (person(name) for name in ("ada", "bea", "cleo"))
    lower, upper = merge(bea, ada), merge(cleo, bea)
    undo_merge(merge_id=lower)
    merge(cleo, ada)
    undo_merge(merge_id=upper)
    owners = dict(Identifier.objects.filter(kind="email").values_list("value", "profile_id"))
    assert owners == {
        "ada@example.com": cleo.pk,
        "bea@example.com": bea.pk,
        "cleo@example.com": cleo.pk,
    }
