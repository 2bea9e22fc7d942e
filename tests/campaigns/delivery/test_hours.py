"""Hours in which nobody may be reached are asked again when a message leaves that has waited."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from campaigns.engine.status import pause, resume
from campaigns.gate.expression import Terms, judged
from campaigns.gate.legal_hours import SendingHours, legal_hours
from campaigns.gate.quiet_hours import QuietHours
from campaigns.models import ContactCount, Message
from config.demo.writing.past_clock import set_to
from config.postgres.sql import Sql, run, sql
from config.workspace.access.keys import create_api_key
from config.workspace.models import User
from consent.models import Policy, Purpose
from consent.policy.places import place_of
from consent.policy.resolving import forget_policies
from tests.campaigns.builders import (
    deliver_all,
    launched,
    make_person,
    make_segment,
    say,
)

pytestmark = pytest.mark.django_db
NEW_YORK, LOS_ANGELES = "America/New_York", "America/Los_Angeles"
EVENING = datetime(2026, 12, 2, 1, 50, tzinfo=UTC)  # 20:50 in New York
NIGHT = datetime(2026, 12, 2, 2, 10, tzinfo=UTC)  # 21:10 there, 18:10 in Los Angeles
MORNING = datetime(2026, 12, 2, 13, 0, tzinfo=UTC)  # 8:00 in New York
LEGAL = {"from": "08:00", "to": "21:00"}


@pytest.fixture
def by_law():
    """Mail to Americans by day alone: a row of the table, as the one of texts."""
    row = Policy.objects.get(slug="us-mail")
    row.terms |= {"hours": LEGAL}
    row.save()
    forget_policies()


def permitted(name: str, zone: str, country: str = "US", **fields):
    person = make_person(name, country=country, time_zone=zone, **fields)
    say(person)
    return person


def states() -> dict[str, tuple[str, str]]:
    rows = Message.objects.select_related("profile")
    return {row.address.partition("@")[0]: (row.state, row.reason) for row in rows}


def seen(client: Client, row: Message) -> tuple[str, str, dict]:
    """The message's page, the line in the log, the answer of the API."""
    client.force_login(User.objects.create_superuser("root", "root@example.com", "pw"))
    page = client.get(f"/console/messages/{row.profile_id}/{row.pk}/").content.decode()
    log = client.get("/console/messages/").content.decode()
    _key, key = create_api_key(name="k", scopes=["all"])
    answer = Client(headers={"Authorization": f"Bearer {key}"}).get("/api/messages/?state=queued")
    return page, log, answer.json()["results"][0]


@pytest.mark.parametrize("why", ["an outage", "a pause"])
def test_what_waited_into_the_night_is_held_until_the_law_allows_it_and_leaves_by_itself(
    server, client, by_law, why
):
    people = [permitted("ny", NEW_YORK), permitted("la", LOS_ANGELES)]
    with set_to(EVENING):
        campaign = launched(make_segment(*people))
        if why == "a pause":
            pause(campaign)
        assert states() == {"ny": ("queued", ""), "la": ("queued", "")}
    with set_to(NIGHT):
        if why == "a pause":
            resume(campaign)
        deliver_all()
        assert states() == {"ny": ("queued", ""), "la": ("sent", "")}
        row = Message.objects.get(state="queued")
        assert row.due_at == row.held_until == MORNING
        page, log, answer = seen(client, row)
        assert "Waits for its hour" in page and "Waits for its hour" in log
        assert answer["held_until"] == "2026-12-02T13:00:00Z" and answer["state"] == "queued"
    with set_to(MORNING - timedelta(minutes=1)):
        deliver_all()
        assert server.counts == {"la@example.com": 1}
    with set_to(MORNING + timedelta(minutes=1)):
        deliver_all()
        assert states()["ny"] == ("sent", "")
    assert server.counts == {"la@example.com": 1, "ny@example.com": 1}


def test_what_cannot_wait_so_long_is_not_sent_and_gives_its_count_back(server, by_law):
    ada = permitted("ada", NEW_YORK)
    with set_to(EVENING):
        launched(make_segment(ada), step={"expires_in": {"hours": 5}})
        assert ContactCount.objects.get().n == 1
    with set_to(NIGHT):
        deliver_all()
    assert states() == {"ada": ("excluded", "quiet_hours")}
    assert ContactCount.objects.get().n == 0
    assert not server.mails


def test_another_reason_comes_before_the_hour(server, by_law):
    ada = permitted("ada", NEW_YORK)
    with set_to(EVENING):
        launched(make_segment(ada))
        say(ada, "withdrawn")
    with set_to(NIGHT):
        deliver_all()
    assert states() == {"ada": ("excluded", "no_permission")}


@pytest.mark.parametrize("otherwise", ["hold", "skip"])
def test_a_campaigns_own_quiet_hours_are_asked_again_and_may_drop_it(server, otherwise):
    ada = permitted("ada", "Asia/Jakarta", country="ID")
    quiet = {"from": "21:00", "to": "08:00", "else": otherwise}
    with set_to(datetime(2026, 12, 2, 13, 50, tzinfo=UTC)):  # 20:50 in Jakarta
        launched(make_segment(ada), step={"quiet_hours": quiet})
    with set_to(datetime(2026, 12, 2, 14, 10, tzinfo=UTC)):
        deliver_all()
        found = {"hold": ("queued", ""), "skip": ("excluded", "quiet_hours")}
        assert states() == {"ada": found[otherwise]}
    with set_to(datetime(2026, 12, 3, 1, 0, 5, tzinfo=UTC)):
        deliver_all()
    assert server.counts == ({"ada@example.com": 1} if otherwise == "hold" else {})


def test_one_person_is_told_what_the_gate_says_of_many():
    """`SendingHours.until` in Python against `judged` in SQL, at every hour of a day."""
    for slug, hours in (("us-mail", LEGAL), ("unknown", {"from": "08:00", "to": "20:00"})):
        row = Policy.objects.get(slug=slug)
        row.terms |= {"hours": hours}
        row.save()
    Policy.objects.create(
        slug="fl", name="FL", place="US-FL", channel="email", purpose_class="marketing",
        terms={"hours": {"from": "09:00", "to": "20:00"}}, law="Our own", is_on=True,
    )  # fmt: skip
    forget_policies()
    given = [
        ("US", NEW_YORK, {}), ("US", NEW_YORK, {"state": "FL"}), ("US", "", {}),
        ("US", "No/Where", {"state": "FL"}), ("FR", "Europe/Paris", {}), ("FR", "", {}),
        ("", "", {}), ("Narnia", "Asia/Tokyo", {}), ("BR", "America/Sao_Paulo", {}),
    ]  # fmt: skip
    people = {
        permitted(f"p{n}", zone, country=country, traits=traits).pk: (country, zone, traits)
        for n, (country, zone, traits) in enumerate(given)
    }
    purpose, home = Purpose.objects.get(slug="marketing"), ZoneInfo("Asia/Jakarta")
    for quiet in (None, QuietHours(time(22), time(7, 30))):
        hours = SendingHours(quiet, legal_hours("email", purpose), home)
        for hour in range(0, 24, 3):
            at = datetime(2026, 12, 2, hour, 10, tzinfo=UTC)
            terms = Terms(
                purpose=purpose, channel="email", now=at, due_at=at, quiet=quiet,
                expires_at=at + timedelta(days=9), zone=home.key, hours=hours.legal,
            )  # fmt: skip
            lines = judged(terms, Sql("(SELECT id AS profile_id FROM profile)"))
            dues = dict(run(sql("SELECT profile_id, due_at FROM ({lines}) q", lines=lines)))
            told = {
                pk: hours.until(at, place_of(country, traits), zone) or at
                for pk, (country, zone, traits) in people.items()
            }
            assert dues == told, (quiet, hour)
