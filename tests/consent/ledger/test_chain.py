"""The ledger is chained over digests: an erasure leaves it whole, a change is found."""

from datetime import timedelta

import pytest
from django.db import connection

from config.postgres.roles import names_of
from config.workspace.trail import sealing
from consent.ledger.chain import CONSENTS
from consent.models import ConsentEntry
from tests.campaigns.builders import make_person, say
from tests.racing import until_others_ended

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _settled_at_once(monkeypatch):
    monkeypatch.setattr(sealing, "SETTLE", timedelta(0))


def as_owner(statement: str, *, eraser: bool = False) -> None:
    with connection.owner(), connection.cursor() as cursor:
        if eraser:
            cursor.execute(f'SET ROLE "{names_of(connection).eraser}"')
        cursor.execute(statement)


@pytest.fixture
def said():
    """Two statements, sealed."""
    people = [make_person(name) for name in ("ada", "ben")]
    for person in people:
        say(person, act="form")
    until_others_ended()
    assert sealing.seal_due(CONSENTS) == 2
    assert sealing.verify() == []
    return people


def test_an_erasure_empties_what_is_personal_and_the_chain_holds(said):
    ada, ben = said
    erase = f"SET contact_point = '', evidence = '{{}}' WHERE profile_id = {ada.pk}"
    as_owner(f"UPDATE consent_entry {erase}", eraser=True)
    assert sealing.verify() == []
    entry = ConsentEntry.objects.get(profile_id=ada.pk)
    assert (entry.contact_point, entry.evidence, entry.status) == ("", {}, "granted")
    alike = ConsentEntry.objects.filter(profile_id=ben.pk).get()
    assert bytes(entry.digest) != bytes(alike.digest)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("SET contact_point = 'eve@example.com'", "entry"),
        ('SET evidence = evidence || \'{"act": "import"}\'', "entry"),
        ("SET evidence = '{}'", "entry"),  # an erasure empties both
        ("SET at = at - interval '1 day'", "entries"),
        ("SET actor = 'person:1'", "entries"),
        ("SET wording = 'Anything'", "entries"),
        ("SET basis = 'contract'", "entries"),
        ("SET contact_point = '', evidence = '{}', digest = NULL", "entries"),
    ],
)
def test_a_changed_entry_is_found(said, change, says):
    as_owner(f"UPDATE consent_entry {change} WHERE profile_id = {said[0].pk}")
    [sentence] = sealing.verify()
    assert sentence.startswith(f"consent_entry: {says} ")
