"""More of a reason: whoever is left out is told by what, since when, and by which entry."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import pruning
from campaigns.models import Campaign, Message
from campaigns.outcomes.report import report
from campaigns.services.rehearsing import rehearse
from config.console.words import at
from config.workspace.frequency import Frequency
from config.workspace.models import CustomRole, Role, Workspace
from config.workspace.selectors import forget_workspace
from consent.ledger.recording import Statement, record_consents
from consent.models import ConsentEntry, Purpose, Suppression
from consent.suppression.suppressing import release, suppress
from consent.volume import ChosenLimit, set_limits
from tests.api.world import client as api_client
from tests.api.world import new_key
from tests.campaigns.builders import (
    address_of,
    deliver_all,
    launched,
    make_campaign,
    make_person,
    make_segment,
    say,
    smtp_server,
)
from tests.cast import make_identifier, make_user

pytestmark = pytest.mark.django_db
ASK = "Ask in a form, at checkout or at the till"


def state_of(person, status: str, **evidence) -> None:
    statement = Statement(
        profile_id=person.pk,
        purpose_id=Purpose.objects.get(slug="marketing").pk,
        channel="email",
        contact_point=address_of(person),
        status=status,
        basis="consent",
        evidence=evidence,
    )
    record_consents([statement])


def cast() -> dict[str, object]:
    """By the sub-reason that is true of them, one person each, and three who were never asked."""
    until = (timezone.now() + timedelta(days=30)).isoformat()
    people = {
        name: make_person(name)
        for name in ("withdrawn", "denied", "objected", "paused", "pending", "expired")
    }
    for name, person in people.items():
        if name != "pending":  # what waits for an answer takes no permission away
            say(person)
        if name == "objected":
            state_of(person, "withdrawn", request="r", type="objection", via="console")
        elif name == "paused":
            state_of(person, "withdrawn", until=until, then="resume")
        else:
            say(person, name)
    for reason in Suppression.Reason.values:
        people[reason] = make_person(reason.replace("_", ""))
        say(people[reason])
        suppress(kind="email", value=address_of(people[reason]), reason=reason)
    people["restricted"] = make_person("restricted", state="restricted")
    for n in range(3):
        people[f"never_asked{n}"] = make_person(f"never{n}")
    return people


DETAILS = {
    "frozen": {"restricted": 1},
    "suppressed": dict.fromkeys(
        ("complaint", "hard_bounce", "invalid", "manual", "unsubscribe"), 1
    ),
    "no_permission": {"never_asked": 3}
    | dict.fromkeys(("denied", "expired", "objected", "paused", "pending", "withdrawn"), 1),
}


def test_the_checks_the_messages_the_report_and_what_is_kept_of_it_say_the_same(settings):
    people = cast()
    segment = make_segment(*people.values())
    assert rehearse(make_campaign(segment, "dry")).details == DETAILS
    campaign = launched(segment)
    for name, person in people.items():
        row = Message.objects.get(campaign_id=campaign.pk, profile=person)
        assert row.detail == name.rstrip("0123456789")
        if row.reason == "no_permission" and row.detail != "never_asked":
            entry = ConsentEntry.objects.get(profile=person, pk=row.said_id)
            assert entry.pk == ConsentEntry.objects.filter(profile=person).latest("pk").pk
        elif row.reason == "suppressed":
            assert Suppression.objects.get(pk=row.said_id).reason == name
        else:
            assert row.said_id is None
    counted = report(campaign)
    assert counted["excluded_details"] == DETAILS
    assert {
        reason: sum(more.values()) for reason, more in counted["excluded_details"].items()
    } == counted["excluded"]
    Campaign.objects.filter(pk=campaign.pk).update(
        status="finished", finished_at=timezone.now() - timedelta(days=400)
    )
    assert pruning.fold_excluded(timezone.now()) == len(people)
    assert report(campaign)["excluded_details"] == DETAILS


def test_what_changes_before_the_mail_leaves_is_told_as_closely():
    ada, ben, cleo = (make_person(name) for name in ("ada", "ben", "cleo"))
    for person in (ada, ben, cleo):
        say(person)
    launched(make_segment(ada, ben, cleo))
    say(ada, "withdrawn", act="one_click")
    suppress(kind="email", value=address_of(ben), reason="complaint")
    with smtp_server() as server:
        deliver_all()
    assert server.counts == {address_of(cleo): 1}
    rows = {row.profile_id: row for row in Message.objects.all()}
    assert rows[ada.pk].detail == "withdrawn"
    assert ConsentEntry.objects.get(profile=ada, pk=rows[ada.pk].said_id).status == "withdrawn"
    assert rows[ada.pk].decided_at > rows[ada.pk].queued_at
    assert rows[ben.pk].detail == "complaint"
    assert (rows[cleo.pk].detail, rows[cleo.pk].said_id) == ("", None)


@pytest.fixture
def officer(client):
    client.force_login(make_user(Role.PRIVACY_OFFICER, email="me@shop.example"))
    return client


def page_of(client, person) -> str:
    row = Message.objects.filter(profile=person).latest("id")
    return client.get(reverse("campaigns:message", args=[person.pk, row.pk])).content.decode()


def test_a_message_says_when_it_was_withdrawn_leads_to_the_proof_and_offers_no_asking(officer):
    people = cast()
    launched(make_segment(*people.values()))
    for name in ("withdrawn", "denied", "objected", "unsubscribe", "complaint"):
        text = page_of(officer, people[name])
        assert "only they can allow it again" in text
        assert ASK not in text
    ada = people["withdrawn"]
    text = page_of(officer, ada)
    entry = ConsentEntry.objects.filter(profile=ada).latest("pk")
    assert f"No permission: withdrew {at(entry.at)}." in text
    assert reverse("consent:person_ledger", args=[ada.public_id]) in text
    assert str(entry.pk) in text
    assert ASK in page_of(officer, people["never_asked0"])
    assert "The pause ends" in page_of(officer, people["paused"])
    assert "The suppressions" in page_of(officer, people["manual"])
    release(Suppression.objects.get(reason="manual"))
    assert "has been lifted since" in page_of(officer, people["manual"])


def test_the_checks_count_them_and_open_each_and_ask_nobody_who_said_no(officer):
    ada, ben, cleo = (make_person(name) for name in ("ada", "ben", "cleo"))
    say(ada)
    say(ada, "withdrawn")
    draft = make_campaign(make_segment(ada, ben, cleo, slug="three"), "three")
    say(cleo)
    there = reverse("campaigns:left_out", args=[draft.slug, "no_permission"])
    text = officer.get(reverse("campaigns:count", args=[draft.slug])).content.decode()
    assert f"{there}?detail=withdrawn" in text
    assert f"{there}?detail=never_asked" in text
    assert "Ask the 1 who has not said no" in text
    found = officer.get(f"{there}?detail=withdrawn")
    assert [one["person"].pk for one in found.context["people"]] == [ada.pk]
    entry = ConsentEntry.objects.filter(profile=ada).latest("pk")
    assert found.context["people"][0]["at"] == entry.at
    assert officer.get(f"{there}?detail=nope").status_code == 404
    only = make_campaign(make_segment(ada, slug="one"), "one")
    text = officer.get(reverse("campaigns:count", args=[only.slug])).content.decode()
    assert "only they can allow it again" in text
    assert ASK not in text


def counted(officer, campaign: Campaign) -> str:
    return officer.get(reverse("campaigns:count", args=[campaign.slug])).content.decode()


def test_a_limit_of_their_own_is_not_the_campaigns_to_change(officer):
    ada, ben = (make_person(name) for name in ("ada", "ben"))
    for person in (ada, ben):
        say(person)
    set_limits([ChosenLimit(ada.pk, "email", address_of(ada), Frequency(1, 7))])
    launched(make_segment(ada, ben, slug="two"), "first", caps={"unlimited": True})
    both = make_campaign(make_segment(ada, ben, slug="both"), "both")
    expected = rehearse(both)
    assert (expected.excluded["capped"], expected.details["capped"]) == (2, {"own_limit": 1})
    text = counted(officer, both)
    assert "by a limit of their own" in text
    assert "Change the frequency" in text
    only = make_segment(ada, slug="only")
    text = counted(officer, make_campaign(only, "only"))
    assert "only they can change it" in text
    assert "Change the frequency" not in text
    second = launched(only, "second")
    assert report(second)["excluded_details"] == {"capped": {"own_limit": 1}}
    text = page_of(officer, ada)
    assert "Contact frequency reached: by a limit of their own" in text
    assert "only they can change it" in text


def test_the_control_group_of_all_marketing_is_not_the_campaigns(officer):
    Workspace.objects.update(settings={"holdout": 0.5})
    forget_workspace()
    crowd = [make_person(f"p{n:02}", bucket=n * 500) for n in range(20)]
    for person in crowd:
        say(person)
    everybody = make_segment(*crowd, slug="all")
    text = counted(officer, make_campaign(everybody, "plain"))
    assert "Change the workspace&#x27;s share" in text
    assert "Change the share" not in text
    campaign = launched(everybody, holdout={"share": 0.4})
    rows = Message.objects.filter(campaign_id=campaign.pk, reason="holdout")
    general = set(rows.filter(detail="general_control").values_list("profile_id", flat=True))
    own = set(rows.filter(detail="").values_list("profile_id", flat=True))
    assert (len(general), bool(own), general & own) == (10, True, set())
    counts = report(campaign)
    assert counts["excluded"]["holdout"] == 10 + len(own)
    assert counts["excluded_details"] == {"holdout": {"general_control": 10}}
    there = reverse("campaigns:report", args=[campaign.slug])
    page = officer.get(there, headers={"HX-Request": "true"}).content.decode()
    assert "detail=general_control" in page
    assert "Change the share" in counted(officer, make_campaign(everybody, "more", holdout=0.4))


def test_the_log_is_narrowed_by_it_and_the_api_says_it(officer):
    people = cast()
    campaign = launched(make_segment(*people.values()))
    log = officer.get(f"/console/messages/?campaign={campaign.slug}&detail=withdrawn")
    assert [line.row.profile_id for line in log.context["lines"]] == [people["withdrawn"].pk]
    assert "No permission: withdrew" in log.content.decode()
    assert officer.get("/console/messages/?detail=nope").context["lines"] == []
    ada = people["withdrawn"]
    make_identifier(ada, "rapport_id", str(ada.public_id))
    (said,) = officer.get(f"/api/messages/?person={ada.public_id}").json()["results"]
    entry = ConsentEntry.objects.filter(profile=ada).latest("pk")
    assert said["reason"] == "no_permission"
    assert said["reason_detail"] == "withdrawn"
    assert said["reason_consent"] == entry.pk
    assert said["reason_at"] == entry.at.isoformat().replace("+00:00", "Z")
    person = officer.get(f"/console/people/{ada.public_id}/").content.decode()
    assert "No permission: withdrew" in person


def test_a_message_is_no_way_round_the_right_to_read_the_ledger(client):
    people = cast()
    launched(make_segment(*people.values()))
    ada, ben = people["withdrawn"], people["manual"]
    ids = [Message.objects.get(profile=one).public_id for one in (ada, ben)]

    def why(*scopes: str) -> list[dict]:
        caller = api_client(new_key("messages.view", "people.personal", *scopes))
        return [caller.get(f"/api/messages/{one}/").json()["why"] for one in ids]

    seen = [said["evidence"]["kind"] for said in why("consents.view", "suppressions.view")]
    assert seen == ["consent", "suppression"]
    hidden = [(said["detail"], said["evidence"]) for said in why()]
    assert hidden == [("withdrawn", None), ("manual", None)]
    CustomRole.objects.create(
        key="post", name="Post", permissions=["messages.view", "people.personal"], sight={}
    )
    client.force_login(make_user("post"))
    entry = ConsentEntry.objects.filter(profile=ada).latest("pk")
    page = page_of(client, ada)
    assert f"No permission: withdrew {at(entry.at)}." in page
    assert "(" not in page.split("withdrew the permission.")[1].split("</p>")[0]
    assert reverse("consent:person_ledger", args=[ada.public_id]) not in page
