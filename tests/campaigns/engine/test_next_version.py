"""A campaign that runs and the draft of its next version: two things."""

import pytest
from django.test import Client

from campaigns.composition.field_errors import InvalidCampaign
from campaigns.models import Campaign, Enrolment, Message
from campaigns.services.drafts import drop_next, update_next
from campaigns.services.launching import launch
from segments.models import Membership, Segment
from tests.campaigns.builders import join, make_campaign, make_person, make_segment, say
from tests.campaigns.engine_builders import REMINDER, advance_all, got, let_pass, mail, wait
from tests.cast import make_user

pytestmark = pytest.mark.django_db
NO_LIMIT = {"caps": {"unlimited": True}}


def somebody(name: str):
    person = make_person(name)
    say(person)
    return person


def begun(*people, **data) -> Campaign:
    campaign = launch(make_campaign(make_segment(*people), **(NO_LIMIT | data)))
    advance_all()
    campaign.refresh_from_db()
    return campaign


def test_whoever_is_on_the_way_goes_on_by_the_version_that_they_entered():
    ada, ben = somebody("ada"), somebody("ben")
    campaign = begun(ada, steps=REMINDER)
    changed = update_next(campaign, {"steps": [mail("other"), wait(days=1), mail("last")]})
    assert (changed.steps, changed.current.steps) == (REMINDER, REMINDER), "what runs stays"
    join(Segment.objects.get(slug="everyone"), ben)
    launch(changed)
    advance_all()
    assert (got("first"), got("other")) == ({"ada@example.com"}, {"ben@example.com"})
    let_pass(days=2)
    advance_all()
    assert (got("second"), got("last")) == ({"ada@example.com"}, {"ben@example.com"})
    campaign.refresh_from_db()
    assert (campaign.next, campaign.current.number) == (None, 2)
    assert Enrolment.objects.count() == 2, "nobody enters twice"


def test_who_got_the_only_message_of_the_first_version_is_not_in_the_second():
    ada, ben = somebody("ada"), somebody("ben")
    campaign = begun(ada)
    segment = Segment.objects.get(slug="everyone")
    for steps, person in (([mail("mail")], ben), (REMINDER, somebody("cleo"))):
        join(segment, person)
        campaign.refresh_from_db()
        if steps != campaign.steps:
            update_next(campaign, {"steps": steps})
            campaign.refresh_from_db()
        launch(campaign)
        advance_all()
    assert got("mail") == {"ada@example.com", "ben@example.com"}
    assert got("first") == {"cleo@example.com"}
    assert Message.objects.count() == 3


def test_the_api_edits_the_next_version_of_a_campaign_that_runs():
    campaign = begun(somebody("ada"), steps=REMINDER)
    client = Client()
    client.force_login(make_user())
    here = "/api/campaigns/spring/"

    def patch(**body):
        return client.patch(here, body, content_type="application/json")

    assert client.get(here).json()["draft"] is None
    draft = patch(steps=[mail("other")], revision=1).json()
    assert (draft["draft"]["steps"][0]["id"], draft["revision"]) == ("other", 2)
    assert draft["steps"][0]["id"] == "first"
    assert patch(holdout=0.1, revision=1).status_code == 409
    assert patch(name="Another").json()["errors"][0]["path"] == "name"
    assert patch(steps=[{"kind": "wait"}]).json()["errors"][0]["path"] == "steps[0]"
    page = client.get("/console/campaigns/spring/launch/").content.decode()
    assert "There is a draft of the next version." in page
    held = client.post(f"{here}launch/", {"hold": 5}, content_type="application/json")
    assert (held.status_code, held.json()["errors"][0]["path"]) == (400, "hold")
    assert client.delete(f"{here}draft/").status_code == 204
    assert client.get(here).json()["draft"] is None
    nothing = client.post(f"{here}launch/", {}, content_type="application/json")
    assert nothing.status_code == 409, "there is no draft to launch"
    assert patch(steps=REMINDER).json()["draft"] is None, "as what runs: no draft"
    campaign.refresh_from_db()
    with pytest.raises(InvalidCampaign):
        update_next(campaign, {"slug": "other"})
    assert drop_next(campaign).next is None
    assert Membership.objects.count() == 1
