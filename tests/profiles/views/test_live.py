"""Live events, and sources' keys."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.workspace.models import Role, Workspace
from config.workspace.selectors import forget_workspace
from profiles.ingest.keys import source_of
from profiles.models import Event, EventDefinition, Inbox, Source
from profiles.selectors import live
from tests.cast import (
    make_ada,
    make_event,
    make_identifier,
    make_profile,
    make_rejection,
    make_source,
)
from tests.profiles.views.conftest import signed_in

pytestmark = pytest.mark.django_db
LIVE = "/console/live/"
HTMX = {"HTTP_HX_REQUEST": "true"}


def test_an_empty_installation_listens(admin):
    text = admin.get(LIVE).content.decode()
    assert "Listening..." in text


def test_each_row_says_what_became_of_it(admin):
    ada = make_ada()
    make_event(ada, "Order Completed", revenue=349.0, currency="EUR")
    make_rejection(make_source("Till"))
    make_rejection(make_source("Till"))
    text = admin.get(LIVE).content.decode()
    assert "Kept" in text
    assert "€349.00" in text
    assert "Ada Lovelace" in text
    assert "total must be a number" in text
    assert "<mark>" in text
    assert "properties.total" in text
    assert "2 calls of Till were refused for this reason" in text


def test_filters_narrow(admin):
    ada, till = make_ada(), make_source("Till")
    make_event(ada, "Signed Up")
    make_event(ada, "Page Viewed", source=till, name="Home")
    make_rejection(till)

    def shown(**query) -> list[str]:
        rows = admin.get(LIVE, query, **HTMX).context["rows"]
        return sorted("refused" if row.refused else row.what for row in rows)

    assert shown() == ["Home", "Signed Up", "refused"]
    assert shown(status="kept") == ["Home", "Signed Up"]
    assert shown(status="refused") == ["refused"]
    assert shown(type="page") == ["Home"]
    assert shown(source=till.pk) == ["Home", "refused"]
    assert shown(source="x", type="x", status="x") == ["Home", "Signed Up", "refused"]


def test_newer_calls_wait_behind_a_bar(admin):
    ada = make_ada()
    make_event(ada, "Signed Up")
    url = admin.get(LIVE).context["newer_url"]
    assert admin.get(url, **HTMX).context["newer"] == 0
    make_event(ada, "Signed Up"), make_rejection()
    answer = admin.get(url, **HTMX)
    assert answer.context["newer"] == 2
    assert "2 newer calls" in answer.content.decode()


def test_at_the_top_they_come_in_by_themselves_each_to_its_place(admin):
    ada = make_ada()
    make_event(ada, "Signed Up")
    url = admin.get(LIVE).context["newer_url"]
    early = make_event(ada, "Checkout Started")
    make_event(ada, "Order Completed")
    answer = admin.get(f"{url}&flow=1", **HTMX)
    assert [row.what for row in answer.context["rows"]] == [
        "Order Completed",
        "Checkout Started",
        "Signed Up",
    ]
    assert answer.content.decode().count('class="r-ev-l"') == 3
    # an id is given out before its row is committed: what comes late is brought all the same
    url = answer.context["newer_url"]
    Event.objects.filter(pk=early.pk).delete()
    mark = admin.get(f"{url}&flow=1", **HTMX).context["newer_url"]
    Event.objects.create(**{f.attname: getattr(early, f.attname) for f in Event._meta.fields})
    late = admin.get(f"{mark}&flow=1", **HTMX)
    assert early.pk in [row.call.event.pk for row in late.context["rows"]]


def test_more_than_a_page_stands_alone(admin):
    ada = make_ada()
    url = admin.get(LIVE).context["newer_url"]
    for _number in range(live.PAGE + 1):
        make_event(ada, "Signed Up")
    answer = admin.get(f"{url}&flow=1", **HTMX)
    assert len(answer.context["rows"]) == live.PAGE
    assert not answer.context["is_whole"]


def test_a_page_that_stays_open_costs_one_query_while_nothing_comes(admin):
    long_ago = timezone.now() - timedelta(hours=2)
    make_event(make_ada(), "Signed Up", at=long_ago)
    Event.objects.update(received_at=long_ago)
    url = admin.get(LIVE, {"q": "Ada"}).context["newer_url"]
    url = admin.get(f"{url}&flow=1", **HTMX).context["newer_url"]
    with CaptureQueriesContext(connection) as asked:
        answer = admin.get(f"{url}&flow=1", **HTMX)
    assert answer.status_code == 204
    of_calls = [one["sql"] for one in asked if "event" in one["sql"] or "rejection" in one["sql"]]
    assert len(of_calls) == 1, of_calls
    make_event(make_profile("Ben"), "Signed Up")
    assert admin.get(f"{url}&flow=1", **HTMX).status_code == 200


def test_a_search_finds_what_is_meant(admin):
    Workspace.objects.update(country="ID")
    forget_workspace()
    ada, ben, till = make_ada(), make_profile("Ben"), make_source("Till in Lyon")
    make_identifier(ada, "phone", "+6281234567890")
    for number in range(3):
        make_event(ada, "Signed Up", days_ago=number * 30)
    sold = make_event(ben, "Order Completed", source=till)
    make_rejection(message_id="till-lyon-88213", body='{"event": "Order Refunded"}')

    def found(term: str) -> list[str]:
        rows = admin.get(LIVE, {"q": term}, **HTMX).context["rows"]
        return sorted("refused" if row.refused else row.what for row in rows)

    assert found("Ada") == found("0812 3456 7890") == found("u_ada") == ["Signed Up"] * 3
    assert found("order comp") == ["Order Completed"]
    assert found(sold.message_id) == ["Order Completed"]
    assert found("lyon") == ["Order Completed"]
    assert found("till-lyon-88213") == found("Refunded") == ["refused"]
    assert found("nobody at all") == []
    make_event(ada, "Signed Up")
    url = admin.get(LIVE, {"q": "Ben"}).context["newer_url"]
    make_event(ada, "Signed Up"), make_event(ben, "Checkout Started")
    rows = admin.get(f"{url}&flow=1", **HTMX).context["rows"]
    assert {row.what for row in rows} == {"Checkout Started", "Order Completed"}


def test_who_may_not_see_a_value_may_not_search_by_it(analyst):
    ada = make_ada()
    make_event(ada, "ada@example.com did it")
    EventDefinition.objects.create(name="ada@example.com did it")
    make_rejection(body='{"traits": {"email": "ada@example.com"}}', message_id="ada@example.com")
    for term in ("ada@example.com", "ada@", "Ada", "did it"):
        assert analyst.get(LIVE, {"q": term}, **HTMX).context["rows"] == [], term


def test_the_trace_of_a_call(admin, analyst):
    ada = make_ada()
    event = make_event(ada, "Signed Up", email="ada@example.com")
    url = reverse("profiles:live_call", args=[ada.pk, event.pk])
    text = admin.get(url, **HTMX).content.decode()
    assert "Ada Lovelace" in text
    assert "u_ada" in text
    assert "ada@" not in analyst.get(url, **HTMX).content.decode()
    at = timezone.localtime(event.received_at)
    assert f"{at:%H:%M:%S}.{at.microsecond // 1000:03}" in text
    gone = reverse("profiles:live_call", args=[ada.pk + 1, event.pk])
    assert "another person meanwhile" in admin.get(gone, **HTMX).content.decode()
    far = reverse("profiles:live_call", args=[10**30, 10**30])
    assert admin.get(far, **HTMX).status_code == 200


def test_what_waits_is_said(admin):
    waits = timezone.now() - timedelta(minutes=3)
    Inbox.objects.create(source=make_source(), body=b"[]", count=312, received_at=waits)
    text = admin.get(LIVE).content.decode()
    assert "312" in text
    assert "oldest" in text


def test_a_refused_call_of_an_analyst_is_masked(analyst):
    make_rejection(body='{"traits": {"email": "ada@example.com", "total": 1}}')
    make_rejection(body="not json ada@example.com")
    assert "ada@" not in analyst.get(LIVE).content.decode()


def test_old_events_are_found_when_new_ones_are_of_another_kind(admin):
    ada, till = make_ada(), make_source("Till")
    make_event(ada, "Signed Up", source=till)
    for _number in range(60):
        make_event(ada, "Page Viewed", name="x")
    assert len(live.live(live.Wanted(source=till.pk)).calls) == 1


def test_the_page_costs_the_same_for_few_and_many(admin, django_assert_max_num_queries):
    ada = make_ada()
    for _number in range(30):
        make_event(ada, "Signed Up")
    admin.get(LIVE)
    with django_assert_max_num_queries(20):
        admin.get(LIVE)


def test_a_new_source_shows_its_key_exactly_once(admin):
    url = reverse("admin:profiles_source_add")
    assert admin.get(url).status_code == 200
    answer = admin.post(url, {"name": "Shop", "kind": "server"})
    key = answer.context["key"]
    source = Source.objects.get(name="Shop")
    assert source_of(key) == source
    assert f"curl -u &#x27;{key}:" in answer.content.decode()
    listed = admin.get(reverse("admin:profiles_source_changelist")).content.decode()
    changed = admin.get(reverse("admin:profiles_source_change", args=[source.pk]))
    assert key not in listed
    assert key not in changed.content.decode()


def test_an_integrator_makes_and_changes_sources_of_clients_alone(db):
    """What a server says of an address is believed: a role that may not see people has none."""
    browser = signed_in(Role.INTEGRATOR)
    add = reverse("admin:profiles_source_add")
    page = browser.get(add)
    offered = [value for value, _label in page.context["adminform"].form.fields["kind"].choices]
    assert sorted(filter(None, offered)) == ["browser", "mobile"]
    assert "somebody who may see people" in page.content.decode()
    assert browser.post(add, {"name": "Mine", "kind": "server"}).status_code == 200  # not taken
    assert not Source.objects.filter(name="Mine").exists()
    assert browser.post(add, {"name": "Mine", "kind": "browser"}).context["key"]
    for kind in ("server", "browser"):
        source, is_allowed = make_source(f"old {kind}", kind), kind == "browser"
        change = reverse("admin:profiles_source_change", args=[source.pk])
        rotate = reverse("profiles:rotate_key", args=[source.pk])
        delete = reverse("admin:profiles_source_delete", args=[source.pk])
        before = source.write_key_digest
        assert (rotate in browser.get(change).content.decode()) is is_allowed
        browser.post(change, {"name": source.name, "trust": 99, "enabled": "on"})
        assert browser.get(rotate).status_code == (200 if is_allowed else 403)
        assert browser.post(rotate).status_code == (200 if is_allowed else 403)
        source.refresh_from_db()
        assert (source.trust == 99, source.write_key_digest != before) == (is_allowed, is_allowed)
        assert browser.post(delete, {"post": "yes"}).status_code == (302 if is_allowed else 403)
    chosen = {"action": "delete_selected", "_selected_action": [source.pk], "post": "yes"}
    browser.post(reverse("admin:profiles_source_changelist"), chosen)
    assert Source.objects.filter(name="old server").exists()


def test_a_changed_key_replaces_the_old_one(admin, analyst):
    source = make_source("Shop")
    url = reverse("profiles:rotate_key", args=[source.pk])
    assert analyst.get(url).status_code == 403
    assert "refused within seconds" in admin.get(url).content.decode()
    key = admin.post(url).context["key"]
    assert source_of(key) == source


def test_disabling_a_source_by_its_form(admin):
    source = make_source("Shop")
    url = reverse("admin:profiles_source_change", args=[source.pk])
    answer = admin.post(url, {"name": "Shop", "trust": 50})
    assert answer.status_code == 302, answer.context["adminform"].errors
    source.refresh_from_db()
    assert not source.enabled
