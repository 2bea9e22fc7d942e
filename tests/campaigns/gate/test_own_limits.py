"""A person's own "at most one a week": held by the gate beside every other limit."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign, Message
from campaigns.outcomes.report import report
from campaigns.services.rehearsing import rehearse
from config.workspace.frequency import Frequency, set_contact_frequency
from config.workspace.models import Role
from consent.ledger.history import history_of
from consent.models import OwnLimit
from consent.preferences.acting import limit
from consent.preferences.choices import Visitor
from consent.volume import ChosenLimit, limits_of_person, set_limits
from profiles.merging.merging import merge_people
from profiles.merging.unmerging import undo_merge
from profiles.models import Identifier, Merge
from tests.campaigns.builders import launched, make_campaign, make_person, make_segment, say
from tests.cast import ago, make_identifier, make_user

pytestmark = pytest.mark.django_db
WEEKLY = Frequency(1, 7)


def permitted(name: str, **fields):
    person = make_person(name, **fields)
    say(person)
    return person


def got(campaign: Campaign) -> set[int]:
    rows = Message.objects.filter(campaign_id=campaign.pk).exclude(state="excluded")
    return set(rows.values_list("profile_id", flat=True))


def address(person) -> str:
    return Identifier.objects.get(profile_id=person.pk, kind="email").value


def test_one_a_week_is_held_whatever_the_campaign_allows():
    """Who chose it gets the first; others go on. "Unlimited" is the campaign's word, not theirs."""
    ada, ben = permitted("ada"), permitted("ben")
    segment = make_segment(ada, ben)
    set_contact_frequency("email", None)
    limit(Visitor(ada.pk, address(ada), "email"), WEEKLY)
    assert got(launched(segment, "first", caps={"unlimited": True})) == {ada.pk, ben.pk}
    second = launched(segment, "second", caps={"unlimited": True})
    assert got(second) == {ben.pk}
    assert report(second)["excluded"]["capped"] == 1
    assert rehearse(make_campaign(segment, "third")).excluded["capped"] == 1
    set_contact_frequency("email", Frequency(1, 1))
    assert got(launched(segment, "fourth")) == set()
    set_contact_frequency("email", None)
    limit(Visitor(ada.pk, address(ada), "email"), None)
    assert got(launched(segment, "fifth")) == {ada.pk, ben.pk}
    told = [entry.evidence.get("at_most") for entry in history_of(ada.pk)]
    assert told[:2] == ["", "1/7"]
    assert [entry.wording for entry in history_of(ada.pk)][:2] == [
        "As often as you write",
        "At most one a week",
    ]


def test_it_goes_with_the_address_through_merges_and_the_strictest_holds():
    ada, eve = permitted("ada"), permitted("eve")
    set_limits(
        [
            ChosenLimit(ada.pk, "email", "former@example.com", WEEKLY),
            ChosenLimit(ada.pk, "email", address(ada), WEEKLY),
            ChosenLimit(ada.pk, "email", address(ada), Frequency(1, 30)),
            ChosenLimit(eve.pk, "email", address(eve), Frequency(2, 7)),
        ]
    )
    merge_people(survivor_id=ada.pk, absorbed_id=eve.pk, rule="test", evidence={})
    assert limits_of_person(ada.pk) == {"email": Frequency(1, 30)}
    undo_merge(merge_id=Merge.objects.get().pk)
    assert limits_of_person(ada.pk) == {"email": Frequency(1, 30)}
    assert limits_of_person(eve.pk) == {"email": Frequency(2, 7)}


def test_the_api_takes_it_and_a_pause_and_shows_both():
    ada = permitted("ada")
    make_identifier(ada, "rapport_id", str(ada.public_id))
    api = Client()
    api.force_login(make_user(Role.PRIVACY_OFFICER))
    said = {"person": f"email:{address(ada)}", "purpose": "marketing", "channel": "email"}

    def post(**more):
        return api.post("/api/consents/", json.dumps(said | more), content_type="application/json")

    answer = post(status="granted", at_most={"count": 1, "per_days": 7})
    assert answer.status_code == 201
    shown = api.get(f"/api/profiles/email:{address(ada)}/contact-limits/").json()
    assert shown["results"] == [{"channel": "email", "count": 1, "per_days": 7}]
    page = api.get(f"/console/people/{ada.public_id}/").content.decode()
    assert "Email: At most one a week, as they chose." in page
    post(status="granted", at_most=None)
    assert not OwnLimit.objects.exists()
    for wrong in (
        {"status": "denied", "at_most": {"count": 1, "per_days": 7}},
        {"status": "granted", "at_most": {"count": 0, "per_days": 7}},
        {"status": "granted", "paused_until": "2027-01-01T00:00:00Z"},
    ):
        assert post(**wrong).status_code == 400, wrong
    until = (timezone.now() - ago(30) + timezone.now()).isoformat()
    assert post(status="withdrawn", paused_until=until).json()["state"] == "withdrawn"
    page = api.get(f"/console/people/{ada.public_id}/").content.decode()
    assert "Email: paused until" in page
    assert got(launched(make_segment(ada), "while-paused")) == set()
