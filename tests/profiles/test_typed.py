"""A person is found by an address or number however it is shown, typed or pasted."""

import pytest

from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from consent.models import PrivacyRequest
from consent.pages.requests.forms import NewRequestForm
from consent.suppression.asking import spellings
from profiles.identifiers.typed import beginnings, contact_of, elsewhere, reference_of
from profiles.selectors.finding import search
from profiles.selectors.masking import EVERYTHING, HARMLESS_ALONE
from segments.members.listed import find_people
from tests.cast import make_identifier, make_profile

MAYA = "+6281234567890"
SPELLINGS = [
    MAYA,
    "0812 3456 7890",
    "081234567890",
    "+62 812-3456-7890",
    "(0812) 3456.7890",
    "0062 812 3456 7890",
    "62 812 3456 7890",
    "tel:+62-812-3456-7890",
    "\u202a+62 812\u2011345\u20117890\u202c".replace("345\u20117890", "3456\u20117890"),
    "\u0660\u0668\u0661\u0662 \u0663\u0664\u0665\u0666 \u0667\u0668\u0669\u0660",
]


@pytest.fixture
def maya(db):
    Workspace.objects.update(country="ID")
    forget_workspace()
    person = make_profile("Maya Santoso", email="maya@example.com", country="ID")
    make_identifier(person, "phone", MAYA)
    make_identifier(make_profile("Somebody else"), "phone", "+6281234567000")
    return person


@pytest.mark.parametrize("typed", SPELLINGS)
def test_a_number_is_found_in_every_spelling(maya, typed):
    assert list(search(typed, shown=EVERYTHING)) == [maya]
    assert not search(typed, shown=HARMLESS_ALONE).exists()


@pytest.mark.parametrize("typed", ["0812 3", "0812 3456", "+62 812 345", "62812345", "812 3456"])
def test_and_while_it_is_being_typed(maya, typed):
    assert maya in search(typed, shown=EVERYTHING)


def test_a_number_is_found_as_its_owner_writes_it_at_home(maya):
    jan = make_profile("Jan de Vries", country="NL")
    make_identifier(jan, "phone", "+31612345678")
    for typed in ("06 12 34 56 78", "06-12345678", "0031 6 12345678"):
        assert list(search(typed, shown=EVERYTHING)) == [jan], typed
    assert not search("06 12 34 56 79", shown=EVERYTHING).exists()


def test_an_address_is_found_as_mail_programs_copy_it(maya):
    for typed in ("MAYA@example.com", "mailto:maya@example.com", "Maya S <maya@example.com>"):
        assert list(search(typed, shown=EVERYTHING)) == [maya], typed
    assert list(search("phone:0812 3456 7890", shown=EVERYTHING)) == [maya]


@pytest.mark.parametrize("typed", SPELLINGS)
def test_whether_a_number_is_blocked_is_asked_in_every_spelling(maya, typed):
    assert spellings(typed) == [("phone", MAYA)]


@pytest.mark.parametrize("typed", SPELLINGS)
def test_a_list_takes_a_number_in_every_spelling(maya, typed):
    assert set(find_people([typed])[0]) == {maya.pk}


def test_lists_and_requests_take_them_as_they_are(maya):
    found, unknown = find_people(["0812 3456 7890", "maya@example.com", "0812 3456 7891"])
    assert (set(found), unknown) == ({maya.pk}, ["0812 3456 7891"])
    form = NewRequestForm({"type": "access", "regulation": "gdpr", "identifier": "0812 3456 7890"})
    assert form.is_valid(), form.errors
    assert form.save().profile_id == maya.pk
    assert PrivacyRequest.objects.count() == 1


def test_what_is_no_number_is_none():
    for typed in ("", "4711", "20 Nov", "R2-D2", "12:34:56", "1" * 40):
        assert contact_of(typed, "ID") is None, typed
        assert beginnings(typed, "ID") == [], typed
    assert elsewhere("+31612345678", ["NL"]) == []
    assert reference_of("user_id:42") == ("user_id", "42")
    assert reference_of("R2-D2") is None
