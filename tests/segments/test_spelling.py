"""Contact points compare by normal form, codes in any case: whatever the spelling, nobody leaks."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from profiles.identifiers.comparing import comparable, spelling_of
from profiles.identity.keys import keep
from profiles.models import Identifier, Profile
from segments.rules import parse_rule
from segments.rules.compiler import CompileContext, members_of
from tests.segments.builders import AS_OF, group, make_event, make_person, make_source, trait

pytestmark = pytest.mark.django_db
ADDRESSES = ["jane@x.com", "jim@x.com", "kunde@straße.de", "kunde@xn--strae-oqa.de", "no address"]
NUMBERS = ["+628123456789", "+6281234567890", "+31612345678", "+4915112345678", "123", "n/a"]


@st.composite
def email_spellings(draw) -> str:
    signs = [draw(st.sampled_from((s, s.upper()))) for s in draw(st.sampled_from(ADDRESSES))]
    before, after = (draw(st.sampled_from(["", " ", "\t", "\u00a0 "])) for _ in range(2))
    return before + "".join(signs).replace("SS", "ß") + after


@st.composite
def phone_spellings(draw) -> str:
    number = draw(st.sampled_from(NUMBERS))
    for whole, starts in {
        "+62": ["+62", "0062", "0", "62", "+62 (0)"],
        "+31": ["+31", "0031", "0"],
        "+49": ["+49", "0"],
    }.items():
        if number.startswith(whole):
            number = draw(st.sampled_from(starts)) + number.removeprefix(whole)
    gaps = st.sampled_from(["", "", "", " ", "-", ".", "/", " ("])
    spelt = "".join(sign + (draw(gaps) if sign.isdigit() else "") for sign in number)
    return draw(st.sampled_from(["", " "])) + spelt + draw(st.sampled_from(["", " ext. 5", " "]))


def members(*conditions: dict, match: str = "all") -> set[int]:
    return members_of(parse_rule(group(match, *conditions)), CompileContext(as_of=AS_OF))


@pytest.fixture
def home():
    Workspace.objects.update(country="ID")
    forget_workspace()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
@pytest.mark.parametrize("kind", ["email", "phone"])
def test_every_spelling_splits_everybody_as_the_normaliser_says(home, kind, data):
    spellings = {"email": email_spellings, "phone": phone_spellings}[kind]()
    stored = data.draw(st.lists(spellings, min_size=1, max_size=6))
    wanted = data.draw(st.lists(spellings, min_size=1, max_size=3))
    Profile.objects.all().delete()
    regions = [data.draw(st.sampled_from(["", "nl", "DE"])) for _ in stored]
    people = [
        make_person(**{kind: text, "country": region})
        for text, region in zip(stored, regions, strict=True)
    ]
    nobody = make_person()
    forms = {
        person.pk: comparable(kind, text, region.upper() or "ID")
        for person, text, region in zip(people, stored, regions, strict=True)
    }
    for op, opposite, value in [
        *(("eq", "ne", each) for each in wanted),
        ("in", "not_in", wanted),
        ("eq_ignore_case", "ne_ignore_case", wanted[0]),
    ]:
        values = value if isinstance(value, list) else [value]
        same = {comparable(kind, each, "ID") for each in values}
        expected = {pk for pk, form in forms.items() if form in same}
        everybody = {*forms, nobody.pk}
        assert members(trait(kind, op, value)) == expected, (op, value, stored, regions)
        assert members(trait(kind, opposite, value)) == everybody - expected
        assert members(trait(kind, op, value), match="none") == everybody - expected


def test_parts_of_contact_points_ignore_spelling_too(home):
    jane = make_person(email=" Jane@X.com", phone="0812-3456-789")
    jim = make_person(email="jim@x.org", phone=628123456780)
    people = {jane.pk, jim.pk, make_person(phone="(0812) 99 88 77").pk}
    keep(
        [
            Identifier(
                profile_id=jane.pk,
                kind="phone",
                value="+628123456789",
                first_source_id=make_source().pk,
                first_seen=AS_OF,
                last_seen=AS_OF,
            )
        ]
    )
    for condition, expected in [
        (trait("email", "ends_with", "@X.COM"), {jane.pk}),
        (trait("email", "starts_with", "JANE"), {jane.pk}),
        (trait("email", "not_contains", "@x.c"), people - {jane.pk}),
        (trait("phone", "starts_with", "+62 812"), {jane.pk}),  # as identity keeps it
        (trait("phone", "starts_with", "0812"), people - {jim.pk}),
        (trait("phone", "contains", "3456"), {jane.pk, jim.pk}),
        (trait("phone", "eq", "+62 812 3456 780"), {jim.pk}),  # a JSON number
        (trait("phone", "eq", 628123456780), {jim.pk}),
        (trait("phone", "matches", r"^\("), people - {jane.pk, jim.pk}),
    ]:
        assert members(condition) == expected, condition
        assert members(condition, match="none") == people - expected


def test_codes_ignore_case_and_other_texts_do_where_asked():
    one = make_person(country="DE", locale="de-DE", currency="eur", plan="Pro", languages=["de"])
    two = make_person(country="de", locale="en_us", currency="EUR", plan="pro", vat_country="Spain")
    make_event(one, "Order Completed", currency="EUR", category="Shoes")
    make_event(two, "Order Completed", currency="usd", category="shoes")
    everybody = {one.pk, two.pk}

    def ordered(name: str, op: str, value: object) -> dict:
        where = [{"property": name, "op": op, "value": value}]
        return {"kind": "event", "name": "Order Completed", "where": where}

    for condition, expected in [
        (trait("profile.country", "eq", "dE"), everybody),
        (trait("profile.country", "not_in", ["de", "NL"]), set()),
        (trait("profile.locale", "in", ["EN-us", "de_de"]), everybody),
        (trait("currency", "ne", "Eur"), set()),
        (trait("vat_country", "eq", "SPAIN"), {two.pk}),
        (trait("languages", "contains", "de"), {one.pk}),
        (trait("plan", "eq", "PRO"), set()),
        (trait("plan", "eq_ignore_case", "PRO"), everybody),
        (trait("plan", "ne_ignore_case", "PRO"), set()),
        (trait("plan", "in_ignore_case", ["pRO", "team"]), everybody),
        (trait("plan", "not_in_ignore_case", ["team"]), everybody),
        (trait("profile.lifecycle", "ne_ignore_case", "Lead"), everybody),
        (ordered("currency", "eq", "Usd"), {two.pk}),
        (ordered("category", "eq", "shoes"), {two.pk}),
        (ordered("category", "in_ignore_case", ["SHOES", "hats"]), everybody),
    ]:
        assert members(condition) == expected, condition
        assert members(condition, match="none") == everybody - expected


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("0812-3456-789", "+62 812 3456 789", True),
        ("0612340142", "+62 612340142", True),  # nobody's number, and one all the same
        ("+31 6 1234 0142", "+31612340142", True),
        ("+31 20 123 4567 ext. 5", "+31201234567 x5", True),
        ("+31 20 123 4567 ext. 5", "+31201234567", False),
        ("Ask Jane", "askjane", True),
        ("", "n/a", False),
    ],
)
def test_numbers_that_identify_nobody_compare_by_their_digits(one, other, is_same):
    assert (comparable("phone", one, "ID") == comparable("phone", other, "ID")) is is_same


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("email", "email"),
        ("E-Mail", "email"),
        ("workEmail", "email"),
        ("email_address", "email"),
        ("email_opt_in", ""),
        ("phoneNumber", "phone"),
        ("mobile", "phone"),
        ("shipping_country", "code"),
        ("currencyCode", "code"),
        ("country_name", ""),
        ("plan", ""),
    ],
)
def test_the_last_word_of_a_name_says_how_its_values_compare(name, spelling):
    assert spelling_of(name) == spelling
