"""Live events, and sources' keys."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from config.workspace.models import Role
from profiles.ingest.keys import source_of
from profiles.models import Inbox, Source
from profiles.selectors import live
from tests.cast import make_ada, make_event, make_rejection, make_source
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


def test_the_trace_of_a_call(admin, analyst):
    ada = make_ada()
    event = make_event(ada, "Signed Up", email="ada@example.com")
    url = reverse("profiles:live_call", args=[ada.pk, event.pk])
    text = admin.get(url, **HTMX).content.decode()
    assert "Ada Lovelace" in text
    assert "u_ada" in text
    assert "ada@" not in analyst.get(url, **HTMX).content.decode()
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
