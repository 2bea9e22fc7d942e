"""Quiet hours and the control group of the workspace: form, trail, and what the gate takes."""

from datetime import time

import pytest
from django.utils import timezone

from campaigns.gate.quiet_hours import QuietHours
from campaigns.gate.terms import single_terms
from config.workspace.marketing import control_share, quiet_hours
from config.workspace.models import AuditEntry, Role, Workspace
from config.workspace.selectors import forget_workspace
from consent.models import Purpose
from tests.cast import make_user

pytestmark = pytest.mark.django_db
WHERE = "/console/workspace/workspace/1/change/"
SHOP = {"name": "Shop", "time_zone": "UTC", "currency": "EUR", "locale": "en", "country": ""}
SHOP |= {"is_capped": "on", "cap_count": "1", "cap_days": "1"}
NIGHT = {"is_quiet": "on", "quiet_from": "21:30", "quiet_to": "08:00", "quiet_else": "drop"}


@pytest.fixture
def admin(client):
    client.force_login(make_user(Role.ADMIN))
    yield client
    forget_workspace()


def saved(admin, **data) -> str:
    """What the page says; "" where it was saved."""
    answer = admin.post(WHERE, SHOP | data)
    assert answer.status_code in (200, 302)
    return answer.content.decode() if answer.status_code == 200 else ""


def changes(name: str) -> int:
    return AuditEntry.objects.filter(fields__contains=[name]).count()


def terms(slug: str = "marketing"):
    return single_terms(Purpose.objects.get(slug=slug), "email", timezone.now())


def test_quiet_hours_are_set_and_ended_in_the_settings(admin):
    page = admin.get(WHERE).content.decode()
    assert 'type="time" name="quiet_from" value="21:00"' in page
    assert quiet_hours() is None
    assert saved(admin, **NIGHT) == ""
    assert quiet_hours() == {"from": "21:30", "to": "08:00", "else": "drop"}
    assert terms().quiet == QuietHours(time(21, 30), time(8), hold=False)
    assert terms("service").quiet is None
    assert changes("quiet_hours") == 1
    assert 'name="quiet_from" value="21:30"' in admin.get(WHERE).content.decode()
    assert "Quiet hours" in admin.get("/console/workspace/auditentry/").content.decode()
    saved(admin, **NIGHT)
    assert changes("quiet_hours") == 1, "nothing was changed"
    assert "Needed for quiet hours." in saved(admin, **NIGHT | {"quiet_to": ""})
    assert "begin and end at once" in saved(admin, **NIGHT | {"quiet_to": "21:30"})
    assert 'id="id_quiet_from_error"' in saved(admin, **NIGHT | {"quiet_from": "late"})
    assert quiet_hours() == {"from": "21:30", "to": "08:00", "else": "drop"}
    assert saved(admin) == ""
    assert (quiet_hours(), terms().quiet, changes("quiet_hours")) == (None, None, 2)


def test_what_was_stored_without_saying_what_becomes_of_messages_holds_them(admin):
    Workspace.objects.update(settings={"quiet_hours": {"from": "22:00", "to": "07:00"}})
    forget_workspace()
    page = admin.get(WHERE).content.decode()
    assert '<option value="hold" selected>' in page
    assert (
        saved(admin, **NIGHT | {"quiet_from": "22:00", "quiet_to": "07:00", "quiet_else": "hold"})
        == ""
    )
    assert changes("quiet_hours") == 0


def test_the_control_group_of_all_marketing_is_set_and_ended_in_the_settings(admin):
    assert saved(admin, control_percent="2.5") == ""
    assert (control_share(), terms().general, terms("service").general) == (0.025, 0.025, 0.0)
    assert changes("holdout") == 1
    assert 'name="control_percent" value="2.5"' in admin.get(WHERE).content.decode()
    for wrong, words in (("51", "50"), ("-1", "0"), ("2.555", "2 decimal places"), ("x", "number")):
        page = saved(admin, control_percent=wrong)
        assert words in page.split('id="id_control_percent_error"')[1][:300]
    assert control_share() == 0.025
    saved(admin, control_percent="2.5")
    assert changes("holdout") == 1
    assert saved(admin, control_percent="") == ""
    assert (control_share(), changes("holdout")) == (0.0, 2)
