"""Versions and copies of segments over the API."""

import pytest

from segments import services
from segments.members.due import work
from segments.models import Segment
from tests.api.world import client as api_client
from tests.api.world import new_key
from tests.cast import make_user
from tests.segments.builders import group, make_person, trait

pytestmark = pytest.mark.django_db
PRO = group("all", trait("plan", "eq", "pro"))
MAIL = group("all", trait("email", "eq", "ann@example.com"))


def test_versions_say_who_and_what_they_did_and_hide_what_the_caller_may_not_see():
    for plan in ("pro", "pro", "free"):
        make_person(plan=plan)
    segment = services.create_segment(slug="pro", name="Pro", rule=MAIL)
    services.update_segment(segment, rule=PRO, user=make_user("marketer", email="me@shop.example"))
    while work():
        pass
    all_seen = api_client(new_key("segments.view", "people.personal"))
    second, first = all_seen.get("/api/segments/pro/versions/").json()["results"]
    assert (second["version"], second["count"], second["entered"], second["left"]) == (2, 2, 2, 0)
    assert second["by"]
    assert second["sentence"] == "plan is pro"
    assert (first["count"], first["rule"]) == (None, MAIL), "it was never counted"
    some = api_client(new_key("segments.view"))
    second, first = some.get("/api/segments/pro/versions/?limit=2").json()["results"]
    assert second["rule"] == PRO
    assert first["rule"] is None
    assert "ann@" not in first["sentence"]
    assert some.get("/api/segments/nope/versions/").status_code == 404


def test_a_copy_is_made_and_answered():
    services.create_segment(slug="pro", name="Pro", rule=PRO)
    caller = api_client(new_key("segments.view", "segments.edit"))
    answer = caller.post("/api/segments/pro/duplicate/")
    assert answer.status_code == 201
    assert answer.json()["name"] == "Pro (copy)"
    assert Segment.objects.get(slug=answer.json()["slug"]).rule == PRO
    services.create_segment(slug="mail", name="Mail", rule=MAIL)
    assert caller.post("/api/segments/mail/duplicate/").status_code == 400
    only_looks = api_client(new_key("segments.view"))
    assert only_looks.post("/api/segments/pro/duplicate/").status_code == 403
