"""Somebody logged in, and a campaign that was sent."""

import pytest

from campaigns.models import Message
from config.workspace.models import Role
from consent.models import Suppression
from tests.campaigns.builders import (
    address_of,
    deliver_all,
    fan_out_all,
    launched,
    make_person,
    make_segment,
    say,
    smtp_server,
)
from tests.cast import make_user


@pytest.fixture
def log_in(client):
    def as_role(role: str = Role.MARKETER):
        client.force_login(make_user(role, email="me@shop.example"))
        return client

    return as_role


@pytest.fixture
def marketer(log_in):
    return log_in(Role.MARKETER)


def people_of(count: int, **fields):
    people = [make_person(f"p{number}", **fields) for number in range(count)]
    for person in people:
        say(person)
    return people


@pytest.fixture
def sent(db):
    """Eight got it, one bounced, one has no permission; ada clicked and bought."""
    with smtp_server() as server:
        people = people_of(9)
        nobody = make_person("nobody")
        server.refusals[address_of(people[8])] = ["550 5.1.1 <p8@example.com> unknown"]
        campaign = launched(
            make_segment(*people, nobody),
            goal={"event": "Order Completed", "window": {"days": 5}},
        )
        deliver_all()
        fan_out_all()
    campaign.refresh_from_db()
    first = Message.objects.get(profile=people[0])
    Message.objects.filter(profile=people[0]).update(
        opened_at=first.sent_at, clicked_at=first.sent_at, converted_at=first.sent_at, revenue=80
    )
    Message.objects.filter(profile=people[1]).update(data={"unknown_open": True})
    Message.objects.filter(profile=people[2]).update(machine_opened_at=first.sent_at)
    assert Suppression.objects.count() == 1
    return campaign
