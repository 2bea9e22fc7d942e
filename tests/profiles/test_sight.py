"""What a role with a view of its own is shown of values, and may ask by."""

import pytest

from config.workspace.roles.sight import DataKind, read
from profiles.models import FieldTag
from profiles.personal.looks import DOTS
from profiles.personal.names import FieldPlace
from profiles.personal.tags import forget_tags, kinds_of
from profiles.selectors.finding import PersonalLookup, by_reference, search
from profiles.selectors.masking import EVERYTHING, HARMLESS_ALONE, Shown
from tests.cast import make_event, make_profile

pytestmark = pytest.mark.django_db
TRAITS = {
    "plan": "pro",
    "first_name": "Maya",
    "contact_email": "maya@gmail.com",
    "mobile": "+62 812 7770 0104",
    "address": {"street": "Jalan Merdeka 1", "city": "Bandung"},
    "favourite_cat": "Momo",
    "comment": "Ring me at maya@gmail.com",
    "diagnosis": "asthma",
    "guardian_email": "ibu@gmail.com",
    "remembered": "maya@gmail.com or 0812 7770 0104",
}
K, P = DataKind, FieldPlace


def eyes(fields: dict[str, str] | None = None, **kinds: str) -> Shown:
    return Shown(False, read({"kinds": kinds, "fields": fields or {}}))


@pytest.mark.parametrize(
    ("place", "name", "kinds"),
    [
        (P.TRAIT, "plan", set()),
        (P.TRAIT, "first_name", {K.NAME}),
        (P.TRAIT, "contactEmail", {K.EMAIL}),
        (P.TRAIT, "address.city", {K.ADDRESS}),
        (P.TRAIT, "favourite_cat", {K.OTHER}),
        (P.TRAIT, "order_comment", {K.TEXT}),
        (P.TRAIT, "diagnosis", {K.GUARDED}),
        (P.TRAIT, "guardian_email", {K.EMAIL, K.GUARDED}),
        (P.TRAIT, "profile.display_name", {K.NAME}),
        (P.PROPERTY, "recipient", {K.NAME, K.EVENTS}),
        (P.PROPERTY, "engraving", {K.EVENTS}),
        (P.IDENTIFIER, "email", {K.EMAIL}),
        (P.IDENTIFIER, "phone", {K.PHONE}),
        (P.IDENTIFIER, "push_token", {K.OTHER}),
        (P.IDENTIFIER, "user_id", set()),
        (P.EVENT, "Order Completed", set()),
    ],
)
def test_a_name_is_of_kinds(place, name, kinds):
    assert kinds_of(place, name) == kinds


def test_a_tag_says_the_kind_and_what_is_guarded():
    FieldTag.objects.create(place="trait", name="ibu", kind="name")
    FieldTag.objects.create(place="event", name="Test Bought", sensitivity="special")
    forget_tags()
    assert kinds_of(P.TRAIT, "ibu") == {K.NAME}
    assert kinds_of(P.EVENT, "Test Bought") == {K.EVENTS, K.GUARDED}
    shown = eyes(name="shown", events="shown")
    assert (shown.value("ibu", "Siti"), shown.event("Test Bought")) == ("Siti", DOTS)
    assert shown.properties("track", {"engraving": "x"}, "Test Bought") == {}
    assert EVERYTHING.event("Test Bought") == "Test Bought"
    assert shown.event("Order Completed") == "Order Completed"


def test_each_kind_is_shown_masked_or_hidden_by_itself():
    masked = HARMLESS_ALONE.mapping(TRAITS)
    names = eyes(name="shown", email="hidden").mapping(TRAITS)
    assert names == masked | {
        "first_name": "Maya",
        "contact_email": DOTS,
        "guardian_email": DOTS,
    }
    but_guarded = {kind.value: "shown" for kind in K} | {"guarded": "hidden"}
    assert eyes(**but_guarded).mapping(TRAITS) == TRAITS | {
        "diagnosis": DOTS,
        "guardian_email": DOTS,
    }
    assert eyes(**{kind.value: "hidden" for kind in K}).mapping(TRAITS) == {
        name: "pro" if name == "plan" else DOTS for name in TRAITS
    } | {"address": DOTS}


def test_an_address_stays_one_wherever_it_stands():
    """In a field that is shown, in a name, in a sentence."""
    shown = eyes(name="shown", other="shown", text="shown")
    assert shown.value("remembered", TRAITS["remembered"]) == "m***@gmail.com or 08 ••• 04"
    assert shown.value("comment", TRAITS["comment"]) == "Ring me at m***@gmail.com"
    assert shown.name("maya@gmail.com") == "m***@gmail.com"
    assert shown.value("number", 6281277700104) == DOTS
    assert shown.text("by maya@gmail.com") == "by m***@gmail.com"
    assert shown.address("maya@gmail.com") == "m***@gmail.com"
    assert shown.identifier("user_id", "maya@gmail.com") == "m***@gmail.com"
    assert eyes(email="hidden").text("by maya@gmail.com") == f"by {DOTS}"
    assert eyes(email="shown").text("maya@gmail.com 0812 7770 0104") == "maya@gmail.com 08 ••• 04"
    assert eyes(phone="shown").address("+6281277700104") == "+6281277700104"
    assert eyes(phone="hidden").identifier("phone", "+6281277700104") == DOTS


def test_a_field_by_name_goes_before_its_kind_and_hides_what_is_harmless_too():
    shown = eyes({"trait:plan": "hidden", "trait:Favourite Cat": "shown", "trait:address": "shown"})
    told = shown.mapping(TRAITS)
    assert (told["plan"], told["favourite_cat"]) == (DOTS, "Momo")
    assert told["address"] == TRAITS["address"]
    assert not shown.may_ask(P.TRAIT, "plan") and shown.may_ask(P.TRAIT, "address.city")
    assert shown.may_ask(P.PROPERTY, "plan"), "it was said of the trait alone"
    masked = eyes({"trait:plan": "masked"})
    assert masked.value("plan", "pro") == DOTS


def test_what_is_not_shown_finds_nobody():
    maya = make_profile("Maya Sari", email="maya@gmail.com", phone="+6281277700104")
    nameless = make_profile("budi@gmail.com", email="budi@gmail.com")
    names, mails = eyes(name="shown"), eyes(email="shown")
    assert list(search("maya", shown=names)) == [maya]
    assert list(search("budi", shown=names)) == []
    assert list(search("0812 7770 0104", shown=names)) == []
    assert list(search("budi@", shown=mails)) == [nameless]
    assert by_reference("email:maya@gmail.com", shown=mails) == maya
    for reference in ("email:maya@gmail.com", "phone:+6281277700104"):
        with pytest.raises(PersonalLookup):
            by_reference(reference, shown=names)


def test_an_order_is_found_by_who_sees_its_number():
    maya = make_profile("Maya Sari")
    make_event(maya, "Order Completed", order_id="A-1001")
    assert list(search("A-1001", shown=HARMLESS_ALONE)) == [maya]
    assert list(search("A-1001", shown=eyes({"property:order_id": "hidden"}))) == []


def test_the_trail_is_told_what_was_seen():
    shown = eyes(name="shown")
    assert shown.looked_at("display_name", "identifier") == ["display_name"]
    assert shown.seen_of(TRAITS) == ["first_name"]
    assert HARMLESS_ALONE.seen_of(TRAITS) == []
    assert set(EVERYTHING.seen_of(TRAITS)) == set(TRAITS) - {"plan"}
