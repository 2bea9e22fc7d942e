"""The ledger against the rule in plain Python: whatever is said, in whatever order it arrives."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from config.workspace.zones import stamp
from consent.ledger import elapsing
from consent.ledger.elapsing import elapse
from consent.ledger.history import states_of
from consent.ledger.recording import Statement, record_consents
from consent.models import ConsentEntry, ConsentState, Purpose, Topic
from consent.reach import contactable, reachability, reachable_counts
from consent.suppression.suppressing import suppress
from consent.suppression.withdrawing import opt_out_of_sharing, withdraw_address
from profiles.models import Profile, ProfileChange
from tests.campaigns.builders import add_address, make_person, say
from tests.consent.ledger.reference import Entry, standing

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 1, 1, tzinfo=UTC)


def day(n: int) -> datetime:
    return T0 + timedelta(days=n)


statements = st.tuples(
    st.sampled_from(["granted", "granted", "denied", "withdrawn", "pending", "expired"]),
    st.integers(0, 12),
    st.sampled_from(["", "", "form", "double_opt_in", "import"]),
    st.booleans(),  # of the address, or of the person as a whole
    st.booleans(),  # of the topic, or of the whole purpose
)


@settings(max_examples=200, deadline=None)
@given(st.lists(statements, min_size=1, max_size=7), st.randoms())
def test_the_order_of_arrival_does_not_matter(said, random):
    """Of what is recorded, by the time of each statement (ties aside)."""
    entries = [
        Entry(n, status, day(at * 100 + n), {"act": act})
        for n, (status, at, act, _point, _topic) in enumerate(said)
    ]
    shuffled = entries[:]
    random.shuffle(shuffled)
    assert standing(entries) == standing(shuffled)


def test_after_a_withdrawal_only_the_persons_own_later_act_counts():
    ada = make_person("ada")
    assert say(ada, at=day(1)).outcome == "recorded"
    say(ada, "withdrawn", at=day(5))
    assert say(ada, at=day(9)).outcome == "withdrawal_stands"
    assert say(ada, at=day(9), act="import").outcome == "withdrawal_stands"
    assert say(ada, at=day(4), act="form").outcome == "withdrawal_stands"
    assert say(ada, at=day(4), act="form").state == "withdrawn"
    again = say(ada, at=day(6), act="recorded_call")
    assert (again.outcome, again.state) == ("recorded", "granted")
    assert say(ada, at=day(10)).outcome == "recorded"


def test_a_withdrawal_that_arrives_late_still_ends_an_import_made_after_it():
    ada = make_person("ada")
    assert say(ada, at=day(9)).state == "granted"
    assert say(ada, "withdrawn", at=day(5)).state == "withdrawn"


def test_withdrawing_the_purpose_ends_its_topics_until_one_is_chosen_again():
    ada = make_person("ada")
    deals = Topic.objects.create(
        purpose=Purpose.objects.get(slug="marketing"), slug="deals", name="Deals"
    )
    say(ada, at=day(1), topic_id=deals.pk)
    say(ada, "withdrawn", at=day(2))
    assert _may(ada, topic=deals) is False
    assert say(ada, at=day(3), topic_id=deals.pk).outcome == "withdrawal_stands"
    assert say(ada, at=day(3), topic_id=deals.pk, act="form").state == "granted"
    assert _may(ada, topic=deals) is True
    assert _may(ada) is False


def _may(person, **kwargs) -> bool:
    rows = contactable(Profile.objects.all(), purpose="marketing", channel="email", **kwargs)
    return rows.filter(pk=person.pk).exists()


def test_a_refusal_of_the_person_reaches_every_address():
    ada = make_person("ada", "a@example.com")
    add_address(ada, "b@example.com")
    say(ada, point="a@example.com", at=day(1))
    say(ada, point="b@example.com", at=day(1))
    assert _may(ada)
    say(ada, "withdrawn", point="", at=day(2))
    assert not _may(ada)
    say(ada, point="b@example.com", at=day(3), act="form")
    assert _may(ada)


def test_one_click_withdraws_every_marketing_purpose_for_everyone_who_holds_the_address():
    Purpose.objects.create(slug="surveys", name="Surveys", purpose_class="marketing")
    ada, kid = make_person("ada"), make_person("kid", email_address=None)
    say(ada)
    say(ada, purpose="surveys")
    say(ada, purpose="measuring")
    say(kid, point="ada@example.com")
    done = withdraw_address(channel="email", address="ada@example.com", evidence={"via": "test"})
    assert len(done.profile_ids) == 2
    assert not _may(ada)
    assert not _may(kid)
    states = ConsentState.objects.filter(profile=ada, status="granted")
    assert [s.purpose.slug for s in states] == ["measuring"]
    count = ConsentEntry.objects.count()
    withdraw_address(channel="email", address="ada@example.com", evidence={"via": "test"})
    assert ConsentEntry.objects.count() == count, "pressed twice says no more than once"


def test_as_of_reads_the_ledger():
    ada = make_person("ada")
    say(ada, at=day(1))
    say(ada, "withdrawn", at=day(5))
    rows = Profile.objects.all()
    ConsentEntryTimes = {  # noqa: N806
        at: contactable(rows, purpose="marketing", channel="email", as_of=day(at)).count()
        for at in (0, 2, 6)
    }
    assert ConsentEntryTimes == {0: 0, 2: 1, 6: 0}
    assert [e.status for e in states_of(ada.pk)] == ["withdrawn"]


def test_reachable_counts_and_words():
    ada, ben, cleo = make_person("ada"), make_person("ben"), make_person("cleo")
    add_address(ada, "+31600000001", "phone")
    for person in (ada, ben):
        say(person)
    say(ada, channel="sms", point="+31600000001")
    suppress(kind="email", value="ben@example.com", reason="complaint")
    counts = reachable_counts(Profile.objects.all())
    assert counts["email"] == 1
    assert counts["sms"] == 1
    assert counts["push"] == 0
    assert [r.code for r in reachability(ben)] == ["suppressed", "no_address", "no_address"]
    assert reachability(cleo)[0].code == "never_asked"
    assert reachability(ada)[0].ok
    assert contactable(Profile.objects.all(), purpose="service", channel="email").count() == 3


def test_a_permission_expires_and_a_pause_ends():
    ada, ben = make_person("ada"), make_person("ben")
    now = datetime.now(UTC)
    soon = now + timedelta(days=1)

    def record(person, status, then):
        record_consents(
            [
                Statement(
                    profile_id=person.pk,
                    purpose_id=Purpose.objects.get(slug="marketing").pk,
                    channel="email",
                    contact_point=f"{person.display_name.lower()}@example.com",
                    status=status,
                    basis="consent",
                    evidence={"until": stamp(soon), "then": then},
                )
            ]
        )

    record(ada, "granted", "expire")
    say(ben)
    record(ben, "withdrawn", "resume")
    assert elapse() == 0
    assert (_may(ada), _may(ben)) == (True, False)
    # the moment comes: `at` cannot lie in the future, so the clock of the test moves the entry back
    assert elapse(soon + timedelta(seconds=1)) == 2
    assert not _may(ada)


def test_what_cannot_elapse_holds_up_nobody(caplog, monkeypatch):
    """One entry with a moment that is none stopped every expiry of the installation."""
    ada, ben, cleo = make_person("ada"), make_person("ben"), make_person("cleo")
    soon = datetime.now(UTC) + timedelta(days=1)
    untils = {ada: "2026-02-30T00:00:00Z", ben: stamp(soon), cleo: f"{stamp(soon)[:11]}25:61:61Z"}
    for person, until in untils.items():
        record_consents(
            [
                Statement(
                    profile_id=person.pk,
                    purpose_id=Purpose.objects.get(slug="marketing").pk,
                    channel="email",
                    contact_point=f"{person.display_name.lower()}@example.com",
                    status="granted",
                    basis="consent",
                    evidence={"until": until, "then": "expire"},
                )
            ]
        )
    later = soon + timedelta(days=2)
    assert elapse(later) == 1
    assert (_may(ada), _may(ben), _may(cleo)) == (True, False, True)
    assert elapse(later) == 0
    monkeypatch.setattr(elapsing, "BATCH", 1)  # those that cannot be stand before all others
    say(ben)
    assert elapse(later) == 0
    assert "cannot elapse: ValueError" in caplog.text and "example.com" not in caplog.text


def test_gpc_opts_out_of_sharing_and_is_no_unsubscribe():
    ada = make_person("ada")
    say(ada)
    assert opt_out_of_sharing([ada.pk], evidence={"signal": "gpc"}) == 1
    assert opt_out_of_sharing([ada.pk], evidence={"signal": "gpc"}) == 0
    assert _may(ada)
    state = ConsentState.objects.get(profile=ada, purpose__slug="sharing-for-ads")
    assert state.status == "denied"


def test_changes_are_announced():
    ada = make_person("ada")
    ProfileChange.objects.all().delete()
    say(ada)
    change = ProfileChange.objects.get()
    assert (change.profile_ids, change.names) == ([ada.pk], ["consent"])


def test_many_at_once_take_few_statements(django_assert_max_num_queries):
    people = [make_person(f"p{n}") for n in range(50)]
    purpose = Purpose.objects.get(slug="marketing")
    with django_assert_max_num_queries(15):
        answers = record_consents(
            [
                Statement(
                    p.pk, purpose.pk, "email", "granted", "consent", f"{p.display_name}@x.com"
                )
                for p in people
            ]
        )
    assert {a.state for a in answers} == {"granted"}


@pytest.mark.parametrize(
    "statement", ["UPDATE consent_entry SET status = 'granted'", "DELETE FROM consent_entry"]
)
def test_the_application_cannot_change_the_ledger(statement):
    say(make_person("ada"))
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement)
