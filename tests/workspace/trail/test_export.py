"""The trail narrowed by user, kind, thing and time, and the same as a file, streamed."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from config.workspace import audit
from config.workspace.models import AuditEntry, Role
from tests.cast import make_user

pytestmark = pytest.mark.django_db
TRAIL = "/console/workspace/auditentry/"


@pytest.fixture
def ada(client):
    user = make_user(Role.ADMIN, "ada", first_name="=HYPERLINK(1)")
    client.force_login(user)
    return user


def exported(client, kind, **query):
    answer = client.get(f"{TRAIL}export/{kind}/", query)
    assert answer.streaming
    return b"".join(answer.streaming_content).decode()


def test_what_the_list_is_narrowed_by_the_file_is_too(ada, client, monkeypatch):
    ben = make_user(Role.ADMIN, "ben")
    earlier = timezone.now() - timedelta(days=10)
    for user, moment in ((ada, timezone.now()), (ben, earlier)):
        with audit.acting(audit.actor_of_user(user)), monkeypatch.context() as then:
            then.setattr(timezone, "now", lambda moment=moment: moment)
            audit.record("profile.viewed", "profile", f"p-{user.username}", fields=["email"])
    week = str(timezone.localdate() - timedelta(days=7))
    for query, wanted in [
        ({"user": str(ben.pk)}, {"p-ben"}),
        ({"action": "profile.viewed"}, {"p-ada", "p-ben"}),
        ({"action": "profile.viewed", "since": week}, {"p-ada"}),
        ({"action": "profile.viewed", "until": week}, {"p-ben"}),
        ({"action": "profile.viewed", "since": "soon"}, {"p-ada", "p-ben"}),
        ({"target_kind": "profile", "q": "p-ada"}, {"p-ada"}),
        ({"user": "x"}, set()),
    ]:
        lines = [json.loads(one) for one in exported(client, "jsonl", **query).splitlines()]
        assert {one["target"] for one in lines} == wanted, query
        rows = list(csv.DictReader(io.StringIO(exported(client, "csv", **query))))
        assert {one["target"] for one in rows} == wanted, query
        assert client.get(TRAIL, query).context["cl"].result_count == len(wanted)
    assert AuditEntry.objects.filter(action="trail.exported").count() == 14
    everything = exported(client, "jsonl")
    assert len(everything.splitlines()) == AuditEntry.objects.count()


def test_names_start_no_formula_and_only_who_may_look_may_take(ada, client):
    with audit.acting(audit.Actor("user", ada.pk, "=cmd|' /C calc'!A0")):
        audit.record("profile.viewed", "profile", "@SUM(1)")
    rows = csv.DictReader(io.StringIO(exported(client, "csv", target_kind="profile")))
    row = next(rows)
    assert (row["actor_name"], row["target"]) == ("'=cmd|' /C calc'!A0", "'@SUM(1)")
    assert client.get(f"{TRAIL}export/xlsx/").status_code == 404
    assert client.get(f"{TRAIL}export/csv/", {"digest__gt": "x"}).status_code in (302, 400)
    client.force_login(make_user(Role.MARKETER, "mei"))
    assert client.get(f"{TRAIL}export/csv/").status_code == 403
