"""The demo as each of its six people finds it: nothing is offered that their role does not open."""

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.services.launching import launch
from config.demo import story, team
from config.demo.generator.content import COMPUTED_TRAITS
from config.demo.generator.people import maya
from config.home.needs import needs
from config.workspace.models import Role, User
from config.workspace.permissions import ROLES
from profiles.models import FieldTag, Identifier
from profiles.personal.names import FieldPlace, Nature
from profiles.personal.tags import nature
from profiles.selectors.fields import unknown_fields
from segments.models import Membership
from tests.surface.doors import Walk

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BACKEND = "config.workspace.permissions.RoleBackend"


def member(run, role: str) -> User:
    return next(user for user in team.members(run) if user.role == role)


@pytest.mark.parametrize("role", Role.values)
def test_every_link_and_form_of_the_console_opens_for_who_is_offered_it(demo, role):
    walk = Walk(member(demo.run, role)).go()
    assert walk.shut == []
    assert walk.pages > 40
    opened = {route for method, _part, route, _asked in walk.seen if method == "GET"}
    assert "console/people/<uuid:public_id>/" in opened


def test_what_needs_somebody_needs_who_can_do_it(demo):
    """A sender without a place, a draft: shown to who may change them, and to nobody else."""
    said = {
        role: " ".join(str(need.title) for need in needs(member(demo.run, role)))
        for role in Role.values
    }
    writers = {role for role in Role.values if "campaigns.edit" in ROLES[role]}
    for words in ("Cairnway Repairs", "is a draft"):
        assert {role for role, text in said.items() if words in text} == writers
    assert all("Store till" in said[role] for role in Role.values if "sources.view" in ROLES[role])


@pytest.mark.parametrize("role", Role.values)
def test_a_step_of_the_story_leads_where_the_role_goes_or_says_whom_to_be(demo, role):
    user = member(demo.run, role)
    card = story.story(user)
    assert card is not None
    for step in card.steps:
        assert bool(step.url) is (not step.needs or step.needs in ROLES[role]), step.name
    client = Client()
    client.force_login(user, backend=BACKEND)
    home = client.get("/console/").content.decode()
    now = next(step for step in card.steps if step.name == card.now)
    assert (now.url in home) if now.url else ("Choose one under" in home)


def test_of_every_name_in_the_demo_it_is_said_whether_it_is_personal(demo, admin):
    assert unknown_fields() == []
    page = admin.get("/console/profiles/fieldtag/").content.decode()
    assert "Of every name that came in lately it is known whether it is personal." in page
    assert FieldTag.objects.count() == 5 + len(COMPUTED_TRAITS)
    assert nature(FieldPlace.IDENTIFIER, "loyalty_card") is Nature.PERSONAL
    assert nature(FieldPlace.PROPERTY, "query") is Nature.HARMLESS


def test_a_launch_is_ticked_while_it_is_held_and_leads_to_the_segment_that_lost_maya(demo):
    user = member(demo.run, Role.ADMIN)

    def step():
        card = story.story(user)
        assert card is not None
        return next(step for step in card.steps if step.name == "launch")

    assert "boots-for-tent-people" in step().url and not step().done
    hers = Identifier.objects.get(kind="user_id", value=maya.USER_ID).profile_id
    kept = Membership.objects.filter(profile_id=hers, segment__slug=story.SEGMENT)
    kept.update(left_at=timezone.now())
    assert "/segments/tent-no-boots/" in step().url and "Maya is not in" in str(step().text)
    kept.update(left_at=None)
    launch(Campaign.objects.get(slug="boots-for-tent-people"), hold=60)
    assert step().done
