"""Who objected to profiling is led into no campaign that is built on it, and gets no mail of it.

At the entry of a journey, when a message is queued, and when it leaves.
"""

import pytest

from campaigns.models import Enrolment, Message
from campaigns.outcomes.report import report
from config.workspace.work.due import WORK, drain
from consent.ledger.recording import Statement, record_consents
from consent.models import ConsentState, Purpose
from consent.privacy import requests
from consent.suppression.withdrawing import EVERY_CHANNEL
from segments.services import create_segment
from tests.campaigns.builders import deliver_all, launched, make_person, say
from tests.campaigns.engine_builders import advance_all, let_pass, mail

pytestmark = pytest.mark.django_db
STAGE = {"kind": "trait", "field": "profile.lifecycle", "op": "eq", "value": "loyal"}
MAIL = mail("mail")
WAIT = {"id": "wait", "kind": "wait", "for": {"minutes": 1}}


def permitted(*names: str):
    people = [make_person(name, lifecycle="loyal") for name in names]
    for person in people:
        say(person)
    return people


def objects(person) -> None:
    """By the ledger alone, not evaluated yet."""
    purpose = Purpose.objects.get(slug="personalisation").pk
    record_consents([Statement(person.pk, purpose, EVERY_CHANNEL, "denied", "consent")])


def loyal(match: str = "all"):
    segment = create_segment(
        slug="loyal", name="Loyal", rule={"match": match, "conditions": [STAGE]}
    )
    counted()
    return segment


def counted() -> None:
    while WORK.get("segments")():
        pass


def states() -> dict[str, tuple[str, str]]:
    rows = Message.objects.select_related("profile")
    return {row.profile.display_name: (row.state, row.reason) for row in rows}


def test_a_campaign_is_asked_when_it_is_queued_and_when_it_leaves(server):
    _ada, ben, cleo = permitted("ada", "ben", "cleo")
    segment = loyal()
    objects(ben)
    campaign = launched(segment)
    assert states()["Ben"] == ("excluded", "objected")
    objects(cleo)
    deliver_all()
    assert states() == {
        "Ada": ("sent", ""), "Ben": ("excluded", "objected"), "Cleo": ("excluded", "objected"),
    }  # fmt: skip
    assert set(server.counts) == {"ada@example.com"}
    campaign.refresh_from_db()
    assert report(campaign)["excluded"] == {"objected": 2}


def test_whom_such_a_rule_does_not_find_is_in_by_its_opposite_and_left_out_all_the_same(server):
    ada, ben = permitted("ada", "ben")
    ada.lifecycle = "lapsing"
    ada.save()
    objects(ben)
    launched(loyal(match="none"))
    deliver_all()
    assert states() == {"Ada": ("sent", ""), "Ben": ("excluded", "objected")}


@pytest.mark.parametrize("built", ["by its entry", "by a way"])
def test_a_journey_lets_nobody_in_who_objected_and_sends_nothing_to_who_does_later(server, built):
    ada, ben, cleo = permitted("ada", "ben", "cleo")
    segment = loyal()
    steps = [WAIT, MAIL]
    if built == "by a way":
        everybody = {"match": "all", "conditions": []}
        segment = create_segment(slug="all", name="All", rule=everybody)
        counted()
        split = {
            "id": "split", "kind": "split",
            "branches": [{"name": "loyal", "when": {"match": "all", "conditions": [STAGE]},
                          "steps": [WAIT, MAIL]}],
        }  # fmt: skip
        steps = [split]
    objects(ben)
    campaign = launched(segment, steps=steps)
    rows = Enrolment.objects.filter(campaign_id=campaign.pk).select_related("profile")
    ended = {row.profile.display_name: row.end_reason for row in rows}
    assert ended == {"Ada": "", "Ben": "objected", "Cleo": ""}
    objects(cleo)
    for _ in range(4):
        advance_all()
        let_pass(minutes=2)
    deliver_all()
    found = states()
    assert found["Ada"] == ("sent", "") and "Ben" not in found
    # a way by what was worked out does not find her; from the entry on it is the gate that says so
    assert found.get("Cleo") in (None, ("excluded", "objected"))
    assert set(server.counts) == {"ada@example.com"}
    campaign.refresh_from_db()
    assert report(campaign)["excluded"]["objected"] == 2 - ("Cleo" not in found)
    assert ada


@pytest.mark.parametrize(
    ("asked", "marketing"), [("objection", "withdrawn"), ("opt_out_of_automated", "granted")]
)
def test_both_requests_are_such_an_objection(asked, marketing):
    (ada,) = permitted("ada")
    requests.open_request(type_=asked, references=["email:ada@example.com"])
    drain()
    rows = ConsentState.objects.filter(profile=ada).values_list("purpose__slug", "status")
    assert dict(rows)["personalisation"] == "withdrawn"
    own = ConsentState.objects.get(
        profile=ada, purpose__slug="marketing", channel="email", contact_point="ada@example.com"
    )
    assert own.status in (marketing, "withdrawn") and (asked == "objection") == (
        not ConsentState.objects.filter(
            profile=ada, purpose__slug="marketing", status="granted"
        ).exists()
    )


def test_what_is_built_on_nothing_of_the_kind_reaches_who_objected(server):
    ada, ben = permitted("ada", "ben")
    objects(ben)
    everybody = {"match": "all", "conditions": []}
    segment = create_segment(slug="all", name="All", rule=everybody)
    counted()
    launched(segment)
    deliver_all()
    assert states() == {"Ada": ("sent", ""), "Ben": ("sent", "")}
    assert ada
