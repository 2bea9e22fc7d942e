"""What is personal: by its name, by an admin's word, by what a value looks like."""

import time

import pytest

from profiles.models import FieldTag
from profiles.personal.looks import DOTS, is_number_of_someone, mask_text
from profiles.personal.names import FieldPlace, Nature
from profiles.personal.tags import forget_tags, nature
from profiles.personal.usual import usual_nature
from profiles.selectors.masking import Shown

MASKED = Shown(personal=False)
# what a text gives away -> what must not be left of it
FREE_TEXTS = [
    ("call me at 0812 3456 7890 tonight", "3456"),
    ("WA +62 812-3456-7890", "3456"),
    ("ring (020) 555 0142", "555"),
    ("my number is 81234567890 ok", "345678"),
    ("wa081234567890", "0812345"),
    ("０８１２３４５６７８９０", "３４５６"),
    ("write to jane.smith@smith-family.example please", "smith"),
    ("/welcome?mail=jane%40shop.example&x=1", "jane"),
    ("https://shop.example/a?token=secretjane", "secretjane"),
    ("card 4111 1111 1111 1111", "1111"),
    ("from 203.0.113.9", "113.9"),
    ("from 2001:db8::42:8329", "8329"),
    ("NL91 ABNA 0417 1643 00", "0417"),
]
PLAIN_TEXTS = [
    *("pro", "shoes / boots", "2026-11-26", "2026-11-26T09:00:00Z", "o-100234", "129.00"),
    *("u_482", "7f9c24e8-3b12-4fef-91e0-56a2d5a0f0b1", "size 42", "1.2.3", "Order Completed"),
    *("20261126", "a/b or c?", "50 %", "10:30", "2026-11804"),
]


@pytest.mark.parametrize(("text", "part"), FREE_TEXTS)
def test_what_looks_personal_is_hidden_wherever_it_stands(text, part):
    assert part not in mask_text(text)
    assert mask_text(mask_text(text)) == mask_text(text)


@pytest.mark.parametrize("text", PLAIN_TEXTS)
def test_what_does_not_is_left_as_it_is(text):
    assert mask_text(text) == text


def test_a_long_text_is_read_in_little_time_and_hidden_behind_its_end():
    assert mask_text("0 " * 200_000).endswith(DOTS)
    assert len(mask_text("a@" * 200_000)) < 100_000
    assert len(mask_text("(+" * 50_000)) < 60_000


def test_a_word_without_an_end_is_read_through_once():
    """Each of these took 2 to 12 seconds, once for each masked role that looks at the row."""
    began = time.process_time()
    for piece in ("a", "/", "1.", "%40", "http://", "-1", "a1"):
        for tail in (" @ %40 ? / 1", " @", "?", " # /"):
            mask_text(piece * (19_900 // len(piece)) + tail)
    assert time.process_time() - began < 4  # seconds for all; it took 40


@pytest.mark.parametrize(
    ("place", "name", "expected"),
    [
        (FieldPlace.TRAIT, "plan", Nature.HARMLESS),
        (FieldPlace.TRAIT, "Favourite_Category", Nature.HARMLESS),
        (FieldPlace.TRAIT, "name", Nature.PERSONAL),
        (FieldPlace.TRAIT, "address.city", Nature.PERSONAL),
        (FieldPlace.TRAIT, "workEmail", Nature.PERSONAL),
        (FieldPlace.TRAIT, "comment", Nature.PERSONAL),
        (FieldPlace.TRAIT, "loyal", Nature.UNKNOWN),
        (FieldPlace.TRAIT, "diagnosis.type", Nature.PERSONAL),
        (FieldPlace.PROPERTY, "products.price", Nature.HARMLESS),
        (FieldPlace.TRAIT, "profile.display_name", Nature.PERSONAL),
        (FieldPlace.TRAIT, "profile.first_seen", Nature.HARMLESS),
        (FieldPlace.PROPERTY, "revenue", Nature.HARMLESS),
        (FieldPlace.PROPERTY, "name", Nature.PERSONAL),
        (FieldPlace.PROPERTY, "products.name", Nature.HARMLESS),
        (FieldPlace.PAGE, "name", Nature.HARMLESS),
        (FieldPlace.PAGE, "title", Nature.UNKNOWN),
        (FieldPlace.IDENTIFIER, "user_id", Nature.HARMLESS),
        (FieldPlace.IDENTIFIER, "loyalty_card", Nature.UNKNOWN),
    ],
)
def test_a_name_is_personal_harmless_or_unknown(db, place, name, expected):
    assert usual_nature(place, name) is expected


def _tag(place: str, name: str, *, is_personal: bool) -> None:
    FieldTag.objects.create(place=place, name=name, is_personal=is_personal)
    forget_tags()


def test_an_admins_word_goes_before_the_lists_and_an_address_stays_one(db):
    _tag("trait", "Comment", is_personal=False)
    _tag("trait", "plan", is_personal=True)
    _tag("property", "extra", is_personal=False)
    _tag("identifier", "email", is_personal=False)
    assert nature(FieldPlace.TRAIT, "comment") is Nature.HARMLESS
    assert nature(FieldPlace.TRAIT, "plan") is Nature.PERSONAL
    assert nature(FieldPlace.PAGE, "extra.deep.down") is Nature.HARMLESS
    assert nature(FieldPlace.IDENTIFIER, "email") is Nature.PERSONAL
    assert MASKED.value("comment", "call 0812 3456 7890") == "call 08 ••• 90"


def test_what_is_not_known_to_be_harmless_is_hidden_however_deep(db):
    given = {
        "plan": "pro",
        "comment": "Jane is kind",
        "loyal": True,
        "age": 42,
        "nothing": None,
        "company": {"plan": "gold", "owner": "Jane", "email": "j@smith.example"},
        "said": ["Jane", {"category": "a", "by": "Jane"}, True],
        "notes": ["Jane", True],
        "address": {"city": "Utrecht"},
        "products": [{"name": "Boots", "engraving": "Jane"}],
        "jane@example.com": 1,
    }
    assert MASKED.mapping(given, FieldPlace.PROPERTY) == {
        "plan": "pro",
        "comment": DOTS,
        "loyal": True,
        "age": DOTS,
        "nothing": None,
        "company": {"plan": DOTS, "owner": DOTS, "email": f"j***@{DOTS}"},
        "said": [DOTS, {"category": DOTS, "by": DOTS}, True],
        "notes": [DOTS, DOTS],
        "address": DOTS,
        "products": [{"name": "Boots", "engraving": DOTS}],
        "j***@example.com": DOTS,
    }
    assert Shown(personal=True).mapping(given) == given


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("user_id", "u_482", False),
        ("user_id", "482", False),
        ("user_id", "20261126", False),
        ("user_id", "628123456789", True),
        ("user_id", "081234567890", True),
        ("user_id", "jane@example.com", True),
        ("anonymous_id", "7f9c24e8-3b12-4fef-91e0-56a2d5a0f0b1", False),
        ("push_token", "abc", True),
        ("loyalty_card", "77", True),
    ],
)
def test_who_may_not_see_an_identifier_may_not_ask_by_it(db, kind, value, expected):
    assert MASKED.sees_key(kind, value) is not expected
    assert (MASKED.identifier(kind, value) == value) is not expected
    assert Shown(personal=True).identifier(kind, value) == value


def test_an_id_that_an_admin_calls_harmless_may_be_a_number(db):
    assert is_number_of_someone("628123456789")
    _tag("identifier", "user_id", is_personal=False)
    assert MASKED.sees_key("user_id", "628123456789")
    assert not MASKED.sees_key("user_id", "jane@example.com")


def test_what_others_say_is_not_repeated(db):
    assert MASKED.said("550 5.1.1 <jane.smith> unknown here") == f"550 5.1.1 {DOTS}"
    assert MASKED.said("no such user jane") == DOTS
    fault = {
        "path": "timestamp",
        "code": "invalid_time",
        "message": "is no time: 'it\\'s \"Jane\"'",
    }
    assert "Jane" not in str(MASKED.fault(fault))
    types = {"message": "Expected `object`, got `str`"}
    assert MASKED.fault(types) == types


def test_a_call_is_shown_with_what_is_harmless_in_it(db):
    call = {
        "type": "track",
        "event": "Order Completed",
        "userId": "u_1",
        "anonymousId": "081234567890",
        "properties": {"revenue": 5, "note": "Jane"},
        "context": {"ip": "203.0.113.9", "traits": {"email": "jane@smith.example"}},
        "integrations": "Jane",
    }
    shown = MASKED.call(call)
    assert shown["properties"] == {"revenue": 5, "note": DOTS}
    assert (shown["event"], shown["userId"]) == ("Order Completed", "u_1")
    assert not any(word in str(shown) for word in ("Jane", "jane", "smith", "113", "3456"))
