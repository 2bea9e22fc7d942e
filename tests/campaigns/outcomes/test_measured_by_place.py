"""Opens and clicks are measured by the policy of where each person lives, decided at render."""

import pytest

from campaigns.outcomes.report import report
from profiles.models import Profile
from tests.campaigns.builders import deliver_all, launched, make_person, make_segment, say
from tests.consent.policy.test_gate import switch

pytestmark = pytest.mark.django_db


def test_a_mail_has_a_pixel_where_the_policy_lets_it(server):
    """France off, the United States unless refused, elsewhere with permission."""
    people = {}
    for name, country, measuring in (
        ("fr_yes", "FR", "granted"), ("us_silent", "US", ""), ("us_no", "US", "denied"),
        ("nl_yes", "NL", "granted"), ("nl_silent", "NL", ""), ("none_silent", "", ""),
    ):  # fmt: skip
        person = make_person(name)
        Profile.objects.filter(pk=person.pk).update(country=country)
        say(person)
        if measuring:
            say(person, purpose="measuring", status=measuring)
        people[name] = person
    switch("fr-tracking", open_tracking="off")
    switch("us-tracking")
    campaign = launched(make_segment(*people.values()))
    deliver_all()
    bodies = {
        to.partition("@")[0]: server.message(n).get_body(("html",)).get_content()
        for n, (to, _body) in enumerate(server.mails)
    }
    with_pixel = {name for name in people if "/t/o/" in bodies[name]}
    assert with_pixel == {"us_silent", "nl_yes"}
    assert all("/t/c/" not in bodies[name] for name in people if name not in with_pixel)
    assert report(campaign)["rates"]["open"]["base"] == 2
