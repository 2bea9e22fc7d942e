"""Every look at personal data is in the trail, lists and parts of pages too."""

import json

import pytest
from django.test import Client

from campaigns.models import Message
from config.workspace.models import AuditEntry, Role
from tests.campaigns.builders import launched, make_campaign, make_person, make_segment, say
from tests.cast import make_event, make_profile, make_user

pytestmark = pytest.mark.django_db
EVERYBODY = {"match": "all", "conditions": []}


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(make_user(role), backend="config.workspace.permissions.RoleBackend")
    return client


@pytest.fixture
def world():
    ada = make_person("ada")
    say(ada)
    launched(make_segment(ada))
    make_campaign(make_segment(ada, slug="others"), "draft")
    jane = make_profile("Jane Doe", email="jane@example.com", user_id="u1")
    event = make_event(jane, "Page Viewed", name="Welcome jane@example.com")
    return {
        "person": jane.public_id,
        "profile": event.profile_id,
        "event": event.pk,
        "message": Message.objects.get(profile=ada).pk,
    }


PATHS = [
    ("/console/people/", "profile.listed"),
    ("/console/people/{person}/timeline/", "profile.viewed"),
    ("/console/live/", "event.listed"),
    ("/console/live/{profile}/{event}/", "event.viewed"),
    ("/console/messages/", "message.listed"),
    ("/console/campaigns/draft/preview/mail/?as={person}", "campaign.previewed"),
    ("/console/campaigns/draft/left-out/no_permission/", "profile.listed"),
    ("/api/messages/", "message.listed"),
    ("/api/consents/", "consent.listed"),
    ("/api/consents/?person={person}", "profile.viewed"),
]


@pytest.mark.parametrize(("path", "action"), PATHS)
def test_a_look_is_written_down_with_who_looked(world, path, action):
    marketer = signed_in(Role.MARKETER)
    before = set(AuditEntry.objects.values_list("pk", flat=True))
    assert marketer.get(path.format(**world)).status_code == 200
    new = AuditEntry.objects.exclude(pk__in=before).filter(action=action)
    assert [(row.actor_kind, bool(row.fields)) for row in new] == [("user", True)]


def test_a_sample_of_a_rule_is_a_look(world):
    marketer = signed_in(Role.MARKETER)
    body = json.dumps({"rule": EVERYBODY})
    marketer.post("/api/segments/preview/", body, content_type="application/json")
    marketer.post("/console/segments/-/effect/", {"rule": json.dumps(EVERYBODY)})
    assert AuditEntry.objects.filter(action="profile.listed", actor_kind="user").count() == 2


def test_a_page_is_named_without_the_address_in_it(world):
    analyst = signed_in(Role.ANALYST)
    for path in ("/console/live/", "/console/live/{profile}/{event}/"):
        text = analyst.get(path.format(**world)).content.decode()
        assert "Welcome j***@example.com" in text
        assert "jane@example.com" not in text
