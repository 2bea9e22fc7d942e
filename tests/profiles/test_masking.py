"""Who may not see personal data may not find out by asking."""

import pytest

from profiles.identifiers.normalise import normalise_email
from profiles.selectors.finding import PersonalLookup, by_reference, search
from profiles.selectors.masking import (
    DOTS,
    EVERYTHING,
    HARMLESS_ALONE,
    is_personal_name,
)
from segments.members.listed import find_people
from tests.cast import make_identifier, make_profile

HIDDEN = [
    *("email", "contact_email", "workEmail", "billing.phone", "home-phone-number", "parent_iban"),
    *("guardianFirstName", "date_of_birth", "kid_birthday", "E-Mail"),
]
OPEN = [
    *("plan", "product_name", "smartphone", "email_frequency", "emails_sent", "campaign_name"),
    *("lifetime_value", "total", "url"),
]


@pytest.mark.parametrize("name", HIDDEN)
def test_a_name_that_ends_in_a_personal_one_is_personal(db, name):
    assert is_personal_name(name)


@pytest.mark.parametrize("name", OPEN)
def test_other_names_are_not(db, name):
    assert not is_personal_name(name)


PERSONAL_KEYS = ["user_id:jane@example.com", "passport:X123", "work_phone:5550100"]


@pytest.fixture
def jane(db):
    person = make_profile("Jane Doe", user_id="jane@example.com")
    make_identifier(person, "passport", "X123")
    make_identifier(person, "work_phone", "5550100")
    return person


@pytest.mark.parametrize("reference", PERSONAL_KEYS)
def test_an_identifier_that_is_shown_masked_finds_nobody(jane, reference):
    assert find_people([reference])[0].keys() == {jane.pk}
    assert find_people([reference], shown=HARMLESS_ALONE) == ({}, [reference])
    assert by_reference(reference, shown=EVERYTHING) == jane
    with pytest.raises(PersonalLookup):
        by_reference(reference, shown=HARMLESS_ALONE)


@pytest.mark.parametrize("term", ["X12", "55501", "jane@"])
def test_nor_does_its_beginning(jane, term):
    assert jane in search(term, shown=EVERYTHING)
    assert not search(term, shown=HARMLESS_ALONE).exists()


def test_an_id_that_is_not_personal_still_finds(db):
    person = make_profile(user_id="customer-7")
    assert list(search("customer", shown=HARMLESS_ALONE)) == [person]
    assert by_reference("user_id:customer-7", shown=HARMLESS_ALONE) == person


def test_the_two_spellings_of_an_international_domain_are_one_address():
    assert normalise_email("Eva@XN--bcher-kva.example") == normalise_email("eva@bücher.example")


def test_a_birthday_keeps_neither_century_nor_day(db):
    assert HARMLESS_ALONE.value("birthday", "2001-03-28") == DOTS
    assert HARMLESS_ALONE.value("mobile", "+31 6 1234 5678") != DOTS
