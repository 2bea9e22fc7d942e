"""A template that takes too long for somebody costs that mail alone; for everybody, none at all."""

import pytest

from campaigns.content.sandbox import calls
from campaigns.delivery.letters import forget_letterheads
from campaigns.faults import try_now
from campaigns.models import Message
from campaigns.services.launching import launch
from config.workspace.sandbox.children import Limits
from tests.campaigns.builders import (
    deliver_all,
    fan_out_all,
    join,
    launched,
    make_campaign,
    make_person,
    make_segment,
    say,
    smtp_server,
)

pytestmark = pytest.mark.django_db
# few rounds, short results: no count sees how much each of them reads
SLOW = (
    "{% assign d = long | append: 'y' %}{% for i in (1..19999) %}"
    + "{% if long contains d %}{% endif %}" * 300
    + "{% endfor %}"
)
LIMITS = Limits(cpu_seconds=1, wall_seconds=300.0, most_deaths=1)  # saves seconds
LONG = "x" * 100_000


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(calls, "DELIVERY", LIMITS)
    with smtp_server() as handler:
        yield handler
    calls.POOL.end_idle()


def permitted(name, **traits):
    person = make_person(name, traits={"first_name": name, **traits})
    say(person)
    return person


def test_a_person_whose_mail_takes_too_long_costs_no_neighbour(server):
    people = [permitted(f"p{n}") for n in range(5)]
    mal = permitted("mal", long=LONG)
    last = [permitted(f"q{n}") for n in range(5)]
    text = "{{ first_name }}{% if long %}" + SLOW + "{% endif %}"
    segment = make_segment(*people, *last)
    campaign = launch(make_campaign(segment, step={"content": {"subject": "S", "text": text}}))
    join(segment, mal)  # whom the checks before the launch have not seen
    fan_out_all()
    deliver_all()
    row = Message.objects.get(profile=mal)
    assert (row.state, row.reason) == ("failed", "content_too_long")
    assert Message.objects.exclude(profile=mal).filter(state="sent").count() == 10
    assert len(server.mails) == 10
    fan_out_all()
    campaign.refresh_from_db()
    assert (campaign.status, campaign.fault) == ("finished", "")


def test_content_that_takes_too_long_for_everybody_burns_nobody_and_says_so(server):
    people = [permitted(f"p{n}") for n in range(30)]
    text = "{% assign long = 'x' %}{{ first_name }}"
    campaign = launched(make_segment(*people), step={"content": {"subject": "S", "text": text}})
    version = campaign.current.contents.get()
    # as a version of before there were limits
    version.compiled = {**version.compiled, "text": SLOW.replace("long", "b"), "html": ""}
    version.compiled["text"] = f"{{% assign b = '{LONG}' %}}" + version.compiled["text"]
    type(version).objects.filter(pk=version.pk).update(compiled=version.compiled)
    deliver_all(1)
    campaign.refresh_from_db()
    assert campaign.fault.startswith("No mail can be written: this content takes too long")
    assert set(Message.objects.values_list("state", flat=True)) == {"queued"}
    assert not server.mails
    version.compiled["text"] = "{{ first_name }}"
    type(version).objects.filter(pk=version.pk).update(compiled=version.compiled)
    forget_letterheads()
    try_now(campaign)
    deliver_all()
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
