"""Two roles on one log-in."""

import pytest
from django.db import ProgrammingError, connection, transaction

pytestmark = pytest.mark.django_db


def who() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return cursor.fetchone()[0]


def test_every_connection_acts_as_the_application():
    assert who() == "rapport_app"


@pytest.mark.django_db(transaction=True)
def test_the_owner_acts_only_inside_its_block():
    with connection.owner():
        assert who() == "rapport"
    assert who() == "rapport_app"


def test_the_owner_cannot_begin_inside_a_transaction():
    with pytest.raises(transaction.TransactionManagementError), connection.owner():
        pass


@pytest.mark.parametrize("table", ["consent_entry", "audit_entry", "audit_seal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_a_ledger_cannot_be_changed(table, statement):
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
