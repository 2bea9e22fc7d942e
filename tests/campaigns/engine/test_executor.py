"""Campaigns of several steps: who enters, what each step does, and what becomes of people."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.engine import claims, executor
from campaigns.engine.executor import advance, advance_enrolments
from campaigns.models import Campaign, ContactCount, Enrolment, Message, MessageChunk, Transition
from campaigns.outcomes.recording import find_sent, record_click
from campaigns.outcomes.report import report
from campaigns.services.launching import cancel, launch, pause, resume
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from profiles.ingest import processor
from profiles.merging.merging import merge_people, undo_merge
from tests.campaigns.builders import (
    deliver_all,
    make_campaign,
    make_person,
    make_segment,
    say,
)
from tests.campaigns.engine_builders import (
    REMINDER,
    advance_all,
    got,
    let_pass,
    mail,
    wait,
    way_of,
)
from tests.cast import make_event, make_profile

pytestmark = pytest.mark.django_db


def people(*names: str) -> list:
    found = []
    for name in names:
        traits = {"first_name": name}
        found.append(make_profile(name.title(), email=f"{name}@example.com", traits=traits))
        say(found[-1], point=f"{name}@example.com", act="form")
    return found


def click(person) -> None:
    row = Message.objects.get(profile=person, step="first")
    record_click(find_sent(row.profile_id, row.pk), 0, "https://shop.example/", "human")
    while processor.work():
        pass


def begun(*members, steps=REMINDER, slug="spring", **data) -> Campaign:
    data = {"caps": {"unlimited": True}} | data
    campaign = launch(make_campaign(make_segment(*members, slug=slug), slug, steps=steps, **data))
    advance_all()
    campaign.refresh_from_db()
    return campaign


def test_mail_wait_two_days_mail_to_those_who_did_not_click(server):
    ada, ben = people("ada", "ben")
    frozen = make_person("frozen", state="restricted")
    silent = make_person("silent")
    campaign = begun(ada, ben, frozen, silent)
    assert got("first") == {"ada@example.com", "ben@example.com"}
    assert Message.objects.get(profile=silent).reason == "no_permission"
    assert Enrolment.objects.get(profile=frozen).end_reason == "frozen"
    due = Enrolment.objects.get(profile=ada)
    assert (due.step, (due.due_at - due.entered_at).days) == ("pause", 2)
    deliver_all()
    click(ada)
    let_pass(days=1)
    advance_all()
    assert not Message.objects.filter(step="second").exists(), "not before the two days are over"
    let_pass(days=1)
    advance_all()
    assert got("second") == {"ben@example.com"}
    deliver_all()
    assert server.counts == {"ada@example.com": 1, "ben@example.com": 2}
    advance_all()
    campaign.refresh_from_db()
    assert campaign.status == "finished"
    assert way_of(ada, campaign) == [
        ("first", "pause", "queued"), ("pause", "clicked", "waited"), ("clicked", "", "clicked"),
    ]  # fmt: skip
    assert way_of(ben, campaign)[2:] == [("clicked", "second", "else"), ("second", "", "queued")]
    assert way_of(silent, campaign)[0] == ("first", "pause", "no_permission"), "they go on as well"
    ended = Enrolment.objects.filter(campaign=campaign).exclude(profile=frozen)
    assert set(ended.values_list("end_reason", flat=True)) == {"completed"}
    assert Message.objects.filter(campaign_id=campaign.pk, enrolment_id=None).count() == 0


def test_a_wait_after_a_throttled_mail_begins_when_its_turn_comes():
    an_hour_each = mail("first", per_second=1 / 3600)
    everyone = people("ada", "ben", "cleo", "dan")
    say(everyone[3], "withdrawn", point="dan@example.com")
    campaign = begun(*everyone, steps=[an_hour_each, wait(days=2), mail("second")])
    chunks = MessageChunk.objects.filter(campaign_id=campaign.pk).order_by("due_at")
    turns = {chunk.profile_ids[0]: chunk.due_at for chunk in chunks}
    assert len(turns) == 3 and max(turns.values()) - min(turns.values()) == timedelta(hours=2)
    for row in Enrolment.objects.filter(campaign=campaign):
        # who gets nothing has nothing to wait for
        begins = turns.get(row.profile_id, row.entered_at)
        assert timedelta() <= row.due_at - begins - timedelta(days=2) < timedelta(minutes=1)
    let_pass(days=2)
    advance_all()
    first = min(turns, key=turns.__getitem__)
    assert {row.profile_id for row in Message.objects.filter(step="second")} == {
        first,
        everyone[3].pk,
    }


def test_whoever_left_the_segment_goes_on_and_a_withdrawal_is_heeded(server):
    ada, ben = people("ada", "ben")
    campaign = begun(ada, ben)
    deliver_all()
    segment = campaign.entry["segment"]
    from segments.models import Membership  # noqa: PLC0415 - of this test alone

    Membership.objects.filter(segment__slug=segment).update(left_at=timezone.now())
    let_pass(days=2)
    advance_all()
    say(ben, "withdrawn")
    deliver_all()
    assert server.counts == {"ada@example.com": 2, "ben@example.com": 1}
    assert Message.objects.get(profile=ben, step="second").reason == "no_permission"


def test_the_control_group_is_drawn_at_the_entry_and_compared_as_entered():
    everyone = [make_person(f"p{n}", bucket=n * 50) for n in range(200)]
    for person in everyone[:150]:
        say(person)
    campaign = begun(*everyone, holdout={"share": 0.2})
    control = Enrolment.objects.filter(campaign=campaign, arm="control")
    assert control.count() == 40
    assert set(control.values_list("end_reason", flat=True)) == {"holdout"}
    assert not Message.objects.filter(reason="holdout").exists()
    assert not Message.objects.filter(profile__in=control.values("profile")).exists()
    assert ContactCount.objects.count() == len(got("first")), "and uses no frequency"


def kept_from_all(share: float) -> None:
    """From now on this share of people gets no marketing at all."""
    Workspace.objects.update(settings={"holdout": share})
    forget_workspace()


@pytest.fixture
def crowd():
    """Everybody buys; a quarter may not be written to."""
    found = [make_person(f"p{n}", bucket=n * 100) for n in range(100)]
    for person in found[25:]:
        say(person)
    for person in found:
        make_event(person, "Order Completed", at=timezone.now() + timedelta(minutes=1), total=1)
    yield found
    forget_workspace()


GOAL = {"event": "Order Completed"}


def arms_of_report(campaign) -> tuple[int, int]:
    """People who were treated, and who were kept out to compare with."""
    found = report(campaign)
    return found["lift"].get("people", 0), found["control"].get("people", 0)


def test_who_the_workspace_keeps_from_marketing_is_never_treated(crowd):
    kept_from_all(0.2)
    # of a way of marketing alone they are the control group, whatever else would keep them out
    campaign = begun(*crowd, goal=GOAL)
    assert Enrolment.objects.filter(campaign=campaign, arm="control").count() == 20
    assert arms_of_report(campaign) == (80, 20)
    assert report(campaign)["excluded"]["holdout"] == 20
    lots = begun(*crowd, goal=GOAL, holdout=0.5, slug="lots")
    treated, control = arms_of_report(lots)
    assert treated + control == 100 and 50 <= control <= 70
    # where there is service mail too they get that, and are in neither arm
    steps = [mail("receipt", purpose="service"), wait(days=1), mail("first")]
    both = begun(*crowd, goal=GOAL, holdout=0.5, slug="both", steps=steps)
    general = Enrolment.objects.filter(campaign=both, arm="general")
    ways = Message.objects.filter(campaign_id=both.pk, step="receipt", state="queued")
    served = set(ways.values_list("profile_id", flat=True))
    assert 0 < general.count() <= 20
    assert set(general.values_list("profile_id", flat=True)) <= served
    assert arms_of_report(both) == (50 - general.count(), 50)


def test_who_is_kept_from_marketing_while_on_the_way_is_treated_no_more(crowd):
    campaign = begun(*crowd, goal=GOAL, holdout=0.5, steps=[wait(days=1), mail("first")])
    kept_from_all(0.2)
    let_pass(days=1)
    advance_all()
    held = Message.objects.filter(campaign_id=campaign.pk, reason="holdout").count()
    assert held > 0
    assert arms_of_report(campaign) == (50 - held, 50)


def test_nobody_enters_twice_and_a_paused_campaign_stands_still():
    ada, ben = people("ada", "ben")
    campaign = begun(ada, ben)
    pause(campaign)
    let_pass(days=3)
    advance_all()
    assert set(Enrolment.objects.values_list("step", flat=True)) == {"pause"}
    resume(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(fanned_out_at=None)
    from config.workspace.models import Job  # noqa: PLC0415 - of this test alone

    Job.objects.all().delete()  # the walk begins anew
    advance_all()
    assert Enrolment.objects.count() == 2
    cancel(campaign)
    assert set(Message.objects.values_list("state", flat=True)) == {"cancelled"}
    assert not MessageChunk.objects.exists()


def test_cancelled_campaigns_end_whoever_is_on_the_way():
    (ada,) = people("ada")
    campaign = begun(ada)
    cancel(campaign)
    let_pass(days=3)
    assert advance_enrolments() == 0
    row = Enrolment.objects.get(profile=ada)
    assert (row.end_reason, row.ended_at is None) == ("cancelled", False)


def test_who_shares_an_address_with_somebody_on_the_way_gets_nothing_twice():
    (owner,) = people("owner")
    kid = make_person("kid", email_address=None, traits={"email": " Owner@example.com"})
    say(kid, point="owner@example.com")
    begun(kid, owner, steps=[wait(days=1), mail("first")])
    let_pass(days=1)
    advance_all()
    reasons = dict(Message.objects.values_list("profile__display_name", "reason"))
    assert reasons == {"Owner": "", "Kid": "duplicate_address"}


def test_a_lease_that_ran_out_is_anothers_and_its_holder_writes_nothing():
    (ada,) = people("ada")
    campaign = begun(ada)
    let_pass(days=2)
    now = timezone.now()
    first = claims.claim(campaign.pk, now)
    assert first is not None
    assert claims.claim(campaign.pk, now) is None, "it is held"
    assert claims.enrolments_left() == claims.Left(1, 1)
    let_pass(minutes=5)
    second = claims.claim(campaign.pk, now)
    assert second.pairs == first.pairs
    assert executor.execute(first, now) == 0
    assert executor.execute(second, now) == 1
    assert executor.execute(second, now) == 0, "and once"
    assert Transition.objects.filter(from_step="pause").count() == 1


def test_what_a_step_lacks_stands_on_the_campaign_and_nobody_is_lost(monkeypatch):
    (ada,) = people("ada")
    campaign = begun(ada)
    let_pass(days=2)

    class Broken:
        def run(self, cursor, batch):
            raise RuntimeError("no")

    monkeypatch.setattr(executor, "kind_of", lambda step: Broken())
    assert advance_enrolments() == 0
    campaign.refresh_from_db()
    assert campaign.fault_count == 1
    row = Enrolment.objects.get(profile=ada)
    assert (row.step, row.lease) == ("pause", None), "it is given back"
    monkeypatch.undo()
    assert advance(campaign.pk, timezone.now()) == 1


def test_a_merge_while_they_wait_moves_their_place_and_its_undoing_gives_it_back():
    ada, ben = people("ada", "ben")
    campaign = begun(ada, ben)
    let_pass(days=2)
    now = timezone.now()
    claimed = claims.claim(campaign.pk, now)
    merge = merge_people(survivor_id=ada.pk, absorbed_id=ben.pk, rule="by hand", evidence={})
    assert executor.execute(claimed, now) == 1, "who was merged meanwhile is the other"
    advance_all()
    inside = Enrolment.objects.filter(campaign=campaign)
    assert sorted(inside.values_list("end_reason", flat=True)) == ["completed", "merged"]
    assert {row.profile_id for row in inside} == {ada.pk}
    undo_merge(merge_id=merge)
    back = Enrolment.objects.get(profile=ben)
    assert (back.step, back.ended_at, back.lease) == ("pause", None, None)
    advance_all()
    rows = (
        Message.objects.filter(step="second").order_by("profile").values_list("profile", "reason")
    )
    assert list(rows) == [(ada.pk, ""), (ben.pk, "duplicate_address")], "ben has it there already"


@pytest.mark.parametrize("is_apart", [True, False])
@pytest.mark.parametrize("survivor", [0, 1])
def test_a_step_that_was_sent_to_an_address_under_another_is_not_sent_there_again(
    survivor, is_apart
):
    """Both are on the way when they turn out to be one, and are taken apart again, or not."""
    both = people("ada", "ben")
    ada, ben = both[survivor], both[1 - survivor]
    campaign = begun(ada, ben)
    let_pass(days=2)
    if not is_apart:  # one of them is further already
        Enrolment.objects.filter(profile=ada).update(due_at=timezone.now() + timedelta(days=1))
        advance_all()
    merge = merge_people(survivor_id=ada.pk, absorbed_id=ben.pk, rule="by hand", evidence={})
    let_pass(days=2)
    advance_all()
    if is_apart:
        undo_merge(merge_id=merge)
        advance_all()
    rows = Message.objects.filter(step="second")
    sent = list(rows.exclude(state="excluded").values_list("address", flat=True))
    assert sent and sorted(sent) == sorted(set(sent))
    assert set(rows.values_list("reason", flat=True)) <= {"", "duplicate_address"}
    assert not Enrolment.objects.filter(campaign=campaign, ended_at=None).exists()
