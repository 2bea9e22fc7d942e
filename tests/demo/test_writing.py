"""A demo of 300 people: everybody, every segment and every euro as the generator knows them."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.db.models import Count, Sum
from django.test import override_settings

from campaigns.composition.contents import preview
from campaigns.models import Campaign, Message
from config.demo import state, team, traffic
from config.demo.generator import permissions
from config.demo.generator.content import AUTOMATIC, DRAFT_SLUG, SEGMENTS, SENT_SLUG
from config.demo.generator.people import maya
from config.demo.generator.permissions import readers
from config.demo.generator.stream import make_people, make_world
from config.demo.generator.world.clock import to_ms
from config.demo.state import moment
from config.demo.writing import past_clock, sink, steps
from config.demo.writing.progress import Progress
from config.home.needs import needs
from config.running import mailbox
from config.workspace.models import Role, User, Workspace
from config.workspace.selectors import forget_workspace, workspace
from config.workspace.work.due import drain
from consent.models import ConsentEntry, Topic
from profiles.models import Event, Identifier, Inbox, Merge, Profile, Rejection, Source
from segments.models import Membership, Segment


def owners(kind: str) -> dict[str, int]:
    return dict(Identifier.objects.filter(kind=kind).values_list("value", "profile_id"))


def names_of(slug: str) -> set[str]:
    """Members by user id, or by anonymous id where there is none."""
    ids = set(
        Membership.objects.filter(segment__slug=slug, left_at=None).values_list(
            "profile_id", flat=True
        )
    )
    by_user = {owner: name for name, owner in owners("user_id").items()}
    by_device = {owner: name for name, owner in owners("anonymous_id").items()}
    return {by_user.get(owner) or by_device[owner] for owner in ids}


def test_a_run_that_goes_on_counts_what_was_fed_before(demo, monkeypatch):
    assert demo.run.fed == demo.truths.messages
    monkeypatch.setattr(steps.inbox_feed, "waiting", lambda: demo.run.fed - 100)
    out = StringIO()
    progress = Progress(out)
    progress.step("People", 0.5)
    progress.said_at -= 60
    steps.Worked(demo.run, progress)._show()
    assert "100 events" in out.getvalue() and "-" not in out.getvalue()


def test_everything_came_in_and_only_the_forgetful_till_was_refused(demo):
    events = Event.objects.filter(source__is_internal=False)
    assert events.count() == demo.truths.messages
    assert Rejection.objects.count() == 4
    assert set(Rejection.objects.values_list("source__name", flat=True)) == {"Store till"}
    assert not Inbox.objects.exists()
    by_name = dict(events.values_list("name").annotate(n=Count("id")))
    assert by_name == demo.truths.by_event
    by_source = dict(events.values_list("source__name").annotate(n=Count("id")))
    assert by_source == demo.truths.by_source


def test_people_are_who_the_generator_says(demo):
    users, devices = owners("user_id"), owners("anonymous_id")
    absorbed = Merge.objects.filter(undone_at=None).count()
    assert Profile.objects.count() - absorbed == demo.truths.profiles
    assert len(users) == demo.truths.people
    for device, user in demo.truths.owner.items():
        assert devices[device] == users[user]


def test_couples_on_one_device_stay_two(demo):
    users = owners("user_id")
    assert demo.truths.shared
    for pair in demo.truths.shared.values():
        assert len({users[user] for user in pair}) == len(pair)


@pytest.mark.parametrize(
    "slug", [s["slug"] for s in SEGMENTS if s["slug"] not in ("newsletter-indonesia", *AUTOMATIC)]
)
def test_segments_have_exactly_their_people(demo, slug):
    assert names_of(slug) == set(demo.truths.members[slug])


def test_readers_in_indonesia_are_those_who_may_be_written_to(demo):
    end = moment(demo.run.fed_to)
    world = make_world(
        demo.run.profiles, demo.run.events, end, demo.run.seed, moment(demo.run.start)
    )
    said = list(permissions(**demo.run.run, end=end))
    found = names_of("newsletter-indonesia")
    expected = readers(said, make_people(world, to_ms(end)))
    left_by_mail = {
        name
        for name, owner in owners("user_id").items()
        if Message.objects.filter(profile_id=owner, unsubscribed_at__isnull=False).exists()
    }
    assert expected - left_by_mail == found


def test_money_adds_up_in_the_workspaces_currency(demo):
    orders = Event.objects.filter(name="Order Completed")
    euros = orders.filter(properties__currency="EUR").aggregate(n=Sum("value"))["n"]
    assert euros == pytest.approx(demo.truths.revenue["EUR"])
    dollars = orders.filter(properties__currency="USD").aggregate(n=Sum("value"))["n"]
    assert 0.85 < dollars / demo.truths.revenue["USD"] < 0.97


def test_permissions_are_the_persons_own_acts_at_their_time(demo):
    given = list(permissions(**demo.run.run, end=moment(demo.run.fed_to)))
    entries = ConsentEntry.objects.filter(source__isnull=False)
    assert entries.count() == len(given)
    assert set(entries.values_list("actor", flat=True)) == {"person"}
    assert entries.filter(evidence__act="form").exists()
    first = min(statement.at for statement in given)
    assert abs(entries.order_by("at").first().at - first) < timedelta(seconds=1)


def test_the_shop_is_furnished(demo):
    space = Workspace.objects.get()
    assert (space.name, space.currency, space.time_zone) == (
        "Cairnway Outdoor",
        "EUR",
        "Europe/Amsterdam",
    )
    assert space.demo_at is not None
    assert {topic.name for topic in Topic.objects.all()} >= {"New arrivals", "Restock"}
    assert {user.role for user in User.objects.all()} == set(Role.values)
    assert Source.objects.get(name="Web shop").public_write_key


def test_one_campaign_was_sent_days_ago_and_has_results(demo):
    campaign = Campaign.objects.get(slug=SENT_SLUG)
    assert campaign.status == "finished"
    assert abs(campaign.launched_at - demo.run.sent_at) < timedelta(minutes=5)
    messages = Message.objects.filter(campaign_id=campaign.pk)
    sent = messages.filter(state="sent")
    assert sent.count() >= 8
    assert messages.filter(state="excluded", reason="no_permission").exists()
    assert 0 < sent.filter(opened_at__isnull=False).count() < sent.count()
    for message in sent.filter(opened_at__isnull=False):
        assert message.sent_at < message.opened_at < datetime.now(UTC)
    told = Event.objects.filter(name="Email Opened").count()
    assert told == sent.filter(opened_at__isnull=False).count()


def test_its_mails_are_in_the_demo_mailbox_as_of_then(demo):
    mails = mailbox.list_messages(limit=1000)
    assert len(mails) == Message.objects.filter(state="sent").count()
    assert all(abs(mail.received_at - demo.run.sent_at) < timedelta(minutes=5) for mail in mails)
    dates = [mail.message["Date"].datetime for mail in mails]
    assert all(abs(date - demo.run.sent_at) < timedelta(minutes=5) for date in dates)
    assert all("/demo/shop/" not in mail.html or "/t/c/" not in mail.html for mail in mails)


def test_a_draft_waits_and_greets_maya(demo):
    campaign = Campaign.objects.get(slug=DRAFT_SLUG)
    assert campaign.status == "draft"
    person = Profile.objects.get(pk=owners("user_id")[maya.USER_ID])
    rendered = preview(campaign, person)
    assert rendered.subject.startswith("Maya,")
    assert "size 38.5" in rendered.html
    assert not rendered.missing


def test_three_things_need_somebody(demo):
    admin = team.members(demo.run)[0]
    said = [str(need.title) for need in needs(admin)]
    assert len(said) >= 3
    assert any("Store till" in title and "refused" in title for title in said)
    assert any("Cairnway Repairs" in title for title in said)
    assert any("Boots for tent people" in title for title in said)


def test_maya_is_two_people_yet(demo):
    assert owners("anonymous_id")[maya.LAPTOP_ID] != owners("user_id")[maya.USER_ID]
    assert maya.USER_ID in names_of("tent-no-boots")


def test_written_again_it_only_goes_on_to_now(demo):
    kinds = (Message, Segment, Campaign, User)
    before = [kind.objects.count() for kind in kinds]
    events = Event.objects.count()
    run = steps.begin_or_resume(9, 90)
    assert (run.profiles, run.events) == (demo.run.profiles, demo.run.events)
    with state.alone() as won:  # as the command does: no light traffic meanwhile
        assert won
        count = steps.fill_gap(run, Progress(StringIO()))
    assert [kind.objects.count() for kind in kinds] == before
    assert Event.objects.count() - events == count < 50


def test_a_killed_run_goes_on_where_it_was(demo):
    run = state.load()
    run.done = ["sent"]
    Workspace.objects.update(demo_at=None)
    events, messages = Event.objects.count(), Message.objects.count()
    state.remember(run, "done")
    resumed = steps.begin_or_resume(300, 7_500)
    steps.write(resumed, Progress(StringIO()))
    assert state.is_demo()
    assert Message.objects.count() == messages
    assert Event.objects.count() - events < 50


def test_a_restart_fills_the_gap(demo, monkeypatch):
    run = state.load()
    run.fed_to = run.said_to = (moment(run.fed_to) - timedelta(days=2)).isoformat()
    state.remember(run, "fed_to", "said_to")
    monkeypatch.setattr(traffic._Process, "has_looked", False)
    events = Event.objects.count()
    assert traffic.work() > 0  # the same two days again: every message is known
    drain()
    assert Event.objects.filter(source__is_internal=False).count() - events < 80
    after = state.load()
    assert datetime.now(UTC) - moment(after.fed_to) < timedelta(minutes=1)
    assert moment(after.said_to) >= moment(after.fed_to)


def test_light_traffic_comes_once_a_minute_until_it_is_switched_off(demo):
    traffic._Process.has_looked = True
    made = traffic.work()
    assert traffic.work() == 0
    drain()
    assert Event.objects.filter(message_id__contains="-100").count() >= made - 1
    run = state.load()
    run.traffic, run.lit_to = False, ""
    state.remember(run, "traffic", "lit_to")
    assert traffic.work() == 0


def test_outside_the_demo_nothing_is_made(db):
    forget_workspace()
    assert workspace().demo_at is None
    assert traffic.work() == 0
    assert not Inbox.objects.exists()


@override_settings(EMAIL_URL="smtp://mail.example:25")
def test_a_real_mail_server_is_no_place_for_a_demo(db):
    with pytest.raises(steps.NotHere):
        steps.begin_or_resume(300, 7_500)


def test_people_of_ones_own_are_not_mixed_with_made_up_ones(db):
    Profile.objects.create(bucket=1, first_seen=datetime.now(UTC), last_seen=datetime.now(UTC))
    with pytest.raises(steps.NotHere):
        steps.begin_or_resume(300, 7_500)
    assert state.load() is None


def test_the_clock_is_put_right_again():
    then = datetime(2026, 1, 1, tzinfo=UTC)
    with past_clock.set_to(then):
        assert past_clock.behind() > timedelta(0)
    assert past_clock.behind() < timedelta(seconds=1)


def test_maya_never_bounces():
    assert not sink.is_gone(maya.EMAIL)
    gone = sum(sink.is_gone(f"somebody{n}@example.com") for n in range(5_000))
    assert 30 < gone < 100
