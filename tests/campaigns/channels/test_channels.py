"""What holds for every channel; and a new one, made as CONTRIBUTING.md says, sends a campaign.

Nothing here names a channel of ours: each is tried by its facts and by the example of its content.
"""

import json
from pkgutil import iter_modules

import jsonschema
import pytest

from campaigns import channels
from campaigns.channels.base import CHANNELS, channel_of
from campaigns.content.kinds import CONTENTS, content_kind
from campaigns.delivery.worker import deliver
from campaigns.models import Campaign, Message
from campaigns.outcomes.report import report
from campaigns.services.checks import check_campaign
from campaigns.services.rehearsing import rehearse
from campaigns.services.shapes import InvalidCampaign
from campaigns.services.single import send_message
from config.workspace.digests import CONTACT_KINDS
from config.workspace.models import Circuit
from config.workspace.work.due import LEFT
from config.workspace.work.waiting import WAITING
from consent import channels as facts
from consent.models import Suppression
from consent.reach.contactable import contactable, reachability
from consent.suppression.suppressing import suppress
from consent.suppression.withdrawing import withdraw_address
from profiles.models import Profile
from tests.campaigns.builders import (
    add_address,
    deliver_all,
    fan_out_all,
    launched,
    make_campaign,
    make_person,
    make_segment,
    say,
)
from tests.campaigns.channels import pigeon

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["phone", ""], ids=["with an address", "without one"])
def loft(request, monkeypatch, tmp_path):
    """The toy, registered; what left lies here."""
    with pigeon.registered(monkeypatch, tmp_path, request.param):
        yield tmp_path


def check_channel(name: str) -> None:
    """All that is true of a channel that sends."""
    known = facts.CHANNELS.get(name)
    assert known is not None, "its facts"
    assert str(known.label) and known.icon and known.legal_class
    assert not known.contact_kind or known.contact_kind in CONTACT_KINDS
    channel, kind = channel_of(name), content_kind(name)
    assert channel.example_address or not known.contact_kind
    example = kind.schema()["example"]
    jsonschema.validate(example, kind.schema())
    assert not [*kind.faults(example), *kind.lacks(example)]
    assert [one.code for one in kind.faults({"no such part": 1})] == ["unknown"]
    assert list(kind.lacks({})) and kind.wanted
    prepared = kind.compile(example, purpose_class="marketing")
    assert prepared.usable
    assert kind.load(json.loads(json.dumps(prepared.to_dict()))) == prepared


def check_reach(name: str) -> None:
    """Whoever needs an address is reached by it until it is suppressed; who needs none always."""
    person = make_person(email_address=None)
    kind = facts.contact_kind(name)
    value = f"{kind}-of-{name}"
    say(person, channel=name, point="")
    asked = contactable(Profile.objects.filter(pk=person.pk), purpose="marketing", channel=name)
    (told,) = reachability(person, channels=[name])
    assert (told.ok, asked.exists()) == ((False, False) if kind else (True, True))
    if kind:
        add_address(person, value, kind)
        assert asked.exists()
        suppress(kind=kind, value=value, reason="invalid")
        assert not asked.exists()
    stops = facts.CHANNELS.get(name).silences == Suppression.Level.ALL
    withdraw_address(channel=name, address="other", profile_id=person.pk, evidence={})
    assert Suppression.objects.filter(reason="unsubscribe").exists() == stops


def test_a_folder_is_a_channel():
    folders = {module.name for module in iter_modules(channels.__path__) if module.ispkg}
    assert folders == set(CHANNELS.names()) == set(CONTENTS.names())


@pytest.mark.parametrize("name", facts.channel_names())
def test_every_channel_has_its_facts(name):
    if name in CHANNELS:
        check_channel(name)
    check_reach(name)


def test_what_nobody_registered_reaches_nobody():
    person = make_person("ada")
    say(person, channel="telepathy", point="")
    assert not contactable(Profile.objects.all(), purpose="marketing", channel="telepathy").exists()


def audience(*names: str) -> dict[str, Profile]:
    kind = facts.contact_kind(pigeon.NAME)
    people = {name: make_person(name) for name in names}
    for name, person in people.items():
        if kind:
            add_address(person, name, kind)
        say(person, channel=pigeon.NAME, point="")
    return people


STEP = {"channel": pigeon.NAME, "content": {"text": "Coo {{ first_name }} {{ unsubscribe_url }}"}}


def test_a_new_channel_is_one_folder_and_its_facts(loft, client):
    check_channel(pigeon.NAME)
    check_reach(pigeon.NAME)
    is_addressed = bool(facts.contact_kind(pigeon.NAME))
    people = audience("ada", "ben", "cleo", "nobody")
    say(people["ben"], "withdrawn", channel=pigeon.NAME, point="")
    stranger = make_person("dora")
    segment = make_segment(*people.values(), stranger)
    with pytest.raises(InvalidCampaign, match="Unknown"):
        make_campaign(segment, "wrong", step={**STEP, "content": {"subject": "x"}})
    empty = make_campaign(segment, "empty", step={**STEP, "content": {}})
    assert [one.code for one in check_campaign(empty)] == ["no_text"]
    lost = make_campaign(segment, "lost", step={**STEP, "content": {"text": "No way out"}})
    assert [one.code for one in check_campaign(lost)] == ["no_unsubscribe"]

    draft = make_campaign(segment, "draft", step=STEP)
    without = {"no_address": 1, "no_permission": 1} if is_addressed else {"no_permission": 2}
    found = rehearse(draft)
    assert {reason: n for reason, n in found.excluded.items() if n} == without
    assert found.recipients == 3
    campaign = launched(segment, step=STEP)
    assert LEFT.get("delivery")().due == 1
    say(people["cleo"], "withdrawn", channel=pigeon.NAME, point="")
    (loft / "storm").touch()
    deliver_all()
    assert Circuit.objects.filter(server="pigeon://loft").exists(), "left alone for a while"
    assert not list(Message.objects.exclude(state__in=["queued", "excluded"]))
    (loft / "storm").unlink()
    Circuit.objects.all().delete()
    deliver_all()
    fan_out_all()
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.FINISHED
    states = {
        row.profile.display_name: (row.state, row.reason, row.provider_ref)
        for row in Message.objects.filter(campaign_id=campaign.pk).select_related("profile")
    }
    there = "ada" if is_addressed else ""
    assert states["Ada"] == ("sent", "", "leg-1")
    assert states["Ben"] == states["Cleo"] == ("excluded", "no_permission", "")
    assert states["Dora"][1] == ("no_address" if is_addressed else "no_permission")
    if is_addressed:
        assert states["Nobody"] == ("bounced", "came back", "")
        assert Suppression.objects.filter(kind="phone", reason="hard_bounce").count() == 1
    assert f"{there}\nCoo Ada https://" in (loft / "1").read_text()
    figures = report(campaign)
    assert (figures["sent"], figures["bounced"]) == (2, int(is_addressed))
    schema = json.loads(client.get("/api/schema/", HTTP_ACCEPT="application/json").content)
    assert schema["openapi"]
    assert WAITING.get("delivery")


def test_a_single_message_goes_the_same_way(loft):
    ada = audience("ada")["ada"]

    def send(content):
        return send_message(
            profile=ada, channel=pigeon.NAME, content=content, idempotency_key=str(content)
        )[0]

    with pytest.raises(InvalidCampaign, match=r"content: A text\."):
        send({})
    message = send({"text": "Your order has left"})
    assert deliver()
    message.refresh_from_db()
    assert (message.state, message.provider_ref) == ("sent", "leg-1")
    assert "Your order has left" in (loft / "1").read_text()
