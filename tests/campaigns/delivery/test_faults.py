"""One poisoned campaign stops no other, and says what is wrong with it."""

import logging
import threading

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from campaigns.engine.status import WrongStatus
from campaigns.faults import one_by_one, try_now
from campaigns.models import Campaign, CampaignVersion, Message
from campaigns.services.launching import cancel, launch, pause, resume
from config.workspace.access.keys import create_api_key
from config.workspace.models import Role
from consent.models import Purpose
from segments.models import Segment
from tests.campaigns.builders import (
    fan_out_all,
    hours,
    launched,
    make_campaign,
    make_person,
    make_segment,
    say,
)
from tests.cast import make_user

pytestmark = pytest.mark.django_db


def gone(campaign: Campaign) -> None:
    """As an installation has it whose segment was put away before that was refused."""
    Segment.objects.filter(slug=campaign.entry["segment"]).update(slug="put-away--1")


def mangled(campaign: Campaign) -> None:
    CampaignVersion.objects.filter(campaign=campaign).update(steps=[{"channel": "email"}])


def refused_by_the_database(campaign: Campaign) -> None:
    CampaignVersion.objects.filter(campaign=campaign).update(caps={"count": 1, "per_days": 10**12})


POISONS = {gone: "no segment “first”", mangled: "KeyError", refused_by_the_database: "DataError"}


@pytest.mark.parametrize("poison", POISONS, ids=lambda poison: poison.__name__)
def test_a_poisoned_campaign_stops_no_other_and_shows_its_fault(poison, client, caplog):
    ada = make_person("ada")
    say(ada)
    first = make_campaign(make_segment(ada, slug="first"), "poisoned")
    second = make_campaign(make_segment(ada, slug="second"), "sound")
    soon = timezone.now() + hours(1)
    for campaign in (first, second):
        launch(campaign, at=soon)
    poison(first)
    Campaign.objects.update(scheduled_at=timezone.now())
    caplog.set_level(logging.ERROR)
    fan_out_all()
    fan_out_all()
    second.refresh_from_db()
    assert second.fanned_out_at, "the other goes on"
    assert Message.objects.get().campaign_id == second.pk
    first.refresh_from_db()
    assert first.status == "running", "a fault does not finish it"
    assert (first.fault_count, len(caplog.records)) == (1, 1), "tried once, then it waits"
    assert POISONS[poison] in first.fault
    assert first.retry_at > timezone.now()
    _is_shown(client, first)
    for _ in range(4):
        try_now(first)
        fan_out_all()
    first.refresh_from_db()
    assert first.fault_count == 5
    assert len(caplog.records) == 3, "logged at the 1st, 2nd and 4th time"


def _is_shown(client, campaign: Campaign) -> None:
    client.force_login(make_user(Role.MARKETER))
    for address in ("/console/", "/console/campaigns/"):
        assert "annot go on" in client.get(address).content.decode(), address
    for step in ("launch", "progress", "report", "checks", "count"):
        page = client.get(f"/console/campaigns/{campaign.slug}/{step}/")
        assert page.status_code == 200, step
        assert "Cannot go on" in page.content.decode() or step in ("count", "report")
    key = create_api_key(name="k", scopes=["campaigns"])[1]
    answer = client.get("/api/campaigns/poisoned/", headers={"authorization": f"Bearer {key}"})
    assert answer.json()["fault"]["attempts"] == 1
    assert answer.json()["fault"]["message"] == campaign.fault


def test_a_fault_is_gone_once_the_campaign_goes(client):
    ada = make_person("ada")
    say(ada)
    campaign = launch(make_campaign(make_segment(ada)))
    gone(campaign)
    fan_out_all()
    Segment.objects.update(slug="everyone")
    fan_out_all()
    assert not Message.objects.exists(), "not before its time"
    client.force_login(make_user(Role.MARKETER))
    client.post("/console/campaigns/spring/retry/")
    fan_out_all()
    campaign.refresh_from_db()
    assert Message.objects.count() == 1
    assert (campaign.fault, campaign.fault_count, campaign.retry_at) == ("", 0, None)


@pytest.mark.parametrize("by_hand", [pause, cancel])
def test_who_pauses_or_cancels_a_campaign_takes_its_fault_away(by_hand):
    campaign = launch(make_campaign(make_segment()))
    gone(campaign)
    fan_out_all()
    campaign = by_hand(campaign)
    assert campaign.fault_count == 0
    with pytest.raises(WrongStatus):
        by_hand(campaign)
    if by_hand is pause:
        resume(campaign)
        fan_out_all()
        campaign.refresh_from_db()
        assert campaign.fault_count == 1


def test_a_purpose_that_is_gone_is_named():
    extra = Purpose.objects.create(slug="walks", name="Walks", purpose_class="marketing")
    campaign = launch(make_campaign(make_segment(), step={"purpose": "walks"}))
    Purpose.objects.filter(pk=extra.pk).update(slug="strolls")
    fan_out_all()
    campaign.refresh_from_db()
    assert "no purpose “walks”" in campaign.fault


@pytest.mark.usefixtures("transactional_db")
def test_an_outage_is_no_campaigns_fault():
    campaign = launched(make_segment())
    raised = []

    def lose_the_connection(_campaign_id: int) -> int:
        with connection.owner(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return 1

    def run() -> None:
        try:
            one_by_one(Campaign.objects.all(), lose_the_connection)
        except OperationalError as error:
            raised.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert raised
    campaign.refresh_from_db()
    assert campaign.fault_count == 0
