"""The ledger is chained over digests: an erasure leaves it whole, a change is found."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
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
    assert sealing.verify(CONSENTS) == []
    return people


def test_an_erasure_empties_what_is_personal_and_the_chain_holds(said):
    ada, ben = said
    erase = f"SET contact_point = '', evidence = '{{}}' WHERE profile_id = {ada.pk}"
    as_owner(f"UPDATE consent_entry {erase}", eraser=True)
    assert sealing.verify(CONSENTS) == []
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
    [sentence] = sealing.verify(CONSENTS)
    assert sentence.startswith(f"consent_entry: {says} ")


def _verify(name: str) -> str:
    out = io.StringIO()
    call_command(name, "verify", stdout=out)
    return out.getvalue()


def test_a_command_says_that_a_ledger_is_whole_or_what_was_changed_and_fails(said):
    say(make_person("cleo"), act="form")
    told = _verify("consent")
    assert told.startswith("consent_entry: whole; 2 entries in 1 blocks, the newest sealed at ")
    assert "1 entries wait for a seal" in told
    assert _verify("audit").startswith("audit_entry: nothing is sealed yet")
    as_owner("UPDATE consent_entry SET basis = 'contract'")
    out = io.StringIO()
    with pytest.raises(CommandError, match="was changed after it was sealed"):
        call_command("consent", "verify", stdout=out)
    assert "entries" in out.getvalue() and "were changed" in out.getvalue()
