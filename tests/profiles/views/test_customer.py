"""The customer page."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from config.workspace.models import AuditEntry
from profiles.models import Event, ProfileChange, ProfileTrait
from profiles.timeline import TIMELINE, timeline
from tests.cast import (
    ago,
    make_ada,
    make_ben,
    make_event,
    make_identifier,
    make_merge,
    make_profile,
    make_source,
    set_trait,
)

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def page_of(person) -> str:
    return reverse("profiles:person", args=[person.public_id])


def timeline_of(person) -> str:
    return reverse("profiles:timeline", args=[person.public_id])


def test_the_page_says_who_and_what_they_are_worth(admin):
    ada = make_ada()
    make_event(ada, "Order Completed", days_ago=9, revenue=1284.5, currency="EUR", order_id="A1")
    dollars = make_event(ada, "Order Completed", days_ago=8, revenue=189.0, currency="USD")
    Event.objects.filter(profile_id=ada.pk, id=dollars.pk).update(value=None)
    text = admin.get(page_of(ada)).content.decode()
    assert "Ada Lovelace" in text
    assert "€1,284.50" in text
    assert "+ $189.00" in text  # never added silently
    assert "u_ada" in text
    assert "order A1" in text


def test_a_former_id_leads_to_the_survivor_and_an_unknown_one_is_friendly(admin):
    ada, former = make_ada(), uuid.uuid4()
    make_merge(ada, former)
    answer = admin.get(reverse("profiles:person", args=[former]))
    assert answer.url == page_of(ada)
    answer = admin.get(reverse("profiles:person", args=[uuid.uuid4()]))
    assert answer.status_code == 404
    assert "Nobody is here" in answer.content.decode()


def test_each_look_is_in_the_trail(admin):
    ada = make_ada()
    admin.get(page_of(ada))
    entry = AuditEntry.objects.get(action="profile.viewed")
    assert entry.profile_id == ada.pk
    assert entry.actor_kind == "user"
    assert "email" in entry.fields


def test_an_analyst_sees_no_personal_value_anywhere(analyst):
    ada = make_ada()
    make_merge(ada)
    make_event(ada, "Signed Up", email="ada@example.com", note="call ada@example.com")
    make_event(ada, "Page Viewed", name="Hello ada@example.com")
    text = analyst.get(page_of(ada)).content.decode()
    assert "A. L." in text
    for hidden in ("Lovelace", "ada@", "655500142", "Undo this join", "Use this one"):
        assert hidden not in text


def test_a_conflict_is_settled_where_it_shows(admin):
    ada, till = make_ada(), make_source("Till")
    old = set_trait(ada, "shoe_size", 40, source=till, at=ago(200))
    set_trait(ada, "shoe_size", 39, at=ago(3))
    text = admin.get(page_of(ada)).content.decode()
    assert "two sources disagree" in text
    answer = admin.post(
        reverse("profiles:use_trait", args=[ada.public_id]), {"statement": old.pk}, follow=True
    )
    ada.refresh_from_db()
    assert ada.traits["shoe_size"] == 40
    newest = ProfileTrait.objects.filter(profile_id=ada.pk, name="shoe_size").order_by("-set_at")
    assert newest[0].source.name == "Console"
    assert ProfileChange.objects.filter(names=["trait:shoe_size"]).exists()
    assert AuditEntry.objects.filter(action="profile.trait_chosen").exists()
    assert "shoe_size is settled" in answer.content.decode()


@pytest.mark.parametrize("statement", ["", "x", "0", "-1", "99999999999999999999"])
def test_a_statement_that_is_not_hers_settles_nothing(admin, statement):
    ada = make_ada()
    other = set_trait(make_ben(), "plan", "pro")
    for number in (statement, str(other.pk)):
        url = reverse("profiles:use_trait", args=[ada.public_id])
        assert admin.post(url, {"statement": number}).status_code == 302
    ada.refresh_from_db()
    assert "plan" not in ada.traits


def test_bursts_of_pages_fold_and_days_stand_apart(admin):
    ada = make_ada()
    noon = timezone.now() - timedelta(days=1)
    phone = {"userAgent": "Mozilla/5.0 (iPhone) Mobile"}
    for number in range(14):
        at = noon + timedelta(seconds=40 * number)
        make_event(ada, "Page Viewed", at=at, context=phone, name="Boots")
    text = admin.get(page_of(ada)).content.decode()
    assert "14 pages in 9 min on the phone" in text
    assert "Boots 14 times" in text


def test_the_timeline_is_endless_and_complete(admin):
    ada = make_ada()
    same = ago(50)
    for number in range(150):
        at = same if number < 70 else ago(number)
        make_event(ada, "Product Viewed", at=at, product_id=f"p{number}")
    url, seen = timeline_of(ada), []
    while url:
        answer = admin.get(url, **HTMX)
        items = [item for day in answer.context["days"] for item in day.items]
        items = [one for item in items for one in item.folded or (item,)]
        seen += [item.properties["product_id"] for item in items if item.kind == "web"]
        url = answer.context["more_url"]
    assert len(seen) == 150
    assert len(set(seen)) == 150


def test_tabs_show_only_their_kind(admin):
    ada = make_ada()
    make_event(ada, "Order Completed", revenue=5), make_event(ada, "Page Viewed", name="Home")
    make_event(ada, "identify", type="identify", name="Ada")
    make_merge(ada)
    kinds = {
        "web": {"web"},
        "orders": {"orders"},
        "identity": {"identity"},
        "nonsense": {"web", "orders", "identity"},
    }
    for kind, wanted in kinds.items():
        answer = admin.get(timeline_of(ada), {"kind": kind}, **HTMX)
        found = {item.kind for day in answer.context["days"] for item in day.items}
        assert found - {"permission"} == wanted, kind


@pytest.mark.parametrize("query", ["before=x", "before=", "kind=%00", "before=%00", "day=x"])
def test_a_broken_cursor_starts_again(admin, query):
    ada = make_ada()
    make_event(ada, "Signed Up")
    assert admin.get(f"{timeline_of(ada)}?{query}", **HTMX).status_code == 200


def test_items_of_many_providers_come_in_order():
    ada = make_ada()
    for days in (1, 3, 5):
        make_event(ada, "Signed Up", days_ago=days)
    make_merge(ada)
    items = timeline(ada.pk, None, 50)
    assert [item.at for item in items] == sorted((item.at for item in items), reverse=True)
    assert {"events", "joins"} <= set(TIMELINE.names())


def test_a_join_stands_in_the_timeline_with_evidence_and_undo(admin):
    ada = make_ada()
    one = make_identifier(ada, "anonymous_id", "anon-77")
    merge = make_merge(ada, evidence={"message_id": "m1", "identifiers": [one.pk]})
    text = admin.get(page_of(ada)).content.decode()
    assert "Two people became one" in text
    assert reverse("profiles:undo_join", args=[merge.pk]) in text
    assert "anon-77" in text
    answer = admin.post(reverse("profiles:undo_join", args=[10**9]))
    assert answer.status_code == 404


def test_hostile_names_are_only_text(admin):
    evil = make_profile(
        "<script>alert(1)</script>",
        user_id="<b>u</b>",
        traits={"<img src=x>": "<img src=x onerror=alert(1)>", "long": "x" * 5000},
    )
    make_event(evil, "<script>alert(2)</script>", **{"<b>": "<script>alert(3)</script>"})
    make_event(evil, "Page Viewed", name="<script>alert(4)</script>")
    for url in (page_of(evil), "/console/people/", "/console/live/"):
        text = admin.get(url).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_the_page_costs_the_same_whatever_there_is(admin, django_assert_max_num_queries):
    ada = make_ada()
    admin.get(page_of(ada))
    for number in range(40):
        set_trait(ada, f"t{number}", number)
        make_event(ada, "Order Completed", days_ago=number, revenue=1)
    for number in range(5):
        make_identifier(ada, "device_id", f"d{number}")
        make_merge(ada)
    with django_assert_max_num_queries(36):
        admin.get(page_of(ada))


def test_what_is_empty_says_so_quietly_wherever_it_stands(admin):
    """An empty text, one of spaces and one of invisible signs look like nothing at all."""
    ada, quiet = make_ada(), '<span class="r-sub r-quiet">empty</span>'
    crm = make_source("CRM")
    for name, value in {"plan": "", "tier": "  ", "level": "\u200b", "tags": [""], "x": {}}.items():
        set_trait(ada, name, value)
    set_trait(ada, "city", "Utrecht", at=ago(9))
    set_trait(ada, "city", "", source=crm)
    make_event(ada, "Signed Up", coupon="", method="  ")
    text = admin.get(page_of(ada)).content.decode()
    for label in ("Plan", "Tier", "Level", "Tags", "X"):
        assert f"<dt>{label}</dt><dd><bdi>{quiet}</bdi>" in text, label
    assert f'<b class="r-n">{quiet}</b>' in text  # of two that disagree
    for name in ("coupon", "method"):
        assert f"<dt>{name}</dt><dd>{quiet}</dd>" in text
        assert f"{name}: " not in text  # the line of the timeline names what there is
    event = Event.objects.get(name="Signed Up")
    trace = admin.get(reverse("profiles:live_call", args=[ada.pk, event.pk]), **HTMX)
    assert f"<dt>coupon</dt><dd>{quiet}</dd>" in trace.content.decode()
