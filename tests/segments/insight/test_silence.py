"""What rules read and no longer comes as it did: when it is said, to whom, and when it is over."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from config.home.needs import needs
from config.workspace.lifecycle.usage import users
from config.workspace.mails.outgoing import content_of
from config.workspace.models import CustomRole, OutgoingMail, Role
from profiles.models import EventDefinition, TraitName
from segments.insight.computed.saving import create_trait
from segments.insight.silence.judging import TypesSeen, is_missing, other_type, silent
from segments.insight.silence.used import used_names
from segments.insight.silence.watching import judged, look, watch
from segments.models import SilenceAlarm
from segments.services import create_segment
from tests.campaigns.builders import make_campaign, make_segment
from tests.cast import make_user
from tests.segments.builders import AS_OF, event, group, make_event, make_person, trait

pytestmark = pytest.mark.django_db
ORDER = "Order Completed"


def ago(days: float) -> float:
    """So long before now, in days before AS_OF."""
    return (AS_OF - timezone.now()).total_seconds() / 86400 + days


@pytest.fixture
def shop():
    """An order every eight hours for four weeks; a segment reads its category."""
    EventDefinition.objects.get_or_create(name=ORDER)
    TraitName.objects.create(name="plan")
    person = make_person()
    for n in range(80):
        make_event(person, ORDER, ago(n / 3 + 1 / 24), category="tents", revenue=5)
    rule = group(
        "all", event(ORDER, where=[{"property": "category", "op": "eq", "value": "tents"}])
    )
    create_segment(slug="tents", name="Tents", rule=rule)
    create_trait(name="spent", definition={
        "event": ORDER, "measure": {"agg": "sum", "property": "revenue"},
    })  # fmt: skip
    return person


def test_an_event_is_silent_after_twice_its_longest_pause(shop):
    now = timezone.now()
    assert silent([ORDER], now) == []
    assert silent([ORDER], now + timedelta(hours=14)) == []
    (pause,) = silent([ORDER], now + timedelta(hours=18))
    assert pause.usual == pytest.approx(8 * 3600, abs=3601)
    assert silent(["Nobody Does This"], now) == []
    few = make_person()
    for n in range(5):
        make_event(few, "Rare", ago(20 + n))
    assert silent(["Rare"], now) == [], "of so few nothing can be said"


@pytest.mark.parametrize(
    ("before", "now", "missing", "other"),
    [
        ({"string": 90, "": 10}, {"string": 80, "": 20}, False, None),
        ({"string": 90, "": 10}, {"": 100}, True, None),
        ({"string": 90, "": 10}, {"": 9}, False, None),
        ({"": 100}, {"": 100}, False, None),
        ({"number": 90}, {"string": 40}, False, ("number", "string")),
        ({"number": 60, "string": 40}, {"string": 40}, False, None),
        ({"number": 90}, {"number": 20, "string": 30}, False, None),
        ({"number": 90}, {"string": 5}, False, None),
        ({}, {}, False, None),
    ],
)
def test_a_property_is_missing_or_of_another_type(before, now, missing, other):
    shape = TypesSeen("p", before, now)
    assert is_missing(shape) is missing
    assert other_type(shape) == other


def test_alarms_begin_name_what_starves_and_end(shop):
    now = timezone.now()
    assert look(now) == 0
    later = now + timedelta(days=1)
    assert look(later) == 1
    (alarm,) = SilenceAlarm.objects.all()
    assert (alarm.kind, alarm.event) == ("silent", ORDER)
    assert look(later) == 0, "one alarm for one thing"
    titles = [str(need.title) for need in needs(make_user(Role.MARKETER))]
    assert any("Order Completed came last" in title for title in titles)
    texts = " ".join(str(need.text) for need in needs(make_user(Role.ADMIN)))
    assert "Tents (segment, in its rule)" in texts
    assert "spent (computed trait)" in texts
    make_event(shop, ORDER, ago(-0.9))
    assert look(later) == 1
    alarm.refresh_from_db()
    assert alarm.ended_at == later


def test_a_property_that_no_longer_comes_is_said(shop):
    person = make_person()
    for n in range(40):
        make_event(person, ORDER, ago(0.001 + n / 10_000), revenue="5,00")
    assert judged(used_names(), timezone.now()) == {}, "of a hundred, most are as before"
    for n in range(60):
        make_event(person, ORDER, ago(0.0005 + n / 1_000_000), revenue="5,00")
    found = judged(used_names(), timezone.now())
    assert found["missing", ORDER, "category"] == {}
    assert found["type", ORDER, "revenue"] == {"was": "number", "now": "string"}


def test_a_trait_that_new_people_lack_is_said():
    TraitName.objects.create(name="plan")
    create_segment(slug="pro", name="Pro", rule=group("all", trait("plan", "eq", "pro")))
    for n in range(40):
        make_person(plan="pro", first_seen=timezone.now() - timedelta(days=10 + n / 10))
        make_person(first_seen=timezone.now() - timedelta(days=1))
    assert judged(used_names(), timezone.now()) == {("missing", "", "plan"): {}}


def test_it_is_told_by_mail_once_to_who_makes_segments(shop, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    from campaigns.composition.senders import create_sender  # noqa: PLC0415

    create_sender(name="Shop", address="news@shop.example", postal_address="x", is_default=True)
    mia = make_user(Role.MARKETER, email="mia@shop.example")
    make_user(Role.SERVICE_REP, email="rep@shop.example")
    make_user(Role.ADMIN)
    look(timezone.now() + timedelta(days=1))
    (row,) = OutgoingMail.objects.filter(kind="silence")
    mail = content_of(row)
    assert mail.to == mia.email
    assert "1 thing" in mail.subject
    assert "Order Completed came last" in mail.paragraphs[0]
    assert "Tents" in mail.paragraphs[0]
    look(timezone.now() + timedelta(days=1, hours=2))
    assert OutgoingMail.objects.filter(kind="silence").count() == 1


def test_who_may_not_see_a_name_hears_nothing_of_it(shop):
    create_segment(
        slug="secret", name="Secret",
        rule=group("all", event(ORDER, where=[{"property": "ship_to", "op": "is_set"}])),
    )  # fmt: skip
    SilenceAlarm.objects.create(kind="missing", event=ORDER, field="ship_to")
    CustomRole.objects.create(
        key="eyes", name="Eyes", permissions=["segments.view", "segments.edit"], sight={}
    )
    for role, hears in (("eyes", False), (Role.ADMIN, True)):
        said = " ".join(str(need.title) for need in needs(make_user(role)))
        assert ("ship_to" in said) is hears, role


def test_it_looks_once_an_hour(shop):
    assert watch() == 0
    SilenceAlarm.objects.create(kind="silent", event="Gone", detail={"last_at": "x", "usual": 1})
    assert watch() == 0, "it has looked already"
    assert SilenceAlarm.objects.filter(ended_at=None).exists()


def test_whoever_reads_an_event_stands_on_its_form(shop):
    campaign = make_campaign(make_segment(), goal={"event": ORDER, "window": {"days": 5}})
    assert isinstance(campaign, Campaign)
    said = [str(use) for use in users("event", ORDER)]
    assert any("Tents" in use for use in said)
    assert any(campaign.name in use for use in said)
    client = Client()
    client.force_login(make_user(Role.ADMIN), backend="config.workspace.permissions.RoleBackend")
    row = EventDefinition.objects.get(name=ORDER)
    page = client.get(f"/console/profiles/eventdefinition/{row.pk}/change/")
    assert "Tents" in page.content.decode()
    create_segment(slug="pro", name="Pros", rule=group("all", trait("plan", "eq", "pro")))
    row = TraitName.objects.get(name="plan")
    page = client.get(f"/console/profiles/traitname/{row.pk}/change/")
    assert "Pros" in page.content.decode()
