"""What people type to get past a form joins nobody."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from profiles.identifiers.kinds import Rules
from profiles.identifiers.normalise import normalise
from profiles.identity.keys import keep
from profiles.merging import bulk, merging
from profiles.models import Event, Identifier, Merge, MergePending, Profile
from tests.profiles.ingest.conftest import work_off
from tests.profiles.test_commands import run

from .test_merging import identify, living, person_of

NOT_VALID = [
    *(("0000000000", "NL"), ("1111111", "ID"), ("123456789", "NL"), ("987654321", "NL")),
    *(("5555555555", "US"), ("1234567890", "US"), ("+15551234567", ""), ("12345", "NL")),
    *(("0812345", "ID"), ("+31 20 624 1111 ext. 12", ""), ("call me", "NL")),
]
PLACEHOLDERS = [
    # valid by the numbering plan of their country
    *(("01234567890", "GB"), ("0123456789", "FR"), ("+1 234 567 8901", ""), ("12345678", "BE")),
    *(("0611111111", "NL"), ("06 00 00 00 00", "FR"), ("1212121212", "CZ")),
]
SOMEBODYS = [
    *(("06 5550 0142", "NL"), ("+62 812-3456-789", ""), ("081234567890", "ID")),
    *(("+1 415 555 2671", ""), ("020 7946 0000", "GB"), ("+49 30 1234561", "")),
]
NOBODYS_MAIL = [
    *("test@test.com", "none@none.nl", "noemail@shop.example.com", "a@a.a", "xx@xxx.com"),
    *("asdf@asdf.com", "No-Reply@example.com", "no@no.no", "unknown@example.com"),
]
SOMEBODYS_MAIL = [
    *("info@shop.example.com", "test@example.com", "emma@emma.example", "a@b.cd", "nona@none.com"),
]


def is_somebodys(kind, raw, region="", rules=None):
    value = normalise(kind, raw, region)
    return bool(value) and not (rules or Rules()).is_blocked(kind, value, raw)


def test_numbers_and_addresses_that_are_nobodys_and_somebodys():
    for raw, region in NOT_VALID:
        assert normalise("phone", raw, region) == "", raw
    for raw, region in PLACEHOLDERS:
        assert not is_somebodys("phone", raw, region), raw
    for raw, region in SOMEBODYS:
        assert is_somebodys("phone", raw, region), raw
    for raw in NOBODYS_MAIL:
        assert not is_somebodys("email", raw), raw
    for raw in SOMEBODYS_MAIL:
        assert is_somebodys("email", raw), raw


def test_the_mobile_numbers_that_each_country_gives_as_an_example_identify():
    for region in phonenumbers.SUPPORTED_REGIONS:
        number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        if number is None:
            continue
        raw = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        digits = phonenumbers.normalize_digits_only(raw)
        counts_up = digits.lstrip("0") in "1234567890"  # Malaysia's and Ivory Coast's examples
        assert is_somebodys("phone", raw, region) is not counts_up, region


def spellings(number, region):
    """Ways in which one writes a number, at home and abroad."""
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    home = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    abroad = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    digits = phonenumbers.normalize_digits_only(home)
    return [e164, home, abroad, digits, f" {home} ", home.replace(" ", ".")]


@given(data=st.data())
def test_a_blocked_number_is_blocked_in_whatever_spelling_either_is_written(data):
    region = data.draw(st.sampled_from(["NL", "ID", "GB", "DE", "FR"]))
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    listed, said = (data.draw(st.sampled_from(spellings(number, region))) for _ in range(2))
    listed = data.draw(
        st.sampled_from([listed, f"00{number.country_code}{number.national_number}"])
    )
    assert is_somebodys("phone", said, region)
    for rules in (
        Rules(kinds={"phone": {"blocked": [listed]}}),
        Rules(blocked=frozenset({listed.strip().lower()})),
    ):
        assert not is_somebodys("phone", said, region, rules), (listed, said)
    other = phonenumbers.parse("+4915112345999")
    rules = Rules(kinds={"phone": {"blocked": spellings(other, "DE")}})
    assert is_somebodys("phone", said, region, rules)


def test_a_workspace_may_say_that_a_number_is_no_placeholder_and_switch_the_defaults_off():
    allowed = Rules(kinds={"phone": {"allowed": ["+6281111111111"]}})
    assert not is_somebodys("phone", "0811-1111-1111", "ID")
    assert is_somebodys("phone", "0811-1111-1111", "ID", allowed)
    off = Rules(blocked=frozenset(), placeholders=False)
    assert is_somebodys("phone", "0811-1111-1111", "ID", off)
    assert is_somebodys("email", "a@a.a", rules=off)
    assert not is_somebodys("phone", "0000000000", "NL", off)


@pytest.mark.django_db
def test_three_rows_with_one_placeholder_number_are_three_people(call, tmp_path):
    call.batch(identify("z", phone="0000000000", country="NL", first_name="Zed"))
    work_off()
    file = tmp_path / "people.csv"
    file.write_text(
        "email,phone,first_name,country\n"
        "ann@example.com,0000000000,Ann,NL\n"
        "ben@example.com,0000000000,Ben,NL\n"
        ",0000000000,Cleo,NL\n"
    )
    run("ingest", file)
    work_off()
    named = dict(living().values_list("display_name", "traits__phone"))
    assert named == dict.fromkeys(("Zed", "Ann", "Ben"), "0000000000")
    assert not Identifier.objects.filter(kind="phone").exists()


@pytest.mark.django_db
def test_what_earlier_rules_kept_joins_nobody_any_more(call, source):
    call.batch(identify("z", email="zed@example.com"), identify("y"))
    work_off()
    zed, young = person_of("user_id", "z"), person_of("user_id", "y")
    kept = Identifier.objects.get(kind="user_id", value="z")
    for person, kind, value in (
        (zed, "phone", "+31000000000"),
        (zed, "email", "a@a.a"),
        (young, "loyalty", "7"),
    ):
        keep(
            [
                Identifier(
                    kind=kind,
                    value=value,
                    profile_id=person,
                    first_source_id=source.pk,
                    first_seen=kept.first_seen,
                    last_seen=kept.last_seen,
                )
            ]
        )
    call.batch(identify(phone="0000000000", email="new@example.com", country="NL"))
    work_off()
    assert person_of("email", "new@example.com") not in (zed, young)
    # a join that was written down by the rules of then
    one, other = (Identifier.objects.get(value=value).pk for value in ("a@a.a", "7"))
    MergePending.objects.create(identifier_id=one, other_identifier_id=other, rule="email")
    merging.run_pending()
    assert not MergePending.objects.exists()
    assert not Merge.objects.exists()
    # and one that the calls of then would make
    Event.objects.filter(identifier_id=kept.pk).update(anonymous_identifier_id=one)
    young_id = Identifier.objects.get(kind="user_id", value="y").pk
    Event.objects.filter(identifier_id=young_id).update(anonymous_identifier_id=one)
    assert bulk.find_joins() == []
    words = run("resolve")
    assert words.startswith("0 people")
    assert "2 identifiers are blocked" in words
    assert Profile.objects.get(pk=zed).state == "active"


@pytest.mark.django_db
def test_a_blocked_number_of_the_workspace_is_blocked_as_it_comes_in(call):
    Workspace.objects.update(
        settings={"identity": {"kinds": {"phone": {"blocked": ["06 5550 0142"]}}}}
    )
    forget_workspace()
    call.batch(identify("u", phone="+31 6 55500142"))
    work_off()
    assert not Identifier.objects.filter(kind="phone").exists()
    assert Profile.objects.get().traits == {"phone": "+31 6 55500142"}


@pytest.mark.django_db
def test_a_number_is_read_by_the_country_that_the_same_call_tells_wherever_it_does(call):
    told = {"phone": "06 5550 0142", "country": "NL"}
    call.batch({"type": "track", "event": "Seen", "userId": "u", "context": {"traits": told}})
    call.batch(identify("u", phone="0812 3456 789", address={"country": "id"}))
    work_off()
    found = Identifier.objects.filter(kind="phone").values_list("value", flat=True)
    assert sorted(found) == ["+31655500142", "+628123456789"]
