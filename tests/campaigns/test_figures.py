"""Every figure of a campaign against plain SQL, wherever a screen or the API says it."""

import html
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import pruning
from campaigns.models import Campaign, Message
from campaigns.outcomes.events import internal_source
from campaigns.outcomes.progress import progress
from campaigns.services.rehearsing import rehearse
from config.workspace.work.due import WORK
from consent.suppression.suppressing import suppress
from profiles.ingest.inbox import accept
from tests.campaigns.builders import (
    add_address,
    deliver_all,
    fan_out_all,
    launched,
    make_campaign,
    make_person,
    make_segment,
    say,
    smtp_server,
)

pytestmark = pytest.mark.django_db
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"
GOAL = {"event": "Order Completed", "window": {"days": 5}}


def sql(query: str, *values):
    """The one row of a query, or its one value."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row = cursor.fetchone()
    return row[0] if len(row) == 1 else row


def known(name: str, **fields):
    person = make_person(name, **fields)
    add_address(person, str(person.public_id), "rapport_id")
    return person


def audience():
    """Twenty who may get it, of whom three in four may be measured, and some for each reason."""
    may = [known(f"p{n}", bucket=n * 500) for n in range(20)]
    for number, person in enumerate(may):
        say(person)
        if number % 4:
            say(person, purpose="measuring")
    left = known("left")
    say(left)
    say(left, "withdrawn")
    over = known("over")
    say(over)
    say(over, "expired")
    bounced = known("bounced")
    say(bounced)
    suppress(kind="email", value="bounced@example.com", reason="hard_bounce")
    frozen = known("frozen", state="restricted")
    say(frozen)
    children = []  # of more parents than the control group may hold
    for number in (0, 4, 8, 12, 16):
        address = f"p{number}@example.com"
        children.append(known(f"child{number}", email_address=None, traits={"email": address}))
        say(children[-1], point=address)
    lone = known("lone", email_address=None, traits={"email": "left@example.com"})
    return [*may, *children, left, over, bounced, frozen, lone, known("unasked"),
            known("nowhere", email_address=None)]  # fmt: skip


def track(person, event: str, **properties) -> None:
    accept(
        internal_source(),
        [
            {
                "type": "track",
                "event": event,
                "properties": properties,
                "timestamp": timezone.now().isoformat(),
                "context": {"externalIds": [{"type": "rapport_id", "id": str(person.public_id)}]},
            }
        ],
    )
    while WORK.get("ingest")():
        pass


def click(server, person) -> None:
    """Follow the first link of this person's mail, as a person does."""
    mails = [n for n, (to, _content) in enumerate(server.mails) if to == f"{person}@example.com"]
    content = server.message(mails[0]).get_body(("html",)).get_content()
    link = re.search(r'href="http://testserver(/t/c/[^"]+)"', content)[1]
    assert Client(headers={"user-agent": PHONE}).get(link).status_code == 302


@pytest.fixture
def world():
    """A campaign of which somebody bounced, clicked, bought, gave back; orders beside it."""
    segment = make_segment(*audience())
    made = make_campaign(segment, "before", goal=GOAL, holdout=0.2)
    rehearsal = rehearse(made)
    with smtp_server() as server:
        for number in (1, 3, 5, 7, 9):  # more than the control group may hold
            server.refusals[f"p{number}@example.com"] = ["550 no such user"]
        # the same draw of the control group as the rehearsal's needs the same slug
        made.delete()
        campaign = launched(segment, "before", goal=GOAL, holdout=0.2)
        deliver_all()
        got = Message.objects.filter(campaign_id=campaign.pk, state="sent")
        measured = [m.profile for m in got if int(m.profile.display_name.strip("PChild")) % 4]
        buys, returns, gives_some, looks = measured[:4]
        for person in (buys, returns, gives_some, looks):
            click(server, person.display_name.lower())
    for number, person in enumerate((buys, returns, gives_some)):
        track(person, "Order Completed", order_id=f"o{number}", revenue=40)
    track(returns, "Order Refunded", order_id="o1", revenue=40)
    track(gives_some, "Order Refunded", order_id="o2", revenue=15)
    control = Message.objects.filter(campaign_id=campaign.pk, reason="holdout").first()
    track(control.profile, "Order Completed", order_id="c0", revenue=25)
    unasked = Message.objects.filter(campaign_id=campaign.pk, reason="no_permission").last()
    track(unasked.profile, "Order Refunded", order_id="long ago", revenue=7)
    fan_out_all()
    campaign.refresh_from_db()
    return SimpleNamespace(campaign=campaign, segment=segment, rehearsal=rehearsal)


COUNTS = {
    "audience": "TRUE",
    "sent": "state IN ('sent', 'bounced')",
    "delivered": "state = 'sent'",
    "bounced": "state = 'bounced'",
    "clicked": "clicked_at IS NOT NULL",
    # whoever clicked, and whose orders since are worth more than what came back of them
    "converted": """clicked_at IS NOT NULL AND 0 < (
        SELECT sum(e.value) FROM event e WHERE e.profile_id = m.profile_id
        AND e.name LIKE 'Order %%' AND e.occurred_at >= m.clicked_at)""",
    "measured": """state = 'sent' AND EXISTS (
        SELECT 1 FROM consent_entry c JOIN purpose p ON p.id = c.purpose_id
        WHERE c.profile_id = m.profile_id AND p.slug = 'measuring' AND c.permits)""",
}


def test_each_figure_is_the_same_in_sql_on_every_screen_and_in_the_api(admin_client, world):
    cache.clear()
    campaign, slug = world.campaign, world.campaign.slug
    plain = {
        name: sql(f"SELECT count(*) FROM message m WHERE campaign_id = %s AND {test}", campaign.pk)
        for name, test in COUNTS.items()
    }
    revenue = sql(
        "SELECT sum(e.value) FROM event e JOIN message m ON m.profile_id = e.profile_id"
        " AND m.campaign_id = %s AND e.occurred_at >= m.clicked_at WHERE e.name LIKE 'Order %%'",
        campaign.pk,
    )
    assert (plain["converted"], revenue) == (2, 65)
    assert plain["measured"] < plain["delivered"] < plain["sent"] < plain["audience"]

    told = admin_client.get(f"/api/campaigns/{slug}/report/").json()
    assert {name: told[name] for name in plain} == plain
    assert told["revenue"] == revenue
    assert told["unmeasured"] == plain["delivered"] - plain["measured"]
    for rate, (counted, base) in {
        "click": ("clicked", "measured"),
        "conversion": ("converted", "measured"),
        "bounce": ("bounced", "sent"),
    }.items():
        expected = {"value": plain[counted] / plain[base], "base": plain[base]}
        assert told["rates"][rate] == expected, rate
    everybody = sql(
        "SELECT count(*) FROM membership WHERE segment_id = %s AND left_at IS NULL",
        world.segment.pk,
    )
    assert told["audience"] == everybody == told["sent"] + sum(told["excluded"].values())
    assert told["control"]["converted"] == 1
    assert told["lift"]["rate"] == plain["converted"] / plain["sent"]
    assert progress(campaign)["seen"] == everybody

    listed = text(admin_client.get(f"{reverse('campaigns:list')}?figures=1"))
    row = re.search(r"before .*? (\d+) (\d+) (\d+) €([\d.]+)", listed)
    assert row, listed
    assert [float(n) for n in row.groups()] == [
        plain["sent"], plain["clicked"], plain["converted"], revenue,
    ]  # fmt: skip

    report = text(admin_client.get(reverse("campaigns:report", args=[slug]), {"counted": "1"}))
    share = f"{100 * plain['clicked'] / plain['measured']:.1f}"
    assert f"{plain['clicked']} {share} %" in report
    assert f"of {plain['measured']} we may measure" in report
    assert f"Attributed revenue €{revenue:.2f}" in report


def text(response) -> str:
    """What a page says, without its marks."""
    plain = re.sub(
        r"<(script|style|svg).*?</\1>|<[^>]*>", " ", response.content.decode(), flags=re.S
    )
    return " ".join(html.unescape(plain).split())


def test_a_report_stays_as_it_was_when_only_counts_are_left_of_who_got_nothing(admin_client, world):
    slug, now = world.campaign.slug, timezone.now()
    Campaign.objects.filter(pk=world.campaign.pk).update(
        status="finished", finished_at=now, launched_at=now - timedelta(days=1)
    )
    address = f"/api/campaigns/{slug}/report/"
    before, seen = admin_client.get(address).json(), progress(world.campaign)
    log = {"campaign": slug, "reason": "no_permission"}
    many = before["excluded"]["no_permission"]
    assert many > 1 and "only their number" not in text(
        admin_client.get(reverse("campaigns:messages"), log)
    )
    later = now + timedelta(days=366)
    folded = pruning.fold_excluded(later)
    assert folded == sum(before["excluded"].values()) - before["excluded"]["holdout"]
    assert pruning.fold_excluded(later) == 0
    left = Message.objects.filter(campaign_id=world.campaign.pk, state="excluded")
    assert set(left.values_list("reason", flat=True)) == {"holdout"}
    assert admin_client.get(address).json() == before
    assert progress(world.campaign) == seen
    answer = admin_client.get(reverse("campaigns:messages"), log)
    page = text(answer)
    assert reverse("campaigns:report", args=[slug]) in answer.content.decode()
    assert f"{many} people got nothing from this campaign" in page
    assert "No message fits" not in page
    plain = text(admin_client.get(reverse("campaigns:messages"), {"campaign": slug}))
    assert f"{folded} people got nothing from this campaign" in plain
    sent = text(admin_client.get(reverse("campaigns:messages"), log | {"state": "sent"}))
    assert "only their number" not in sent


def test_what_the_dry_run_counts_is_whom_it_lists_and_what_the_launch_leaves_out(
    admin_client, world
):
    rehearsal = world.rehearsal
    assert rehearsal.audience == rehearsal.recipients + sum(rehearsal.excluded.values())
    told = admin_client.get(f"/api/campaigns/{world.campaign.slug}/report/").json()
    assert told["excluded"] == rehearsal.excluded
    assert set(rehearsal.excluded) >= {
        "frozen", "no_address", "suppressed", "no_permission", "duplicate_address", "holdout",
    }  # fmt: skip
    draft = make_campaign(world.segment, "again", goal=GOAL, holdout=0.2)
    now = rehearse(draft)
    for reason, count in now.excluded.items():
        page = admin_client.get(reverse("campaigns:left_out", args=["again", reason]))
        people = set(re.findall(r"/console/people/([0-9a-f-]{36})", page.content.decode()))
        assert len(people) == count, reason


def test_home_says_what_sql_says(admin_client, world):
    cache.clear()
    loop = text(admin_client.get(reverse("admin:home_part", args=["loop"])))
    bought = sql(
        "SELECT count(DISTINCT profile_id) FROM event o WHERE name = 'Order Completed' AND value +"
        " coalesce((SELECT sum(b.value) FROM event b WHERE b.name = 'Order Refunded' AND"
        " b.properties->>'order_id' = o.properties->>'order_id'), 0) > 0"
    )
    revenue = sql("SELECT sum(value) FROM event WHERE name LIKE 'Order %%'")
    assert (bought, revenue) == (3, 83)
    assert f"{bought} bought: €{revenue:.2f}" in loop
    charts = text(admin_client.get(reverse("admin:home_part", args=["charts"])))
    assert f"€{revenue:.2f}" in charts
    rule = {"match": "all", "conditions": []}
    answer = admin_client.post(
        "/api/segments/preview/", {"rule": rule}, content_type="application/json"
    ).json()
    reachable = sql(
        "SELECT count(DISTINCT s.profile_id) FROM consent_state s JOIN profile p ON"
        " p.id = s.profile_id AND p.state = 'active' JOIN purpose u ON u.id = s.purpose_id"
        " WHERE u.slug = 'marketing' AND s.status = 'granted' AND NOT EXISTS (SELECT 1 FROM"
        " identifier i JOIN suppression x USING (digest) WHERE i.value = s.contact_point)"
    )
    assert answer["reachable"]["email"] == reachable
    assert re.search(rf"Email.*\b{reachable}\b", charts)
