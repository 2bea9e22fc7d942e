"""What is used cannot go; what is archived comes back as it was; of two at once one wins."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.services.checks import check_campaign
from campaigns.services.launching import NotReady, cancel, launch, undo
from config.workspace.access.keys import create_api_key
from config.workspace.lifecycle.usage import InUse, users
from config.workspace.models import Role
from profiles.language.reading.reader import RuleError
from segments.archiving import NotRestorable, archive_segment, restore_segment
from segments.members.due import work
from segments.models import Membership, Segment
from segments.services import create_segment, update_segment
from tests.campaigns.builders import fan_out_all, make_campaign, make_person, make_segment
from tests.cast import make_user
from tests.racing import at_the_same_moment
from tests.segments.builders import group, trait

pytestmark = pytest.mark.django_db
LATER = timedelta(hours=1)


def refer_to(slug: str):
    return group("all", {"kind": "segment", "slug": slug})


def members(segment: Segment) -> set[int]:
    rows = Membership.objects.filter(segment=segment, left_at=None)
    return set(rows.values_list("profile_id", flat=True))


@pytest.mark.parametrize("status", ["scheduled", "held", "running", "paused"])
def test_a_segment_that_a_campaign_under_way_uses_cannot_go(status):
    segment = make_segment(make_person("ada"))
    campaign = launch(make_campaign(segment, "spring"), at=timezone.now() + LATER)
    Campaign.objects.update(status=status)
    with pytest.raises(InUse, match=r"spring \(campaign, "):
        archive_segment(segment)
    segment.refresh_from_db()
    assert segment.archived_at is None
    assert members(segment)
    Campaign.objects.update(status="scheduled")
    cancel(campaign)
    archive_segment(segment)
    (use,) = users("segment", "everyone")
    assert (use.binds, use.name) == (False, "1 campaign that is over")


def test_a_draft_does_not_hold_it_but_says_so_and_cannot_be_launched(client):
    segment = make_segment(make_person("ada"))
    draft = make_campaign(segment, "spring")
    assert [(use.name, use.binds) for use in users("segment", "everyone")] == [("spring", False)]
    archive_segment(segment)
    with pytest.raises(NotReady, match="The segment everyone is archived"):
        launch(draft)
    assert {check.code for check in check_campaign(draft) if check.severity == "error"} == {
        "archived"
    }
    client.force_login(make_user(Role.MARKETER))
    shown = client.get("/console/campaigns/spring/count/").content.decode()
    assert "The segment everyone is archived" in shown
    restore_segment(segment)
    launch(draft, at=timezone.now() + LATER)
    undo(draft)
    archive_segment(segment)


def test_a_list_comes_back_with_its_people_and_a_rule_counted_anew():
    ada, ben = make_person("ada"), make_person("ben", traits={"plan": "pro"})
    listed = make_segment(ada, slug="listed")
    create_segment(slug="pro", name="Pro", rule=group("all", trait("plan", "eq", "pro")))
    pro = create_segment(slug="both", name="Both", rule=refer_to("pro"))
    while work():
        pass
    for segment in (listed, pro):
        was = members(segment)
        archive_segment(segment)
        assert (members(segment), len(was)) == (set(), 1)
        archive_segment(segment)
        restore_segment(segment)
        while work():
            pass
        segment.refresh_from_db()
        assert (members(segment), segment.count, segment.status) == (was, 1, "fresh")
    assert members(listed) == {ada.pk}
    assert members(pro) == {ben.pk}


def test_the_slug_stays_taken_and_what_it_needs_comes_back_first():
    create_segment(slug="inner", name="Inner", rule=group("all"))
    outer = create_segment(slug="outer", name="Outer", rule=refer_to("inner"))
    inner = Segment.objects.get(slug="inner")
    with pytest.raises(InUse, match=r"Outer \(segment, in its rule\)"):
        archive_segment(inner)
    archive_segment(outer)
    archive_segment(inner)
    with pytest.raises(RuleError, match="archived segment has this slug"):
        create_segment(slug="outer", name="Another", rule=group("all"))
    with pytest.raises(NotRestorable, match="Inner"):
        restore_segment(outer)
    restore_segment(inner)
    assert restore_segment(outer).archived_at is None


def test_rest_and_the_console_give_the_same_answer(client):
    segment = make_segment(make_person("ada"))
    campaign = launch(make_campaign(segment, "spring"), at=timezone.now() + LATER)
    key = {"authorization": f"Bearer {create_api_key(name='k', scopes=['all'])[1]}"}
    refused = client.delete("/api/segments/everyone/", headers=key)
    assert refused.status_code == 409
    assert refused.json()["used_by"] == [
        {"kind": "campaign", "name": "spring", "why": "campaign, scheduled", "binds": True}
    ]
    known = client.get("/api/segments/everyone/", headers=key).json()["used_by"]
    assert known == refused.json()["used_by"]
    uses = client.get("/api/campaigns/spring/", headers=key).json()["uses"]
    assert [(use["kind"], use["key"]) for use in uses][:2] == [
        ("segment", "everyone"),
        ("purpose", "marketing"),
    ]
    client.force_login(make_user(Role.MARKETER))
    page = client.post("/console/segments/everyone/archive/", follow=True).content.decode()
    assert "Not archived. Used by spring (campaign, scheduled)." in page
    assert "/console/campaigns/spring/" in page
    assert (
        "/console/segments/everyone/"
        in client.get("/console/campaigns/spring/launch/").content.decode()
    )
    cancel(campaign)
    assert client.delete("/api/segments/everyone/", headers=key).status_code == 204
    assert client.get("/api/segments/everyone/", headers=key).status_code == 404
    archived = client.get("/api/segments/?archived=true", headers=key).json()["results"]
    assert [row["slug"] for row in archived] == ["everyone"]
    archived = client.get("/console/segments/?archived=1").content.decode()
    assert "Restore" in archived
    assert "Reachable by email" not in archived, "nobody is in it"
    assert "Archived" in client.get("/console/segments/everyone/").content.decode()
    assert client.post("/api/segments/everyone/restore/", headers=key).status_code == 200
    client.post("/console/segments/everyone/archive/")
    client.post("/console/segments/everyone/restore/")
    assert len(members(segment)) == 1


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("archive_first", [True, False])
def test_a_launch_and_an_archive_at_the_same_moment_cannot_both_win(archive_first):
    segment = make_segment(make_person("ada"))
    campaign = make_campaign(segment, "spring")
    acts = [lambda: archive_segment(segment), lambda: launch(campaign)]
    if not archive_first:
        acts.reverse()
    won, lost = at_the_same_moment(*acts)
    assert not isinstance(won, Exception)
    assert isinstance(lost, NotReady if archive_first else InUse), lost
    segment.refresh_from_db()
    campaign.refresh_from_db()
    assert (segment.archived_at is None) is (campaign.status == "running")
    fan_out_all()
    campaign.refresh_from_db()
    assert campaign.fault == ""


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("archive_first", [True, False])
def test_a_rule_that_is_saved_and_an_archive_cannot_both_win(archive_first):
    create_segment(slug="inner", name="Inner", rule=group("all"))
    inner = Segment.objects.get(slug="inner")
    outer = create_segment(slug="outer", name="Outer", rule=group("all"))
    acts = [
        lambda: archive_segment(inner),
        lambda: update_segment(outer, rule=refer_to("inner")),
    ]
    if not archive_first:
        acts.reverse()
    won, lost = at_the_same_moment(*acts)
    assert not isinstance(won, Exception)
    assert isinstance(lost, RuleError if archive_first else InUse), lost
