"""The catalogue of personal data under Settings: an admin's word on a name."""

import pytest
from django.db import connection
from django.test import Client

from config.workspace.models import AuditEntry, Role
from profiles.models import FieldTag
from profiles.personal.names import FieldPlace, Nature
from profiles.personal.tags import nature
from profiles.selectors.fields import STRETCH, unknown_fields
from tests.cast import make_event, make_identifier, make_profile, make_user

pytestmark = pytest.mark.django_db
LIST = "/console/profiles/fieldtag/"


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client


def test_names_of_which_nothing_is_known_stand_above_the_list_until_they_are_tagged():
    person = make_profile("Ada", traits={"plan": "pro", "shoe_mood": "happy"})
    make_identifier(person, "loyalty_card", "7")
    make_event(person, "Order Completed", gift_note="x", revenue=1)
    admin = signed_in(Role.ADMIN)
    page = admin.get(LIST).content.decode()
    for name in ("shoe_mood", "gift_note", "loyalty_card"):
        assert f"<bdi>{name}</bdi>" in page
    assert "<bdi>plan</bdi>" not in page and "<bdi>name</bdi>" not in page
    form = {"place": "trait", "name": "Shoe Mood", "is_personal": ""}
    assert admin.post(f"{LIST}add/", form).status_code == 302
    assert nature(FieldPlace.TRAIT, "shoe_mood") is Nature.HARMLESS
    assert "<bdi>shoe_mood</bdi>" not in admin.get(LIST).content.decode()
    assert AuditEntry.objects.filter(action="fieldtag.created").exists()
    tag = FieldTag.objects.get()
    assert admin.post(f"{LIST}{tag.pk}/delete/", {"post": "yes"}).status_code == 302
    assert nature(FieldPlace.TRAIT, "shoe_mood") is Nature.UNKNOWN


def test_the_names_are_looked_for_among_the_newest_events_not_in_all_months():
    person = make_profile("Ada")
    make_event(person, "Order Completed", old_note="x")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT setval('event_id_seq', nextval('event_id_seq') + {STRETCH})")
    make_event(person, "Order Completed", gift_note="x")
    names = {name for _place, name in unknown_fields()}
    assert "gift_note" in names and "old_note" not in names


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"place": "identifier", "name": "E-Mail"}, "always personal"),
        ({"place": "trait", "name": "PLAN "}, "has a tag already"),
    ],
)
def test_an_address_stays_personal_and_one_name_has_one_tag(form, words):
    FieldTag.objects.create(place="trait", name="plan", is_personal=True)
    answer = signed_in(Role.ADMIN).post(f"{LIST}add/", form)
    assert answer.status_code == 200 and words in answer.content.decode()
    assert FieldTag.objects.count() == 1


@pytest.mark.parametrize(
    ("role", "sees", "adds"),
    [(Role.ANALYST, 403, 403), (Role.INTEGRATOR, 200, 403), (Role.ADMIN, 200, 200)],
)
def test_only_an_admin_says_what_is_personal(role, sees, adds):
    client = signed_in(role)
    assert client.get(LIST).status_code == sees
    assert client.get(f"{LIST}add/").status_code == adds
