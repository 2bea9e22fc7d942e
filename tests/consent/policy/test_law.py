"""The law of 2026 and 2027, row by row: what the table says of it, and what is done by it."""

from datetime import UTC, date, datetime, time, timedelta
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
from consent.reach.profiling import objectors
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


EVERY = ["consent", "soft_opt_in", "contract", "legitimate_interest", "legal_obligation"]
SOFT = ["consent", "soft_opt_in"]
DAY, SHORT = {"from": "08:00", "to": "21:00"}, {"from": "08:00", "to": "20:00"}
# row -> where it is asked, what it says there, and the day from which it does (until: the day when
# it is over); as the law has it, not as the row does
LAW = {
    "floor": ("BR", "email", "marketing", {"bases": ["consent"], "open_tracking": "permission",
              "double_opt_in": False, "stop_scope": "everything"}, None),
    "floor-in-app": ("BR", "inapp", "marketing", {"bases": EVERY}, None),
    "floor-systems": ("BR", "webhook", "marketing", {"bases": EVERY}, None),
    "floor-measuring": ("BR", "", "measuring", {"bases": ["consent"]}, None),
    "floor-signals": ("BR", "", "sharing-for-ads", {"gpc_honoured": True, "equal_refusal": True,
                      "opt_out_confirmed": True, "easy_withdrawal": True}, None),
    "soft-opt-in": ("BR", "email", "marketing", {"bases": SOFT}, None),
    "unknown": ("ZZ", "email", "marketing", {"bases": ["consent"], "soft_opt_in_evidence": True,
                "expires_months": {"sale": 24, "enquiry": 6}, "open_tracking": "permission",
                "stop_scope": "everything"}, None),
    "unknown-in-app": ("ZZ", "inapp", "marketing", {"bases": EVERY}, None),
    "unknown-systems": ("ZZ", "webhook", "marketing", {"bases": EVERY}, None),
    "unknown-texts": ("ZZ", "sms", "marketing", {"hours": SHORT}, None),
    "unknown-calls": ("ZZ", "call", "marketing", {"hours": SHORT}, None),
    "unknown-rights": ("ZZ", "email", "marketing", {"itemised_notice": True,
                       "automated_decisions": True}, None),
    "eea-marketing": ("NL", "email", "marketing", {"bases": ["consent"]}, None),
    "eea-soft-opt-in": ("NL", "email", "marketing", {"bases": SOFT}, None),
    "eea-tracking": ("NL", "email", "marketing", {"open_tracking": "permission"}, None),
    "eea-refusal": ("NL", "", "measuring", {"equal_refusal": True, "easy_withdrawal": True}, None),
    "eea-one-click-refusal": ("NL", "", "measuring", {"equal_refusal": True}, None),
    "fr-tracking": ("FR", "email", "marketing", {"open_tracking": "permission"},
                    date(2026, 7, 14)),
    "fr-calls": ("FR", "call", "marketing", {"bases": ["consent"]}, date(2026, 8, 11)),
    "de-double-opt-in": ("DE", "email", "marketing", {"double_opt_in": True}, None),
    "gb-marketing": ("GB", "sms", "marketing", {"bases": ["consent"]}, None),
    "gb-soft-opt-in": ("GB", "email", "marketing", {"bases": SOFT}, None),
    "gb-tracking": ("GB", "email", "marketing", {"open_tracking": "permission"}, None),
    "ca-implied-consent": ("CA-QC", "email", "marketing", {"bases": SOFT,
                           "expires_months": {"sale": 24, "enquiry": 6}}, None),
    "us-mail": ("US-TX", "email", "marketing", {"bases": [*SOFT, "contract", "legitimate_interest"],
                "soft_opt_in_evidence": False}, None),
    "us-tracking": ("US", "email", "marketing", {"open_tracking": "on"}, None),
    "us-texts": ("US-NY", "sms", "marketing", {"bases": ["consent"], "hours": DAY}, None),
    "us-calls": ("US-NY", "call", "marketing", {"bases": ["consent"], "hours": DAY}, None),
    "us-fl-texts": ("US-FL", "sms", "marketing", {"hours": SHORT}, None),
    "us-fl-calls": ("US-FL", "call", "marketing", {"hours": SHORT}, None),
    "us-ok-texts": ("US-OK", "sms", "marketing", {"hours": SHORT}, None),
    "us-stop-one": ("US", "sms", "marketing", {"stop_scope": "purpose"}, AFTER),
    "us-stop-all": ("US", "sms", "marketing", {"stop_scope": "everything"}, AFTER),
    "us-ca-opt-out": ("US-CA", "", "sharing-for-ads", {"gpc_honoured": True,
                      "opt_out_confirmed": True}, date(2026, 1, 1)),
    "us-ca-automated": ("US-CA", "email", "marketing", {"automated_decisions": True},
                        date(2027, 1, 1)),
    "in-consent": ("IN", "email", "marketing", {"itemised_notice": True, "easy_withdrawal": True},
                   date(2027, 5, 13)),
    "in-marketing": ("IN", "email", "marketing", {"bases": ["consent"]}, date(2027, 5, 13)),
    "id-marketing": ("ID", "email", "marketing", {"bases": ["consent"]}, None),
}  # fmt: skip
SWITCHED_OFF = {"soft-opt-in", "eea-soft-opt-in", "gb-soft-opt-in", "eea-one-click-refusal",
                "de-double-opt-in", "us-tracking"}  # fmt: skip
OVER = {"us-stop-one"}


def test_each_row_says_what_its_law_does_where_and_while_it_holds():
    rows = {row.slug: row for row in Policy.objects.all()}
    assert rows.keys() == LAW.keys(), "a row of law without a line here"
    assert {slug for slug, row in rows.items() if not row.is_on} == SWITCHED_OFF
    for slug, (_place, _channel, _purpose, terms, day) in LAW.items():
        expected = dict.fromkeys(terms, slug)
        if slug in SWITCHED_OFF:
            assert slug not in _saying(slug).values(), slug
            switch(slug)
            assert _saying(slug) == expected, slug
            switch(slug, is_on=False)
            continue
        if day is None:
            assert _saying(slug) == expected, slug
            continue
        before, after = _saying(slug, day - timedelta(days=1)), _saying(slug, day)
        assert (before if slug in OVER else after) == expected, slug
        assert slug not in (after if slug in OVER else before).values(), slug


def _saying(slug: str, day: date | None = None) -> dict[str, str]:
    """Of the terms of a line: which row says each as the line has it, "" where none does."""
    place, channel, of, terms, _day = LAW[slug]
    table = policy_table().said(place, channel, purpose(of), day)
    return {
        name: table[name].row.slug if name in table and table[name].value == value else ""
        for name, value in terms.items()
    }


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


def test_an_opt_out_is_shown_as_such_however_it_was_said(page):
    """11 CCR 7026(g): the status of whoever opted out, by a switch or by a browser of before."""
    california = {"state": "CA"}
    assert 'id="opted-out"' not in page("US", california, date(2026, 12, 1))
    say(Profile.objects.get(), "denied", purpose="sharing-for-ads", channel="", point="")
    text = page("US", california, date(2026, 12, 1))
    assert "You are opted out: we do not sell or share your data." in text
    assert "Off since" in text


def test_the_way_out_of_automated_decisions_is_the_switch_beside_the_notice(page):
    """11 CCR 7221: whoever uses it is found by nothing that was worked out about them."""
    page("US", {"state": "CA"}, date(2027, 1, 1))
    person = Profile.objects.get()
    message = Message.objects.get(profile=person)
    path = f"/preferences/{tokens.issue('preferences', person.pk, message.pk)}/"
    say(person, purpose="personalisation", channel="", point="")
    assert not run(objectors())
    form = {"action": "save", "shown": "use-personalisation:on"}
    assert Client().post(path, form).status_code == 303
    assert run(objectors()) == [(person.pk,)]


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
