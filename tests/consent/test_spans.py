"""Permission over time: the spans of the ledger against the rule in plain Python."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.postgres.sql import run, sql
from consent.ledger.acts import UNDONE
from consent.ledger.spans import standing_spans
from consent.models import ConsentEntry, Purpose
from tests.campaigns.builders import make_person, say
from tests.consent.ledger.reference import stands_of

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 1, 1, tzinfo=UTC)
ADA = "SELECT {person}::bigint AS profile_id, {address}::text AS address"
statements = st.tuples(
    st.sampled_from(["granted", "granted", "denied", "withdrawn", "pending", "expired"]),
    st.integers(0, 9),
    st.sampled_from(["", "", "form", "double_opt_in", UNDONE]),
    st.booleans(),  # of the address, or of the person as a whole
)


def day(n: float) -> datetime:
    return T0 + timedelta(days=n)


def spans_of(person) -> list[tuple[datetime, datetime | None]]:
    ada = sql(ADA, person=person.pk, address="ada@example.com")
    spans = standing_spans(ada, purpose=Purpose.objects.get(slug="marketing"), channel="email")
    return run(sql("SELECT since, until FROM ({spans}) s ORDER BY since", spans=spans))


def allowed_at(entries, at: datetime) -> bool:
    rows = {row.pk: row for row in entries if row.at <= at}
    stands = {key[2]: number for key, number in stands_of(rows.values()).items()}
    number = stands.get("ada@example.com") or stands.get("")
    return number is not None and rows[number].status == "granted"


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(statements, min_size=1, max_size=8))
def test_at_every_moment_the_spans_say_what_the_rule_says(said):
    with transaction.atomic():
        person = make_person("ada")
        for status, at, act, at_address in said:
            point = "ada@example.com" if at_address else ""
            said_so = "expired" if act == UNDONE else status  # the undoing of a merge: silence
            say(person, said_so, at=day(at), act=act, point=point)
        entries = list(ConsentEntry.objects.filter(profile=person, outcome="recorded"))
        spans = spans_of(person)
        for n in range(11):
            at = day(n + 0.5)
            inside = any(since <= at and (until is None or at < until) for since, until in spans)
            assert inside == allowed_at(entries, at), (n, said, spans)
        transaction.set_rollback(True)
