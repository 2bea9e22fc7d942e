"""Every field that is there stands on the map, and what an officer says of one holds everywhere."""

import csv
import io

import pytest
from django.test import Client

from config.workspace.access.keys import create_api_key
from config.workspace.models import Role
from config.workspace.work.due import drain
from consent.models import DataField, ProcessingRecord, Purpose
from profiles.models import FieldTag
from profiles.personal.names import FieldPlace, Nature
from profiles.personal.tags import guarded, nature
from segments import services
from tests.cast import make_event, make_profile, make_user

pytestmark = pytest.mark.django_db
MAP = "/console/privacy/data-map/"


@pytest.fixture
def officer():
    client = Client()
    client.force_login(make_user(Role.PRIVACY_OFFICER))
    return client


def people():
    ada = make_profile("Ada", email="ada@example.com", traits={"plan": "pro", "shoe": "<b>42"})
    make_profile("Ben", traits={"plan": "free", "religion": "none"})
    make_event(ada, "Order Completed", gift_note="x")
    rule = {"match": "all", "conditions": [{"kind": "trait", "field": "plan", "op": "eq",
                                            "value": "pro"}]}  # fmt: skip
    services.create_segment(slug="pros", name="Professionals", rule=rule)
    drain()


def test_the_map_shows_each_field_and_a_decision_holds_at_once(officer):
    assert "Nothing is held yet" in officer.get(MAP).content.decode()
    people()
    found = {(row.place, row.name): row.people for row in DataField.objects.all()}
    assert found["trait", "plan"] == 2  # noqa: PLR2004
    assert found["identifier", "email"] == 1
    assert found["property", "gift_note"] == 1
    assert found["trait", "profile.display_name"] == 2  # noqa: PLR2004
    page = officer.get(MAP).content.decode()
    for text in ("2 fields to classify", "gift_note", "Web shop", "Professionals", "special"):
        assert text in page
    assert "read by no rule" in page, "a usual name of a special category"
    home = officer.get("/console/").content.decode()
    assert "new fields to classify" in home
    said = {"place": "property", "name": "gift_note", "what": "personal"}
    assert "Decided" in officer.post(f"{MAP}decide/", said, follow=True).content.decode()
    assert nature(FieldPlace.PROPERTY, "gift_note") is Nature.PERSONAL
    wrong = {"place": "identifier", "name": "email", "what": "harmless"}
    assert "always personal" in officer.post(f"{MAP}decide/", wrong, follow=True).content.decode()
    officer.post(f"{MAP}decide/", {"place": "trait", "name": "Shoe", "what": "harmless"})
    officer.post(f"{MAP}decide/", {"place": "trait", "name": "shoe", "what": "child"})
    assert FieldTag.objects.filter(place="trait").count() == 1, "one word for one name"
    assert guarded(FieldPlace.TRAIT, "SHOE").sensitivity == "child"
    assert "to classify" not in officer.get(MAP).content.decode()
    marketer = Client()
    marketer.force_login(make_user(Role.MARKETER))
    assert marketer.get(MAP).status_code == 403  # noqa: PLR2004
    assert marketer.post(f"{MAP}decide/", said).status_code == 403  # noqa: PLR2004


def test_over_rest_with_the_purpose_that_people_permit():
    people()
    Purpose.objects.create(slug="care", name="Care", purpose_class="processing")
    _row, key = create_api_key(name="officer", scopes=["privacy"])
    api = Client(headers={"Authorization": f"Bearer {key}"})
    said = {"place": "trait", "name": "religion", "what": "special", "purpose": "marketing"}
    answer = api.post("/api/data-map/", said, "application/json")
    assert answer.status_code == 400  # noqa: PLR2004
    assert answer.json()["errors"][0]["path"] == "purpose"
    said |= {"purpose": "care", "basis": "their own wish"}
    assert api.post("/api/data-map/", said, "application/json").status_code == 204  # noqa: PLR2004
    rows = {row["name"]: row for row in api.get("/api/data-map/").json()["results"]}
    assert rows["religion"]["sensitivity"] == "special"
    assert (rows["religion"]["purpose"], rows["religion"]["basis"]) == ("care", "their own wish")
    assert rows["plan"]["used_in"] == ["Professionals"]
    assert rows["shoe"]["is_decided"] is False


def test_the_register_says_what_is_lacking_and_is_a_file(officer):
    register = "/console/privacy/register/"
    page = officer.get(register).content.decode()
    assert "Lacking" in page
    assert Purpose.objects.get(slug="marketing").name in page
    values = {"basis": "consent", "people": "=customers", "data": "address", "recipients": "none",
              "transfers": "none", "kept": "3 years", "measures": "roles"}  # fmt: skip
    officer.post(f"{register}marketing/", values)
    officer.post(f"{register}controller/", {"name": "Boots BV", "officer": "V. Officer"})
    assert ProcessingRecord.objects.get().basis == "consent"
    page = officer.get(register).content.decode()
    assert "Boots BV" in page
    answer = officer.get("/console/privacy/register.csv")
    lines = list(csv.reader(io.StringIO(answer.content.decode())))
    [line] = [line for line in lines if "3 years" in line]
    assert line[0] == "Boots BV"
    assert "Consent" in line
    assert "'=customers" in line, "no formula"
    assert len(lines) == 1 + Purpose.objects.filter(archived_at=None).count()
