"""What campaigns keep for a time only: who got nothing, days of contact, launches that ended."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from campaigns import pruning
from campaigns.models import Campaign, ContactCount, ExcludedCount, Message, Transition
from campaigns.outcomes.report import report
from campaigns.services import shapes
from campaigns.services.drafts import InvalidCampaign
from campaigns.services.launching import cancel, launch
from config.workspace.models import Job
from config.workspace.work.pruning import PORTION
from tests.campaigns.builders import (
    add_address,
    fan_out_all,
    launched,
    make_campaign,
    make_person,
    make_segment,
    say,
)

pytestmark = pytest.mark.django_db
AB = {
    "variants": [
        {"name": name, "share": 0.5, "content": {"subject": name, "text": "{{ unsubscribe_url }}"}}
        for name in "ab"
    ],
    "content": None,
}


def audience():
    """One who may get it, and three who were never asked, in both arms."""
    people = [make_person(f"p{n}", bucket=n * 2500) for n in range(4)]
    say(people[0])
    return make_segment(*people)


def end(campaign: Campaign, days_ago: float, status: str = "finished") -> None:
    ended = timezone.now() - timedelta(days=days_ago)
    Campaign.objects.filter(pk=campaign.pk).update(status=status, finished_at=ended)


def test_only_what_campaigns_of_long_ago_left_out_is_folded_portion_by_portion(
    monkeypatch, settings
):
    segment = audience()
    made = {
        name: launched(segment, name, caps={"unlimited": True}) for name in ("old", "late", "on")
    }
    end(made["old"], 366)
    end(made["late"], 364)
    before = report(made["old"])
    assert before["excluded"] == {"no_permission": 3}
    monkeypatch.setattr(pruning, "PORTION", 2)
    assert [pruning.fold_excluded(timezone.now()) for _ in range(3)] == [2, 1, 0]
    assert report(made["old"]) == before
    left = Message.objects.filter(state="excluded").values_list("campaign_id", flat=True)
    assert sorted(left) == sorted([made["late"].pk] * 3 + [made["on"].pk] * 3)
    assert ExcludedCount.objects.get().n == 3
    settings.EXCLUDED_DAYS = 0
    assert pruning.fold_excluded(timezone.now() + timedelta(days=9999)) == 0


def test_the_arms_of_a_test_keep_their_sizes(settings):
    campaign = launched(audience(), step=AB)
    end(campaign, 366)
    before = report(campaign)
    assert sum(n for n in before["excluded"].values()) == 3
    assert pruning.fold_excluded(timezone.now()) == 3
    after = report(campaign)
    assert after == before
    assert {one["name"] for one in after["variants"]} == {"a", "b"}


def test_what_is_folded_is_found_by_the_index_of_campaigns():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        values = [pruning.FOLDED, PORTION, timezone.now(), PORTION]
        cursor.execute(f"EXPLAIN {pruning.FOLD}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "message_by_campaign" in plan
        cursor.execute("SET LOCAL enable_seqscan = on")
        cursor.execute(
            "INSERT INTO contact_count (profile_id, channel, day, n) SELECT %s, 'email',"
            " '1950-01-01'::date + n, 1 FROM generate_series(1, 100000) n",
            [make_person("p").pk],
        )
        cursor.execute("SELECT rapport_analyse('{contact_count}')")  # the owner's right
        cursor.execute(f"EXPLAIN {pruning.COUNTS}", [date(1950, 3, 1), PORTION])
        plan = [line for (line,) in cursor.fetchall()]
        assert "contact_count_by_day" in "\n".join(plan)
        cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
        cursor.execute(f"EXPLAIN {pruning.COUNTS}", [date(1950, 3, 1), PORTION])
        by_key = [line for (line,) in cursor.fetchall() if "Index Cond" in line]
        assert any("channel" in line for line in by_key), "else a person's rows are read for each"


def test_days_of_contact_go_unless_a_campaign_under_way_looks_further_back(monkeypatch):
    person, now = make_person("p"), timezone.now()

    def counted(*days_ago: int) -> None:
        ContactCount.objects.all().delete()
        ContactCount.objects.bulk_create(
            ContactCount(profile=person, channel="email", day=now.date() - timedelta(days=n), n=1)
            for n in days_ago
        )

    counted(0, 399, 401, 700)
    assert pruning.prune_counts(now) == 2
    assert pruning.prune_counts(now) == 0
    assert ContactCount.objects.count() == 2
    segment = make_segment(person)
    with pytest.raises(InvalidCampaign, match="A whole number from 1 to 400"):
        make_campaign(segment, caps={"count": 1, "per_days": 401})
    with monkeypatch.context() as then:
        then.setattr(shapes, "MOST_DAYS", 600)  # before counts were kept for a shorter time
        campaign = launch(make_campaign(segment, caps={"count": 1, "per_days": 600}))
    counted(599, 601)
    assert pruning.prune_counts(now) == 1
    cancel(campaign)
    assert pruning.prune_counts(now) == 1


def test_a_launch_that_is_cancelled_leaves_no_job_that_runs_for_ever():
    add_address(make_person("extra"), "second@example.com")
    campaign = launch(make_campaign(audience()))
    job = Job.objects.create(
        kind="fan_out",
        title="spring",
        subject=campaign.job_subject,
        state=Job.State.RUNNING,
    )
    cancel(campaign)
    job.refresh_from_db()
    assert (job.state, job.finished_at is not None) == (Job.State.STOPPED, True)
    fan_out_all()
    assert not Message.objects.filter(state="queued").exists()


def test_which_way_people_took_is_kept_for_a_time(settings):
    now = timezone.now()
    person = make_person()
    for days, step in ((401, "old"), (399, "late")):
        Transition.objects.create(
            profile=person, enrolment_id=1, campaign_id=1, from_step=step, decided="waited",
            at=now - timedelta(days=days),
        )  # fmt: skip
    settings.TRANSITION_DAYS = 0
    assert pruning.prune_transitions(now) == 0, "for ever"
    settings.TRANSITION_DAYS = 400
    assert [pruning.prune_transitions(now) for _ in range(2)] == [1, 0]
    assert [row.from_step for row in Transition.objects.all()] == ["late"]
