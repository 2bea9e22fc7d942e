"""One standing rule: stored now, from the ledger as of any moment, and in plain Python."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.postgres.sql import run, sql
from config.workspace.zones import stamp
from consent.ledger.acts import BLOCKING, UNDONE
from consent.ledger.elapsing import elapse
from consent.ledger.fitting import PermissionAsked, answers_of
from consent.ledger.history import states_of
from consent.ledger.recording import Statement, record_consents
from consent.ledger.standing import standing
from consent.models import ConsentEntry, Purpose, Topic
from consent.reach import contactable
from profiles.models import Profile
from profiles.people.lineage import given_people
from segments.rules import parse_rule
from segments.rules.compiler import members_of
from segments.rules.conditions.consent import NEVER_ASKED, STATUSES
from segments.rules.context import CompileContext
from tests.campaigns.builders import make_person, say
from tests.consent.ledger import reference

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]
DAYS = 12
NAMES = ("ada", "ben", "cleo", "dee", "eve")

said = st.fixed_dictionaries(
    {
        "status": st.sampled_from(
            ["granted", "granted", "granted", "denied", "withdrawn", "pending", "expired"]
        ),
        "day": st.integers(0, DAYS),
        "act": st.sampled_from(["", "", "form", "double_opt_in", "import", UNDONE]),
        "restores": st.sampled_from([None, None, 1]),  # of an undoing: silence, or an own word
        "point": st.sampled_from(["", "{}@example.com", "{}@example.com", "{}@work.example"]),
        "of_topic": st.booleans(),
        "channel": st.sampled_from(["email", "email", "sms"]),
        "is_claim": st.sampled_from([False, False, False, True]),
        "days_until": st.sampled_from([None, None, 1, 4]),  # when it expires, or a pause ends
    }
)
ledger = st.lists(said, max_size=8)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.tuples(*[ledger for _ in NAMES]), st.integers(0, DAYS))
def test_stored_now_and_the_ledger_as_of_any_moment_say_what_the_rule_says(ledgers, day):
    with transaction.atomic():
        story = Story(dict(zip(NAMES, ledgers, strict=True)))
        story.check_now()
        story.check(story.day(day))
        transaction.set_rollback(True)


class Story:
    """What was said of some people, of a topic and an address or not, and what elapsed since."""

    def __init__(self, ledgers) -> None:
        self.start = timezone.now() - timedelta(days=DAYS * 2)
        self.people = {name: make_person(name) for name in ledgers}
        self.ids = {name: person.pk for name, person in self.people.items()}
        self.marketing = Purpose.objects.get(slug="marketing")
        self.topic = Topic.objects.create(purpose=self.marketing, slug="deals", name="Deals")
        record_consents(
            [self._statement(name, **one) for name, said in ledgers.items() for one in said]
        )
        while elapse():
            pass
        self.rows = {row.pk: row for row in ConsentEntry.objects.filter(outcome="recorded")}
        self.refusals = {number for number, row in self.rows.items() if row.status in BLOCKING}

    def day(self, number: float) -> datetime:
        return self.start + timedelta(days=number)

    def _statement(self, name, *, day, act, restores, point, of_topic, days_until, **said):
        evidence = {"act": act} if act else {}
        if act == UNDONE:
            evidence["restores"] = restores
            said["status"] = "expired" if restores is None else said["status"]
        if days_until and said["status"] in ("granted", "withdrawn"):
            then = "expire" if said["status"] == "granted" else "resume"
            evidence |= {"until": stamp(self.day(day + days_until)), "then": then}
        return Statement(
            profile_id=self.ids[name],
            purpose_id=self.marketing.pk,
            basis="consent",
            contact_point=point.format(name),
            topic_id=self.topic.pk if of_topic else None,
            at=self.day(day),
            evidence=evidence,
            **said,
        )

    def check_now(self) -> None:
        """The stored state, and the ledger as of now; what a page asks of one person."""
        now = timezone.now()
        expected = self.check(now)
        assert self.check(None) == expected
        for name in NAMES[:2]:
            self._check_person(name, expected[self.ids[name]])

    def check(self, as_of: datetime | None):
        """Everyone who asks what stands gets the answer of the rule; that answer, by person."""
        made = [row for row in self.rows.values() if as_of is None or row.at <= as_of]
        expected = {
            number: reference.stands_of(row for row in made if row.profile_id == number)
            for number in self.ids.values()
        }
        assert self._relation(as_of) == expected
        self._check_gate(expected, as_of)
        self._check_conditions(expected, as_of)
        return expected

    def _relation(self, as_of):
        stood = standing(given_people(list(self.ids.values())), as_of)
        found = {number: {} for number in self.ids.values()}
        for person, *key, entry_id, status, basis, _source, at in run(
            sql("SELECT * FROM ({stood}) s", stood=stood)
        ):
            entry = self.rows[entry_id]
            assert (status, basis, at) == (entry.status, entry.basis, entry.at)
            found[person][tuple(key)] = entry_id
        return found

    def _answer(self, stands, channel: str, point: str, topic: int) -> int | None:
        about = (self.marketing.pk, channel, point, topic)
        return reference.answer_of(stands, self.refusals, about)

    def _check_person(self, name: str, stands) -> None:
        assert {row.pk for row in states_of(self.ids[name])} == set(stands.values())
        asked = [
            PermissionAsked(self.marketing.pk, channel, point, topic)
            for channel in ("email", "sms")
            for point in ("", f"{name}@example.com", f"{name}@work.example")
            for topic in (0, self.topic.pk)
        ]
        found = [row.pk if row else None for row in answers_of(self.ids[name], asked)]
        assert found == [
            self._answer(stands, one.channel, one.contact_point, one.topic_id) for one in asked
        ]

    def _check_gate(self, expected, as_of) -> None:
        everyone = Profile.objects.filter(pk__in=self.ids.values())
        for topic in (None, self.topic):
            about = {"purpose": self.marketing, "channel": "email", "topic": topic}
            answers = {
                name: self._answer(
                    expected[number], "email", f"{name}@example.com", topic.pk if topic else 0
                )
                for name, number in self.ids.items()
            }
            may = {n for n, number in answers.items() if number and self._is_granted(number)}
            found = contactable(everyone, **about, as_of=as_of)
            assert {person.display_name.lower() for person in found} == may

    def _is_granted(self, number: int) -> bool:
        return self.rows[number].status == "granted"

    def _check_conditions(self, expected, as_of) -> None:
        """As a rule asks: any address, of the purpose as a whole."""
        stand = {
            person: {
                self.rows[number].status
                for (_purpose, channel, _point, topic), number in stands.items()
                if channel == "email" and not topic
            }
            or {NEVER_ASKED}
            for person, stands in expected.items()
        }
        for status in STATUSES:
            about = {"purpose": "marketing", "channel": "email", "status": status}
            rule = parse_rule({"match": "all", "conditions": [{"kind": "consent", **about}]})
            context = CompileContext(
                as_of=as_of or timezone.now(),
                is_now=as_of is None,
                profile_ids=list(self.ids.values()),
            )
            assert members_of(rule, context) == {p for p, found in stand.items() if status in found}


def test_a_condition_says_of_a_moment_what_it_said_then():
    """Both were answered otherwise as of now than now."""
    ada, ben = make_person("ada"), make_person("ben")
    at = timezone.now() - timedelta(days=5)
    say(ada, at=at)
    say(ada, "pending", at=at + timedelta(days=1))
    say(ben, at=at)
    say(ben, "withdrawn", point="", at=at + timedelta(days=1))

    def who(status: str, *, is_now: bool) -> set[int]:
        about = {"purpose": "marketing", "channel": "email", "status": status}
        rule = parse_rule({"match": "all", "conditions": [{"kind": "consent", **about}]})
        return members_of(rule, CompileContext(as_of=timezone.now(), is_now=is_now))

    for is_now in (True, False):
        assert who("granted", is_now=is_now) == {ada.pk}
        assert who("pending", is_now=is_now) == set()
        assert who("withdrawn", is_now=is_now) == {ben.pk}


def test_a_key_of_which_nothing_is_said_any_more_hides_no_refusal_of_the_same_moment():
    """As of a moment, silence at an address stood in the way of what was refused for a topic."""
    eve, at = make_person("eve"), timezone.now() - timedelta(days=5)
    topic = Topic.objects.create(
        purpose=Purpose.objects.get(slug="marketing"), slug="deals", name="Deals"
    )
    say(eve, "expired", at=at, act=UNDONE)
    say(eve, "denied", point="", at=at)
    say(eve, "denied", topic_id=topic.pk, at=at)
    entries = list(ConsentEntry.objects.filter(profile=eve).order_by("id"))
    for moment in (None, timezone.now()):
        stood = standing(given_people([eve.pk]), moment)
        found = {row[0] for row in run(sql("SELECT entry_id FROM ({stood}) s", stood=stood))}
        assert found == {entries[1].pk, entries[2].pk}, moment


def test_what_an_address_refused_no_import_for_a_topic_opens_again():
    """A grant of a topic for the person as a whole passed by the refusal of their address."""
    ada = make_person("ada")
    topic = Topic.objects.create(
        purpose=Purpose.objects.get(slug="marketing"), slug="deals", name="Deals"
    )
    at = timezone.now() - timedelta(days=5)
    say(ada, "withdrawn", at=at)
    say(ada, point="", topic_id=topic.pk, at=at + timedelta(days=1))
    may = contactable(Profile.objects.all(), purpose="marketing", channel="email", topic=topic)
    assert list(may) == []
    say(ada, topic_id=topic.pk, act="form", at=at + timedelta(days=2))
    assert list(may.all()) == [ada]


def test_nobody_but_the_ledger_reads_the_stored_state():
    """Who needs to know what stands selects from `standing`."""
    apps = ("campaigns", "consent", "profiles", "segments", "config")
    named = {
        str(path.relative_to(ROOT))
        for app in apps
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
        and re.search(r"(FROM|JOIN|UPDATE|INTO) consent_state\b|\bConsentState\b", path.read_text())
    }
    assert named == {
        "consent/ledger/derivation.py",
        "consent/ledger/standing.py",
        "consent/ledger/merging.py",  # which tables a merge looks after
        "consent/models/__init__.py",
        "consent/models/ledger.py",
        "consent/ledger/recording.py",
        "consent/ledger/taking_back.py",  # locks the row
    }
