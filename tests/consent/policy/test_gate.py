"""Permissions are judged by the policy of where each person lives: grounds, their end, evidence."""

import pytest
from django.utils import timezone

from config.postgres.sql import run, sql
from consent.ledger.recording import Statement, record_consents
from consent.models import Policy, Purpose
from consent.policy.places import EEA_COUNTRIES, group_of, is_place, place_of
from consent.policy.resolving import forget_policies, policy_table, stricter_than_unknown
from consent.reach import contactable, reachability
from profiles.models import Profile
from tests.cast import ago, give_consent, make_profile

pytestmark = pytest.mark.django_db
SALE = {"order_id": "CO-1", "opt_out_offered": True, "similar_products": True}
ENQUIRY = {"enquiry": "price of a boat", "opt_out_offered": True, "similar_products": True}


def marketing() -> Purpose:
    return Purpose.objects.get(slug="marketing")


def say(
    country: str, *, basis: str, days_ago: float = 1, channel: str = "email", **more
) -> Profile:
    """Somebody there, of whom a permission on this ground is on record."""
    traits = more.pop("traits", None)
    person = make_profile(
        f"{country} {basis}",
        email=f"{timezone.now().timestamp()}@example.com",
        country=country,
        traits=traits,
    )
    record_consents(
        [
            Statement(
                profile_id=person.pk,
                purpose_id=marketing().pk,
                channel=channel,
                status="granted",
                basis=basis,
                at=ago(days_ago),
                evidence=more.pop("evidence", {}),
            )
        ]
    )
    return person


def reached(*people: Profile, channel: str = "email") -> list[bool]:
    found = contactable(Profile.objects.all(), purpose="marketing", channel=channel)
    ids = set(found.values_list("pk", flat=True))
    return [person.pk in ids for person in people]


def switch(slug: str, is_on: bool = True, **terms) -> None:
    row = Policy.objects.get(slug=slug)
    row.is_on, row.terms = is_on, row.terms | terms
    row.save()
    forget_policies()


def test_ordinary_consent_reaches_everywhere_and_nothing_else_where_nobody_knows():
    people = [say(place, basis="consent") for place in ("", "FR", "US", "CA", "ID", "Narnia", "BR")]
    assert reached(*people) == [True] * 7
    others = ("soft_opt_in", "contract", "legitimate_interest", "legal_obligation")
    assert reached(*(say("", basis=basis, evidence=SALE) for basis in others)) == [False] * 4


def test_a_ground_counts_where_the_law_accepts_it():
    """CAN-SPAM lets mail be sent until it is refused; the EEA asks for consent."""
    places = ("US", "usa", "United States", "Amerika Serikat", "DE", "Jerman", "IN", "BR")
    found = reached(*(say(place, basis="legitimate_interest") for place in places))
    assert found == [True, True, True, True, False, False, False, False]
    text = say("US", basis="legitimate_interest", channel="sms")
    line = reachability(text, channels=["sms"])[0]
    assert not line.ok


def test_soft_opt_in_is_off_until_it_is_switched_on_and_then_asks_for_its_evidence():
    holes = [
        SALE,
        {"sale": "CO-2"} | {k: v for k, v in SALE.items() if k != "order_id"},
        {k: v for k, v in SALE.items() if k != "order_id"},
        SALE | {"opt_out_offered": False},
        {k: v for k, v in SALE.items() if k != "similar_products"},
        SALE | {"bought_list": True},
    ]
    people = [say("NL", basis="soft_opt_in", evidence=evidence) for evidence in holes]
    assert reached(*people) == [False] * 6
    switch("eea-soft-opt-in")
    assert reached(*people) == [True, True, False, False, False, False]
    assert reached(say("GB", basis="soft_opt_in", evidence=SALE)) == [False], "a row of its own"
    switch("eea-soft-opt-in", is_on=False)
    assert reached(*people) == [False] * 6
    shown = reachability(people[0], channels=["email"])[0]
    assert (shown.ok, shown.code) == (False, "not_accepted")
    assert "Soft opt-in" in shown.reason and "Netherlands" in shown.reason


def test_implied_consent_ends_in_canada():
    """24 months after a sale, 6 after an enquiry; express consent does not end."""
    people = [
        say("CA", basis="soft_opt_in", evidence=SALE, days_ago=720),
        say("CA", basis="soft_opt_in", evidence=SALE, days_ago=735),
        say("CA", basis="soft_opt_in", evidence=ENQUIRY, days_ago=170),
        say("CA", basis="soft_opt_in", evidence=ENQUIRY, days_ago=190),
        say("CA", basis="consent", days_ago=3000),
    ]
    assert reached(*people) == [True, False, True, False, True]
    then = contactable(Profile.objects.all(), purpose="marketing", channel="email", as_of=ago(180))
    assert people[1].pk in set(then.values_list("pk", flat=True)), "it had not ended then"


def test_a_withdrawal_stands_whatever_the_table_says():
    person = make_profile("Uma", email="uma@example.com", country="US")
    give_consent(person, status="withdrawn", basis="legitimate_interest")
    assert reached(person) == [False]


def test_a_place_is_the_same_in_python_and_in_sql():
    """The country by code or name, the region where parts have laws of their own."""
    given = [
        ("US", {"state": "California"}, "US-CA"),
        ("us", {"region": "CA"}, "US-CA"),
        ("United States", {"address": {"state": "fl"}}, "US-FL"),
        ("US", {"region": "", "address": {"region": "US-OK"}}, "US-OK"),
        ("US", {"state": "Narnia"}, "US"),
        ("CA", {"state": "CA"}, "CA"),
        (" fr ", {}, "FR"),
        ("Prancis", {}, "FR"),
        ("UK", {}, "GB"),
        ("", {"state": "California"}, "ZZ"),
        ("Narnia", {}, "ZZ"),
        ("BR", {}, "BR"),
        ("Brasilien", {}, "ZZ"),
    ]
    groups = [["US-CA", "FR"], ["US", "US-FL"], ["US-OK", "GB"]]
    query = sql(
        "SELECT p.id, {n} FROM profile p ORDER BY p.id",
        n=group_of("p", groups, others=7, unknown=8),
    )
    people = [make_profile(country=c, traits=t) for c, t, _place in given]
    for person, (_c, traits, _place) in zip(people, given, strict=True):
        Profile.objects.filter(pk=person.pk).update(traits=traits)
    found = dict(run(query))
    for person, (country, traits, place) in zip(people, given, strict=True):
        assert place_of(country, traits) == place
        number = next((n for n, codes in enumerate(groups) if place in codes), None)
        country_only = next((n for n, c in enumerate(groups) if place.partition("-")[0] in c), None)
        number = number if number is not None else country_only
        expected = number if number is not None else 8 if place == "ZZ" else 7
        assert found[person.pk] == expected, (country, traits)
    assert is_place("US-CA") and is_place("EEA") and not is_place("US-XX") and not is_place("EU")


def test_of_no_known_country_is_the_strictest():
    """No row that is on says more than the one for people of whom no country is known."""
    assert [row.slug for row in stricter_than_unknown(policy_table())] == []
    switch("de-double-opt-in")
    assert [row.slug for row in stricter_than_unknown(policy_table())] == ["de-double-opt-in"]


def test_the_nearest_row_says_each_term():
    """A part of a country before the country, the EEA before all; a purpose before its class."""
    table, purpose = policy_table(), marketing()
    said = table.said("US-FL", "sms", purpose)
    rows = {name: one.row.slug for name, one in said.items()}
    assert rows["hours"] == "us-fl-texts" and rows["bases"] == "us-texts"
    assert rows["stop_scope"] == "us-stop-one" and rows["gpc_honoured"] == "floor-signals"
    assert table.said("FR", "email", purpose)["open_tracking"].row.slug == "fr-tracking"
    assert table.said("NL", "email", purpose)["open_tracking"].row.slug == "eea-tracking"
    assert table.said("NL", "push", purpose)["bases"].row.slug == "eea-marketing", "its class"
    assert table.said("NL", "inapp", purpose)["bases"].row.slug == "floor-in-app"
    assert len(EEA_COUNTRIES) == 30
