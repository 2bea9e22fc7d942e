"""A list costs the same number of queries with 4 rows and with 14."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.composition.senders import create_sender
from consent.suppression.suppressing import suppress
from profiles.merging.merging import merge_people
from segments.models import Segment
from segments.services import add_members, create_segment
from tests.api.world import RULE, client, new_key
from tests.campaigns.builders import launched, make_campaign, make_segment, make_sender
from tests.cast import give_consent, make_event, make_profile, make_rejection, make_source

pytestmark = pytest.mark.django_db
BOSS = "/api/profiles/user_id:boss/"
LISTS = [
    "/api/profiles/",
    "/api/profiles/?search=person",
    "/api/profiles/?segment=crowd-0",
    "/api/consents/",
    "/api/suppressions/",
    "/api/segments/",
    "/api/segments/crowd-0/members/",
    "/api/sources/",
    "/api/ingest/messages/",
    "/api/identities/merges/",
    "/api/senders/",
    "/api/campaigns/",
    "/api/messages/",
    "/api/purposes/",
    f"{BOSS}events/",
    f"{BOSS}messages/",
    f"{BOSS}consents/",
    f"{BOSS}segments/",
]


class Town:
    """Grows by as many of everything as it is told."""

    def __init__(self) -> None:
        self.size = 0
        self.boss = make_profile("Boss", email="boss@example.com", user_id="boss")
        give_consent(self.boss)
        make_sender()

    def grow(self, count: int) -> None:
        """One more person, event, segment, campaign, ... each time."""
        for number in range(self.size, self.size + count):
            self._add(number)
        self.size += count

    def _add(self, number: int) -> None:
        source = make_source(f"Source {number}")
        person = make_profile(f"Person {number}", email=f"p{number}@example.com")
        give_consent(person)
        give_consent(self.boss, channel="email", purpose="marketing")
        give_consent(self.boss, channel=["sms", "push", "call"][number % 3], purpose="marketing")
        make_event(self.boss, f"Event {number}", source=source, days_ago=number / 10)
        make_rejection(source)
        other = make_profile("", anonymous_id=f"a-{number}")
        merge_people(survivor_id=person.pk, absorbed_id=other.pk, rule="hand", evidence={})
        create_segment(slug=f"rule-{number}", name=f"Rule {number}", rule=RULE)
        crowd = make_segment(self.boss, slug=f"crowd-{number}")
        for segment in {crowd, Segment.objects.get(slug="crowd-0")}:
            add_members(segment, [f"email:p{n}@example.com" for n in range(number + 1)])
        create_sender(name=f"S{number}", address=f"s{number}@shop.example", postal_address="Here 1")
        suppress(kind="email", value=f"x{number}@example.com", reason="manual")
        (launched if number % 2 else make_campaign)(crowd, f"campaign-{number}")


def test_no_list_asks_once_for_each_row():
    town, api = Town(), client(new_key("all"))
    town.grow(4)
    before = {path: _queries(api, path) for path in LISTS}
    town.grow(10)
    after = {path: _queries(api, path) for path in LISTS}
    assert {path: count for path, (count, _rows) in after.items()} == {
        path: count for path, (count, _rows) in before.items()
    }
    grown = {path for path in LISTS if after[path][1] > before[path][1]}
    assert grown >= set(LISTS) - {"/api/purposes/", f"{BOSS}consents/"}
    assert max(count for count, _rows in after.values()) <= 12


def _queries(api, path: str) -> tuple[int, int]:
    """The fewest of three: what a process keeps for some seconds may run out in between."""
    counts, rows = [], 0
    for _ in range(3):
        with CaptureQueriesContext(connection) as found:
            answer = api.get(path, {"limit": 500} if "?" not in path else None)
        assert answer.status_code == 200, answer.content
        counts.append(len(found))
        rows = len(answer.json()["results"])
    return min(counts), rows
