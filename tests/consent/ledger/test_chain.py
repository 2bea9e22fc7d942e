"""The ledger is chained over digests: an erasure leaves it whole, a change is found."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection

from config.postgres.roles import names_of
from config.workspace.trail import sealing
from consent.ledger.chain import CONSENTS
from consent.ledger.recording import Statement, record_consents
from consent.models import ConsentEntry, Purpose
from tests.campaigns.builders import make_person, say

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


def test_what_was_recorded_before_there_were_digests_gets_the_same_by_the_migration(said):
    evidence = {"wording": "Stop", "language": "nl", "n": 1.5e-7, "who": {"b": "ü", "a": None}}
    purpose = Purpose.objects.get(slug="marketing").pk
    record_consents(
        [Statement(said[0].pk, purpose, "email", "withdrawn", "consent", evidence=evidence)]
    )
    rows = ConsentEntry.objects.order_by("id")
    before = list(rows.values_list("id", "wording", "language", "digest"))
    as_owner("UPDATE consent_entry SET digest = NULL, wording = '', language = ''")
    fill = import_module("consent.migrations.0007_wording_and_chain").fill
    with connection.owner(), connection.schema_editor() as editor:
        fill(None, editor)
    after = list(rows.values_list("id", "wording", "language", "digest"))
    assert [(*one[:3], bytes(one[3])) for one in after] == [
        (*one[:3], bytes(one[3])) for one in before
    ]
    assert after[-1][1:3] == ("Stop", "nl")
