"""The map of personal data says which campaign a field left in."""

import pytest
from django.test import Client

from campaigns.services.field_uses import uses
from config.workspace.models import Role
from config.workspace.work.due import drain
from tests.campaigns.builders import launched, make_campaign, make_person, make_segment, say
from tests.cast import make_user

pytestmark = pytest.mark.django_db
TEXT = "<p>{{ traits.city }} {{ customer.name }} {{ profile.country }} {{ sender.name }}</p>"


def test_a_field_names_the_campaigns_it_was_sent_in():
    ada = make_person("ada", traits={"city": "Lisboa"})
    say(ada)
    content = {"subject": "For {{ first_name }}", "html": TEXT}
    segment = make_segment(ada)
    make_campaign(segment, "draft", step={"content": content})
    assert uses() == {}, "a draft sends nothing"
    launched(segment, "spring", step={"content": content})
    assert {name for name, used in uses().items() if used} == {
        ("identifier", "email"),
        ("trait", "city"),
        ("trait", "first_name"),
        ("trait", "profile.country"),
        ("trait", "profile.display_name"),
    }
    drain()
    officer = Client()
    officer.force_login(make_user(Role.PRIVACY_OFFICER))
    page = officer.get("/console/privacy/data-map/").content.decode()
    assert "/console/campaigns/spring/" in page
