"""What the ground floor keeps for a time only, and one job that cannot for all the others."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from config.environment import BadSetting, Environment
from config.home.checklist import _imported
from config.workspace.models import Circuit, Job, Webhook, WebhookDelivery
from config.workspace.outgoing.claims import QUEUE
from config.workspace.registry import Registry
from config.workspace.work import pruning
from config.workspace.work.pruning import PRUNERS
from tests.cast import ago

pytestmark = pytest.mark.django_db


def job(kind: str = "import", state: str = Job.State.DONE, **ended) -> Job:
    return Job.objects.create(kind=kind, title=kind, state=state, **ended)


def test_jobs_that_ended_long_ago_go_but_for_the_newest_of_a_kind_and_outcome(settings):
    first = job(finished_at=ago(400))
    last_done = job(finished_at=ago(300))
    failed = job(state=Job.State.FAILED, finished_at=ago(300))
    running = job("fan_out", Job.State.RUNNING, started_at=ago(300))  # of a campaign that is paused
    assert pruning.jobs(timezone.now()) == 1
    assert set(Job.objects.all()) == {last_done, failed, running}
    assert _imported(), "Home still knows that something was imported"
    lately = job(finished_at=ago(179))
    assert pruning.jobs(timezone.now()) == 1
    assert set(Job.objects.all()) == {lately, failed, running}
    settings.JOB_DAYS = 0
    job(finished_at=timezone.now())
    assert pruning.jobs(timezone.now() + timedelta(days=9999)) == 0
    assert not Job.objects.filter(pk=first.pk).exists()


def test_a_circuit_goes_when_nobody_has_tried_its_server_for_a_week():
    def circuit(server: str, tried_days_ago: float) -> None:
        Circuit.objects.create(
            server=server, channel="email", reason="no answer", failures=3,
            opened_at=ago(30), retry_at=ago(tried_days_ago),
        )  # fmt: skip

    circuit("old.example:25", 7.1)
    circuit("now.example:25", 6.9)
    assert pruning.circuits(timezone.now()) == 1
    assert Circuit.objects.get().server == "now.example:25"


def test_webhook_calls_go_when_they_are_done_and_old_and_are_found_by_an_index():
    hook = Webhook.objects.create(url="https://hooks.example/")

    def call(made: float, **done) -> int:
        row = WebhookDelivery.objects.create(webhook=hook, event="e", due_at=timezone.now(), **done)
        WebhookDelivery.objects.filter(pk=row.pk).update(created_at=ago(made))
        return row.pk

    call(31, delivered_at=ago(31))
    call(31, failed_at=ago(31))
    kept = {call(29, delivered_at=ago(29)), call(60)}  # one that waits, however long
    assert QUEUE.prune(timezone.now()) == 2
    assert set(WebhookDelivery.objects.values_list("pk", flat=True)) == kept
    assert "webhook_done" in plan_of(QUEUE.done, [ago(30), 10])


def plan_of(statement: str, values: list) -> str:
    """How a full table would be read: small ones are read as a whole."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", values)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_a_job_that_fails_keeps_no_other_from_its_rows(monkeypatch):
    found: Registry = Registry("pruners")
    done = []

    @found.register("broken")
    def broken(_now):
        raise ValueError("broken")

    @found.register("well")
    def well(_now):
        done.append("well")
        return 1

    monkeypatch.setattr(pruning, "PRUNERS", found)
    monkeypatch.setattr(pruning, "_rests_until", 0.0)
    with pytest.raises(ValueError, match="broken"):
        pruning.prune_due()
    assert done == ["well"]


def test_on_an_empty_installation_each_job_finds_nothing():
    assert {name: prune(timezone.now()) for name, prune in PRUNERS} == dict.fromkeys(
        PRUNERS.names(), 0
    )


def test_days_are_nought_or_at_least_so_many(monkeypatch):
    env = Environment()
    for text, found in (("0", 0), ("30", 30), ("", 365)):
        monkeypatch.setenv("EXCLUDED_DAYS", text)
        assert env.days("EXCLUDED_DAYS", default=365, least=30) == found
    for text in ("29", "-1", "x"):
        monkeypatch.setenv("EXCLUDED_DAYS", text)
        with pytest.raises(BadSetting, match="EXCLUDED_DAYS"):
            env.days("EXCLUDED_DAYS", default=365, least=30)
