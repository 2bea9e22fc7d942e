"""The law of 2026 and 2027, row by row: what the table says of it, and what is done by it."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from campaigns.gate.expression import judged
from campaigns.gate.legal_hours import legal_hours
from campaigns.gate.quiet_hours import QuietHours
from campaigns.gate.terms import single_terms
from campaigns.models import Message
from config.demo.writing.past_clock import set_to
from config.postgres.sql import run
from config.workspace.access import tokens
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from consent.models import ConsentState, Policy, Purpose, Suppression
from consent.policy.resolving import PolicyTable, policy_table
from consent.policy.terms import TERMS, checked
from consent.suppression.withdrawing import withdraw_address
from profiles.models import Profile
from profiles.people.lineage import given_people
from tests.campaigns.builders import launched, make_person, make_segment, say
from tests.cast import give_consent, make_profile
from tests.consent.policy.test_gate import switch

pytestmark = pytest.mark.django_db
BEFORE, AFTER = date(2027, 1, 30), date(2027, 1, 31)


def purpose(slug: str = "marketing") -> Purpose:
    return Purpose.objects.get(slug=slug)


def said(term: str, place: str, channel: str = "email", day: date | None = None, slug="marketing"):
    return policy_table().value(term, place, channel, purpose(slug), day)


def test_every_row_says_what_terms_can_say_and_names_its_source():
    for row in Policy.objects.all():
        assert checked(row.terms) == row.terms, row.slug
        assert row.law and (row.source or row.law.startswith("Our own")), row.slug
    used = {name for row in Policy.objects.all() for name in row.terms}
    assert used == set(TERMS), "a term that no row says is no term"


def test_a_french_pixel_needs_permission_since_july():
    """CNIL, délibération 2026-042: lists of before have until 14 July 2026."""
    day = date(2026, 7, 14)
    table = policy_table()
    row = table.said("FR", "email", purpose(), day)["open_tracking"].row
    assert row.slug == "fr-tracking"
    earlier = table.said("FR", "email", purpose(), date(2026, 7, 13))["open_tracking"].row
    assert earlier.slug == "eea-tracking"
    assert said("open_tracking", "FR", day=day) == "permission"


def test_a_french_call_needs_consent_since_august():
    assert policy_table().said("FR", "call", purpose(), date(2026, 8, 11))["bases"].row.slug == (
        "fr-calls"
    )
    assert said("bases", "FR", "call", date(2026, 8, 11)) == ["consent"]


def test_one_stop_ends_a_purpose_until_january_2027_and_everything_from_then_on():
    """47 CFR 64.1200(a)(10), waived in part until 31 January 2027."""
    assert said("stop_scope", "US", "sms", BEFORE) == "purpose"
    assert said("stop_scope", "US-CA", "sms", AFTER) == "everything"
    assert said("stop_scope", "FR", "sms", BEFORE) == "everything"
    news = Purpose.objects.create(slug="news", name="News", purpose_class="marketing")
    uma = make_profile("Uma", phone="+12025550142", country="US")
    for slug in ("marketing", "news"):
        give_consent(uma, purpose=slug, channel="sms")
    stop = {"channel": "sms", "address": "+12025550142", "evidence": {"act": "keyword"}}
    withdraw_address(**stop, answers=news)
    states = dict(ConsentState.objects.values_list("purpose__slug", "status"))
    assert states == {"marketing": "granted", "news": "withdrawn"}
    assert not Suppression.objects.exists()
    with set_to(datetime(2027, 1, 31, 12, tzinfo=UTC)):
        withdraw_address(**stop, answers=news)
    assert Suppression.objects.get().level == "all"
    assert ConsentState.objects.get(purpose__slug="marketing").status == "withdrawn"


def test_of_several_who_share_a_number_the_strictest_counts():
    for country in ("US", "FR"):
        person = make_profile(country, country=country)
        give_consent(person, channel="sms")
        ConsentState.objects.filter(profile_id=person.pk).update(contact_point="+33612345678")
    stop = {"channel": "sms", "address": "+33612345678", "evidence": {}}
    withdraw_address(**stop, answers=purpose())
    assert Suppression.objects.count() == 1


def test_an_american_text_comes_by_day_where_the_person_is():
    """8 to 21 by their clock, to 20 in Florida; of no known zone by all of the country's."""
    hours = legal_hours("sms", purpose())
    assert hours is not None and legal_hours("email", purpose()) is None
    Workspace.objects.update(time_zone="Europe/Paris")
    forget_workspace()
    people = {
        name: make_profile(name, phone=f"+1202555014{n}", country=c, time_zone=z, traits=t)
        for n, (name, c, z, t) in enumerate(
            (
                ("new york", "US", "America/New_York", {}),
                ("miami", "US", "America/New_York", {"state": "FL"}),
                ("honolulu", "US", "Pacific/Honolulu", {}),
                ("somewhere", "US", "", {}),
                ("paris", "FR", "Europe/Paris", {}),
                ("nowhere", "", "", {}),
            )
        )
    }
    for person in people.values():
        give_consent(person, channel="sms")

    def due(at: datetime) -> dict[str, datetime]:
        terms = single_terms(purpose(), "sms", at)
        lines = judged(terms, given_people([p.pk for p in people.values()]), few=True)
        rows = run(lines)
        names = {person.pk: name for name, person in people.items()}
        return {names[row[0]]: row[6] for row in rows}

    evening = datetime(2026, 12, 2, 1, 30, tzinfo=UTC)  # 20:30 in New York, 15:30 in Honolulu
    found = due(evening)
    assert found["new york"] == evening and found["honolulu"] == evening
    assert found["miami"] == datetime(2026, 12, 2, 13, tzinfo=UTC)
    assert found["somewhere"] == evening, "it is day from New York to Honolulu"
    assert found["paris"] == evening, "no hours for texts there"
    assert found["nowhere"] == datetime(2026, 12, 2, 7, tzinfo=UTC), "8 where the workspace is"
    night = datetime(2026, 12, 2, 5, tzinfo=UTC)  # midnight in New York
    assert due(night)["somewhere"] == datetime(2026, 12, 2, 18, tzinfo=UTC), "8 in Honolulu"
    assert due(night)["new york"] == datetime(2026, 12, 2, 13, tzinfo=UTC)


def test_quiet_hours_and_legal_hours_both_hold():
    hours = legal_hours("sms", purpose())
    quiet = QuietHours(time(7), time(10))
    number = next(n for n, (codes, _t) in enumerate(hours.places.groups) if "US" in codes)
    at = datetime(2026, 12, 2, 11, tzinfo=UTC)  # 6 in New York: unlawful, then quiet
    ends = {(n, zone): end for n, zone, end in hours.ends(at, quiet)}
    assert ends[number, "America/New_York"] == datetime(2026, 12, 2, 15, tzinfo=UTC)
    homes = dict(hours.homes(at, None, ZoneInfo("UTC")))
    assert homes[number] == datetime(2026, 12, 2, 18, tzinfo=UTC)


@pytest.fixture
def page():
    """The preference page of somebody, by the traits that they have."""

    person = make_person("ada")
    say(person)
    launched(make_segment(person))
    message = Message.objects.get(profile=person)
    path = f"/preferences/{tokens.issue('preferences', person.pk, message.pk)}/"

    def shown(country: str, traits: dict, day: date, **headers) -> str:
        Profile.objects.filter(pk=person.pk).update(country=country, traits=traits)
        with set_to(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)):
            return Client(headers=headers).get(path).content.decode()

    return shown


def test_california_is_told_of_automated_decisions_and_may_opt_out(page):
    """11 CCR 7220 and 7221, from 1 January 2027; before, and elsewhere, no such notice."""
    california = {"state": "California"}
    assert 'id="automated"' not in page("US", california, date(2026, 12, 31))
    text = page("US", california, date(2027, 1, 1))
    assert 'id="automated"' in text and 'name="use-personalisation"' in text
    assert 'id="automated"' not in page("US", {"state": "Nevada"}, date(2027, 1, 1))
    assert 'id="automated"' in page("", {}, date(2026, 12, 31)), (
        "of no known country: the strictest"
    )


def test_california_sees_that_the_signal_was_honoured(page):
    """11 CCR 7025(c)(6), from 1 January 2026; we show it to everybody."""
    assert said("opt_out_confirmed", "US-CA", day=date(2026, 1, 1), slug="sharing-for-ads") is True
    row = policy_table().said("US-CA", "email", purpose("sharing-for-ads"), date(2026, 1, 1))
    assert row["opt_out_confirmed"].row.slug == "us-ca-opt-out"
    for country, traits in (("US", {"state": "CA"}), ("ID", {})):
        text = page(country, traits, date(2026, 12, 1), **{"sec-gpc": "1"})
        assert "Global Privacy Control" in text and "we follow it" in text


def test_india_gets_an_itemised_notice_and_withdraws_as_easily(page):
    """DPDP Act, sections 5 and 6: in force 18 months after November 2025."""
    assert 'id="itemised"' not in page("IN", {}, date(2027, 5, 12))
    text = page("IN", {}, date(2027, 5, 13))
    assert 'id="itemised"' in text
    assert text.count('role="switch"') >= 4, "one switch gives and withdraws"
    assert said("easy_withdrawal", "IN", day=date(2027, 5, 13)) is True
    assert said("bases", "IN", day=date(2027, 5, 13)) == ["consent"], "no legitimate interest"


def test_what_is_a_proposal_waits_switched_off():
    """Digital Omnibus: there as a row, and nothing rests on it."""
    row = Policy.objects.get(slug="eea-one-click-refusal")
    assert not row.is_on and "proposal" in row.law
    assert said("equal_refusal", "FR") is True, "by today's law already"
    used = policy_table().said("FR", "email", purpose())["equal_refusal"].row
    assert used.slug == "eea-refusal"
    switch("eea-one-click-refusal")
    assert isinstance(policy_table(), PolicyTable)
