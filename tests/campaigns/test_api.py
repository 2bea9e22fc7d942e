"""The REST of campaigns: a change and a launch may say what they build on."""

import pytest

from campaigns.content.sandbox import calls
from campaigns.models import Campaign
from campaigns.services.drafts import create_campaign, update_campaign
from tests.campaigns.builders import make_campaign, make_person, make_segment, say
from tests.cast import make_user

pytestmark = pytest.mark.django_db
HERE = "/api/campaigns/spring/"


@pytest.fixture
def api(client):
    client.force_login(make_user())
    return client


@pytest.fixture
def campaign():
    people = [make_person(name) for name in ("ada", "ben")]
    for person in people:
        say(person)
    return make_campaign(make_segment(*people, make_person("silent")))


def test_a_change_that_builds_on_an_older_revision_is_refused(api, campaign):
    def patch(**body):
        return api.patch(HERE, body, content_type="application/json")

    assert api.get(HERE).json()["revision"] == 1
    assert patch(name="Two", revision=1).json()["revision"] == 2
    refused = patch(name="Late", revision=1)
    assert refused.status_code == 409
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["errors"][0] | {"message": ""} == {
        "path": "revision", "pointer": "#/revision", "code": "stale", "message": "",
    }  # fmt: skip
    assert refused.json()["revision"] == 2
    assert patch(name="Two", revision=1).json()["revision"] == 2, "what is so already is kept"
    assert patch(name="Three").json()["revision"] == 3, "without one it is as it was"
    assert patch(name="x", revision="soon").status_code == 400
    campaign.refresh_from_db()
    assert campaign.name == "Three"


def test_every_change_of_a_draft_raises_its_revision(campaign):
    changes = [
        {"slug": "autumn"}, {"entry": {}}, {"steps": []}, {"holdout": 0.1}, {"exit": []},
        {"goal": {"event": "Bought"}}, {"caps": {"count": 1, "per_days": 7}}, {"sender": None},
    ]  # fmt: skip
    for change in changes:
        before = Campaign.objects.get(pk=campaign.pk).revision
        now = update_campaign(campaign, change).revision
        assert now == before + (change not in ({"exit": []}, {"sender": None})), change
    assert create_campaign({"slug": "fresh", "name": "Fresh"}).revision == 1


@pytest.mark.parametrize(
    ("expect", "now"),
    [
        ({"audience": 4}, 3),
        ({"recipients": 3}, 2),
        ({"segment": "others"}, "everyone"),
        ({"revision": 7}, 1),
        ({"audience": 3, "segment": "others"}, "everyone"),
    ],
)
def test_a_launch_that_expects_another_audience_is_refused(api, campaign, expect, now):
    body = {"expect": expect}
    refused = api.post(f"{HERE}launch/", body, content_type="application/json")
    assert refused.status_code == 409
    (error,) = refused.json()["errors"]
    assert (error["code"], refused.json()["now"]) == ("differs", now)
    assert error["path"].removeprefix("expect.") in expect
    campaign.refresh_from_db()
    assert campaign.status == "draft"


def test_an_expectation_that_nobody_knows_launches_nothing(api, campaign):
    for name in ("recipient", "rule"):
        body = {"expect": {name: 2}}
        refused = api.post(f"{HERE}launch/", body, content_type="application/json")
        assert refused.status_code == 400
        assert name in str(refused.json()["errors"])
    campaign.refresh_from_db()
    assert campaign.status == "draft"


def test_a_launch_of_what_is_expected_runs(api, campaign):
    expect = {"audience": 3, "recipients": 2, "segment": "everyone", "revision": 1}
    answer = api.post(f"{HERE}launch/", {"expect": expect}, content_type="application/json")
    assert (answer.status_code, answer.json()["status"]) == (202, "running")


def test_content_that_finds_no_child_free_is_asked_to_come_again(api, monkeypatch):
    monkeypatch.setattr(calls.POOL, "size", 0)
    for path, body in {"render": {"template": "x"}, "mjml": {"mjml": "<mjml></mjml>"}}.items():
        answer = api.post(f"/api/content/{path}/", body, content_type="application/json")
        assert answer.status_code == 503
        assert "busy with other content" in answer.json()["detail"]
