"""A worker process killed with -9 amid a send: nobody twice, nothing lost, at most 25 unknown."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from campaigns.models import Campaign, Message, MessageChunk
from campaigns.services.launching import launch
from config.workspace.access import tokens
from consent.ledger.recording import Statement, record_consents
from consent.models import Purpose
from profiles.identity.keys import keep
from profiles.models import Identifier, Profile
from segments.models import Membership
from tests.campaigns.builders import make_campaign, make_segment, smtp_server

# the mark has a database made for it, when it runs alone too
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

COUNT = 2000
WRITTEN = (
    "message_chunk, message, enrolment, contact_count, consent_entry, consent_state, membership,"
    " segment, identifier, profile, profile_change, campaign, campaign_version, content_version,"
    " sender, job, inbox, audit_entry, secret"
)


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """Rows that other processes see, removed afterwards; what migrations wrote stays."""
    with django_db_blocker.unblock():
        try:
            yield
        finally:
            with connection.owner(), connection.cursor() as cursor:
                cursor.execute(f"TRUNCATE {WRITTEN} CASCADE")
            tokens.forget_keys()
            connection.close()


WORKER = """
import sys, django
from django.conf import settings
django.setup()
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.EMAIL_URL = sys.argv[2]
settings.LEASE_SECONDS = 3
import time
from campaigns.services.advance import advance_campaigns
from campaigns.delivery.worker import deliver
print("ready", flush=True)
until = time.monotonic() + 600
while time.monotonic() < until:
    if not (advance_campaigns() + deliver()):
        time.sleep(0.05)
"""


def start_worker(url: str) -> subprocess.Popen:
    command = [sys.executable, "-c", WORKER, connection.settings_dict["NAME"], url]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings_test"}
    process = subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().strip() == "ready"
    return process


def make_audience(count: int):
    now = timezone.now()
    people = Profile.objects.bulk_create(
        Profile(
            bucket=n % 10_000,
            display_name=f"P{n}",
            first_seen=now,
            last_seen=now,
            traits={"first_name": f"P{n}"},
        )
        for n in range(count)
    )
    keep(
        [
            Identifier(
                kind="email",
                value=f"p{n}@example.com",
                profile_id=person.pk,
                verified_at=now,
                first_source_id=1,
                first_seen=now,
                last_seen=now,
            )
            for n, person in enumerate(people)
        ]
    )
    marketing = Purpose.objects.get(slug="marketing").pk
    record_consents(
        [
            Statement(p.pk, marketing, "email", "granted", "consent", f"p{n}@example.com")
            for n, p in enumerate(people)
        ]
    )
    segment = make_segment()
    Membership.objects.bulk_create(
        Membership(segment=segment, profile=person, entered_at=now) for person in people
    )
    return segment


def wait_for(condition, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_killed_workers_double_nothing_and_lose_nothing(committed):
    with smtp_server() as server:
        campaign = launch(make_campaign(make_audience(COUNT)))
        workers: list[subprocess.Popen] = []
        kills = 3
        try:
            for round_ in range(kills):
                worker = start_worker(settings.EMAIL_URL)
                workers.append(worker)
                goal = (round_ + 1) * 400
                assert wait_for(lambda goal=goal: len(server.mails) > goal, 180)
                os.kill(worker.pid, signal.SIGKILL)
                worker.wait(10)
            workers.append(start_worker(settings.EMAIL_URL))
            finished = Campaign.objects.filter(pk=campaign.pk, status="finished")
            assert wait_for(finished.exists, 300)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait(10)
                worker.stdout.close()
        states = Counter(
            Message.objects.filter(campaign_id=campaign.pk).values_list("state", flat=True)
        )
        assert set(server.counts.values()) == {1}, "nobody got it twice"
        assert sum(states.values()) == COUNT
        assert set(states) <= {"sent", "unknown"}
        assert states["unknown"] <= 25 * kills
        delivered = set(server.counts)
        sent = set(Message.objects.filter(state="sent").values_list("address", flat=True))
        assert sent <= delivered
        assert len(delivered - sent) <= states["unknown"]
        assert not MessageChunk.objects.exists()
