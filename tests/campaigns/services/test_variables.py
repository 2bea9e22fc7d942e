"""Names in content: known ones, unknown ones with the nearest, and what a launch does then."""

import pytest

from campaigns.composition.variables import Unknown, name_of, unknown_names
from campaigns.content.render import compile_content
from campaigns.models import Campaign
from campaigns.services.checks import NotReady, check_campaign
from campaigns.services.drafts import update_campaign
from campaigns.services.launching import launch
from tests.campaigns.builders import HTML, make_campaign, make_person, make_segment, say

pytestmark = pytest.mark.django_db
TRAITS = {
    "first_name": "Ada",
    "favourite_colour": "green",
    "home": {"town": "Delft"},
    "pets": [{"name": "Rex"}],
    "shoe size": 41,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("first_name", None),
        ("traits.first_name", None),
        ("customer.favourite_colour", None),
        ("customer.name", None),
        ("lastName", None),  # nobody has it, but the specification reserves it
        ("home.town", None),
        ("pets[0].name", None),
        ("pets.size", None),
        ("traits['shoe size']", None),
        ("nothing", None),
        ("person", None),
        ("sender.name", None),
        ("profile.country", None),
        ("fist_name", "first_name"),
        ("FirstName", "first_name"),
        ("customer.favorite_color", "customer.favourite_colour"),
        ("profile.contry", "profile.country"),
        ("sender.nmae", "sender.name"),
        ("home.city", ""),
        ("event.total", ""),
    ],
)
def test_a_name_is_known_where_anybody_has_it(written, nearest):
    make_person("ada", traits=TRAITS)
    expected = [] if nearest is None else [Unknown(written, nearest)]
    assert unknown_names([written]) == expected


def test_names_are_read_as_the_templates_language_reads_them():
    assert name_of("customer.address.city").trait == ("address", "city")
    assert name_of("items[0].name").trait == ("items",)
    assert name_of("customer.name").is_fixed


def test_where_nobody_is_known_nothing_can_be_told():
    assert unknown_names(["fist_name"]) == []


def test_a_default_counts_for_the_use_that_it_stands_behind():
    compiled = compile_content(
        "Hi {{ nick | default: 'you' }}",
        "<p>{{ nick | upcase | default: 'you' }} {% if tier == 'gold' %}x{% endif %}"
        "{% assign c = colour | default: 'red' %}{{ c }} {{ city }} {{ city | default: '-' }}</p>",
    )
    assert compiled.bare == ["city", "tier"]
    assert set(compiled.variables) >= {"nick", "tier", "colour", "city"}


def draft(subject: str, html: str = HTML) -> Campaign:
    ada = make_person("ada", traits=TRAITS)
    say(ada)
    ben = make_person("ben", traits={"first_name": "Ben"})
    say(ben)
    campaign = make_campaign(make_segment(ada, ben))
    step = campaign.steps[0] | {"content": {"subject": subject, "html": html}}
    return update_campaign(campaign, {"steps": [step]})


def test_a_misspelt_name_stops_the_launch_and_names_the_nearest():
    campaign = draft("Hello {{ fist_name }}")
    with pytest.raises(NotReady) as refused:
        launch(campaign)
    (check,) = refused.value.checks
    assert (check.code, check.path) == ("unknown_variable", "steps[0].content")
    assert check.message == "Nobody has a value called “fist_name”. Did you mean “first_name”?"


def test_a_default_or_a_value_that_some_have_lets_it_go_with_a_warning():
    campaign = draft("Hello {{ nickname | default: 'you' }}, {{ favourite_colour }}")
    missing = {check.message: check for check in check_campaign(campaign)}
    assert {check.severity for check in missing.values()} == {"warning"}
    assert missing["nickname is missing for 2 of 2 who get this"].detail == (
        "100 % read your fallback."
    )
    assert missing["favourite_colour is missing for 1 of 2 who get this"].detail == (
        "50 % read nothing there."
    )
    assert launch(campaign).status == Campaign.Status.RUNNING
