"""What holds for every kind of step; and a new one, made as CONTRIBUTING.md says, is a kind."""

from pkgutil import iter_modules

import pytest

from campaigns.composition.field_errors import InvalidCampaign
from campaigns.engine import steps
from campaigns.engine.steps import STEPS
from campaigns.models import Transition
from campaigns.pages.journeys import journey_of
from campaigns.services.launching import launch
from campaigns.services.shapes import check_shape
from config.postgres.sql import Sql, one, sql
from tests.campaigns.builders import make_campaign, make_person, make_segment, say
from tests.campaigns.engine.toy import ParityStep
from tests.campaigns.engine_builders import REMINDER, advance_all, got, mail

pytestmark = pytest.mark.django_db
EXAMPLES = {
    "message": mail("m"),
    "wait": {"kind": "wait", "for": {"days": 2}},
    "split": {
        "kind": "split",
        "branches": [{"name": "a", "when": {"match": "all", "conditions": []}, "steps": []}],
    },
    "parity": {"kind": "parity", "of": "profile", "then": [mail("even")], "else": [mail("odd")]},
}


def check_kind(kind: str) -> None:
    """All that is true of a kind, by an example."""
    step, known = EXAMPLES[kind], STEPS[kind]
    assert list(known.faults(step, "steps[0]")) == []
    wrong = list(known.faults({"kind": kind}, "steps[0]"))
    assert wrong
    assert all(each["path"].startswith("steps[0]") and each["message"] for each in wrong)
    assert known.describe(step)
    assert known.card(step).title
    person = make_person()
    due = known.due(step, Sql("now()"))
    asked = sql("SELECT {due} >= now() FROM profile p WHERE p.id = {id}", due=due, id=person.pk)
    assert one(asked) == (True,), "nobody is due before they arrive"
    check_shape({"steps": [step]})


def test_every_kind_is_whole_and_a_file_of_its_own():
    files = {module.name for module in iter_modules(steps.__path__)} - {"base"}
    assert files == set(STEPS)
    for kind in STEPS:
        check_kind(kind)


def test_a_new_kind_is_one_class(monkeypatch, rf, admin_user):
    with pytest.raises(InvalidCampaign):
        check_shape({"steps": [EXAMPLES["parity"]]})
    monkeypatch.setitem(STEPS, "parity", ParityStep())
    check_kind("parity")
    people = [make_person(name) for name in ("ada", "ben")]
    for person in people:
        say(person)
    campaign = launch(make_campaign(make_segment(*people), steps=[EXAMPLES["parity"]]))
    advance_all()
    even, odd = sorted(people, key=lambda person: person.pk % 2)
    assert got("even") == {f"{even.display_name.lower()}@example.com"}
    assert got("odd") == {f"{odd.display_name.lower()}@example.com"}
    assert set(Transition.objects.values_list("decided", flat=True)) == {"then", "else", "queued"}
    request = rf.get("/")
    request.user = admin_user
    assert [line.title for line in journey_of(request, campaign).lines][0] == "Even or odd"


def test_the_reminder_of_the_tests_is_what_the_wire_has():
    make_segment()
    check_shape({"steps": REMINDER})
