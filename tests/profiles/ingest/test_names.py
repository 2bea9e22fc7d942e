"""Names that a public key makes up: bounded, last in every picker, and to be hidden."""

import pytest
from django.test import Client

from campaigns.pages.editor.forms.when import goal_events
from config.home.figures import events_of_two_weeks
from profiles.calls import limits
from profiles.models import DataWarning, Event, EventDefinition, TraitName
from segments.builder import catalogue
from tests.cast import make_user
from tests.profiles.ingest.conftest import work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def few(monkeypatch):
    """Of what would take long to fill."""
    monkeypatch.setattr(limits, "MAX_NAMES_A_DAY", 20)
    monkeypatch.setattr(catalogue, "MOST", 10)
    monkeypatch.setattr(catalogue, "SAMPLED_PEOPLE", 15)


def track(event, **who):
    return {"type": "track", "event": event, **(who or {"userId": "v"})}


def identify(**traits):
    return {"type": "identify", "userId": "v", "traits": traits}


def flood(browser_call):
    """New names of events, and new people with new traits, who are the newest there are."""
    junk = [track(f" Junk {n}") for n in range(30)]
    junk += [
        {"type": "identify", "anonymousId": f"d{n}", "traits": {f" junk {n}": 1}} for n in range(30)
    ]
    for start in range(0, len(junk), 15):
        browser_call.batch(*junk[start : start + 15])
        work_off()


def test_names_of_a_public_key_are_bounded_and_come_last(call, browser_call, few):
    call.batch(track("Boots Polished"), identify(plan="pro"))
    work_off()
    flood(browser_call)
    assert Event.objects.filter(name__startswith=" Junk").count() == 30  # the calls are kept
    for model, prefix in ((EventDefinition, " Junk"), (TraitName, " junk")):
        assert model.objects.filter(name__startswith=prefix, is_proven=False).count() == 20
    warned = DataWarning.objects.filter(code="too_many_names", source__name="site")
    assert set(warned.values_list("detail", flat=True)) == {"event", "trait"}
    user = make_user()
    events, traits = catalogue.events(user).items, catalogue.traits(user).items
    assert "Boots Polished" in [one.value for one in events if not one.note]
    assert [bool(one.note) for one in events] == sorted(bool(one.note) for one in events)
    assert traits[0].value == "plan"
    assert {one.note for one in events if "Junk" in one.value} == {"unproven"}
    names = goal_events()
    assert names.index("Boots Polished") < names.index(" Junk 0")
    assert events_of_two_weeks()["now"] >= 1


def test_a_name_that_the_shop_says_too_is_proven(call, browser_call):
    browser_call.batch(track("Boots Polished"), identify(plan="pro"))
    work_off()
    assert not EventDefinition.objects.get(name="Boots Polished").is_proven
    call.batch(track("Boots Polished"), identify(plan="pro"))
    work_off()
    assert EventDefinition.objects.get(name="Boots Polished").is_proven
    assert TraitName.objects.get(name="plan").is_proven


def test_an_admin_hides_names_and_they_stay_hidden(call, browser_call):
    browser_call.batch(track("Junk"), identify(junk=1))
    work_off()
    client = Client()
    user = make_user()
    client.force_login(user)
    for model, place in ((EventDefinition, "eventdefinition"), (TraitName, "traitname")):
        row = model.objects.get(name__iexact="junk")
        chosen = {"action": "hide_names", "_selected_action": [row.pk]}
        assert client.post(f"/console/profiles/{place}/", chosen).status_code == 302
        row.refresh_from_db()
        assert row.is_hidden
    call.batch(track("Junk"), identify(junk=2))
    work_off()
    assert "Junk" not in [one.value for one in catalogue.events(user).items]
    assert "junk" not in [one.value for one in catalogue.traits(user).items]
    assert "Junk" not in goal_events()
    for place in ("eventdefinition", "traitname", "datawarning"):
        assert client.get(f"/console/profiles/{place}/").status_code == 200


def test_who_may_not_change_settings_hides_nothing(browser_call):
    browser_call.batch(track("Junk"))
    work_off()
    row = EventDefinition.objects.get(name="Junk")
    client = Client()
    client.force_login(make_user("integrator"))
    chosen = {"action": "hide_names", "_selected_action": [row.pk]}
    client.post("/console/profiles/eventdefinition/", chosen)
    row.refresh_from_db()
    assert not row.is_hidden
