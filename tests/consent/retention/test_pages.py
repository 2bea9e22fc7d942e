"""Retention as the officer sees it, and over REST: nothing goes by a rule that nobody counted."""

import pytest
from django.test import Client

from config.workspace.access.keys import create_api_key
from config.workspace.models import Role
from config.workspace.work.due import drain
from consent.models import RetentionRule, RetentionRun
from consent.retention import keeping
from consent.retention.classes import CLASSES
from profiles.models import Event
from tests.campaigns.builders import make_person
from tests.cast import make_event, make_user

pytestmark = pytest.mark.django_db
LIST = "/console/privacy/retention/"


@pytest.fixture
def officer():
    client = Client()
    client.force_login(make_user(Role.PRIVACY_OFFICER, "vera"))
    return client


def test_from_a_rule_through_its_dry_run_to_what_it_took(officer):
    ada = make_person("ada", "")
    make_event(ada, "Page Viewed", days_ago=900)
    make_event(ada, "<i>old</i>", days_ago=900)
    make_event(ada, "Page Viewed", days_ago=9)
    page = officer.get(LIST).content.decode()
    for _name, kind in CLASSES:
        assert str(kind.label) in page
    assert "until the person is erased" in page
    form = {"data_class": "event", "keep_n": "2", "keep_unit": "year", "act": "delete"}
    page = officer.post(f"{LIST}new/", form | {"keep_n": "900"}).content.decode()
    assert "hundred years" in page
    page = officer.post(f"{LIST}new/", form, follow=True).content.decode()
    assert "It would take 2 rows from before" in page
    assert "&lt;i&gt;old" in page
    assert "Delete 2 rows now, and go on every night" in page
    rule = RetentionRule.objects.get()
    one = f"{LIST}{rule.pk}/"
    assert not rule.is_enabled
    assert "There is a rule" in officer.post(f"{LIST}new/", form).content.decode()
    page = officer.post(f"{one}on/", follow=True).content.decode()
    assert "the first run begins now" in page
    drain()
    assert Event.objects.count() == 1
    page = officer.get(one).content.decode()
    assert "2 rows" in page
    assert "vera" in page
    assert "2 rows" in officer.get(LIST).content.decode()
    change = {"keep_n": "1", "keep_unit": "year", "act": "anonymise", "because": "tax"}
    page = officer.post(one, change, follow=True).content.decode()
    assert "switched off" in page
    assert "Nothing is that old" in page
    officer.post(f"{one}on/")
    officer.post(f"{one}off/")
    rule.refresh_from_db()
    assert (rule.is_enabled, rule.because) == (False, "tax")
    officer.post(f"{one}remove/")
    assert RetentionRun.objects.get().rule is None
    assert "2 rows" in officer.get(LIST).content.decode(), "what ran stays told"
    marketer = Client()
    marketer.force_login(make_user(Role.MARKETER))
    for address in (LIST, one, f"{LIST}new/"):
        assert marketer.get(address).status_code == 403  # noqa: PLR2004


def test_the_same_over_rest_with_the_path_of_what_is_wrong():
    ada = make_person("ada", "")
    make_event(ada, "Page Viewed", days_ago=900)
    _row, key = create_api_key(name="officer", scopes=["privacy"])
    api = Client(headers={"Authorization": f"Bearer {key}"})

    def call(method, path, body=None):
        answer = api.generic(method, f"/api/{path}", _json(body), "application/json")
        return answer.status_code, answer.json() if answer.content else {}

    wrong = {"data_class": "job", "keep": {"n": 2, "unit": "year"}}
    status, said = call("POST", "retention-rules/", wrong)
    assert (status, said["errors"][0]["path"]) == (400, "keep.n")
    status, said = call("POST", "retention-rules/", {**wrong, "data_class": "x"})
    assert (status, said["errors"][0]["path"]) == (400, "data_class")
    status, rule = call("POST", "retention-rules/", {**wrong, "data_class": "event"})
    assert (status, rule["enabled"], rule["dry_run"]) == (201, False, None)
    one = f"retention-rules/{rule['id']}/"
    status, said = call("PATCH", one, {"enabled": True})
    assert (status, said["errors"][0]["path"]) == (400, "enabled")
    status, counted = call("POST", f"{one}dry-run/")
    assert (status, counted["rows"], counted["people"]) == (200, 1, 1)
    assert counted["parts"] == [{"name": "Page Viewed", "rows": 1}]
    assert call("PATCH", one, {"enabled": True})[1]["enabled"]
    drain()
    [run] = call("GET", "retention-runs/")[1]["results"]
    assert (run["state"], run["rows"]["event"]) == ("done", 1)
    assert call("GET", one)[1]["last_run"]["id"] == run["id"]
    assert not call("PATCH", one, {"keep": {"n": 1, "unit": "year"}})[1]["enabled"]
    assert len(call("GET", "retention-rules/")[1]["results"]) == 1
    assert call("DELETE", one)[0] == 204  # noqa: PLR2004
    assert call("GET", one)[0] == 404  # noqa: PLR2004


def _json(body):
    import json  # noqa: PLC0415

    return json.dumps(body) if body is not None else ""


def test_a_count_that_takes_too_long_is_left_to_the_worker(officer, monkeypatch):
    from django.db import connection  # noqa: PLC0415

    rule = keeping.make({"data_class": "event", "act": "delete", "keep_n": 2, "keep_unit": "year"})
    real = keeping.count

    def slowly(rule):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '10ms'; SELECT pg_sleep(1)")
        return real(rule)

    monkeypatch.setattr(keeping, "count", slowly)
    page = officer.post(f"{LIST}{rule.pk}/count/", follow=True).content.decode()
    assert "it is being counted" in page
    monkeypatch.undo()
    drain()
    assert "it would take nothing today" in officer.get(f"{LIST}{rule.pk}/").content.decode()
