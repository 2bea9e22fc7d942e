"""The people list."""

import json

import pytest
from django.urls import reverse

from config.workspace.models import Role, Workspace
from config.workspace.selectors import forget_workspace
from config.workspace.team.changing import RoleDraft, create_role
from profiles.models import Profile
from tests.cast import ago, make_ada, make_ben, make_event, make_profile, make_user
from tests.profiles.views.conftest import signed_in

pytestmark = pytest.mark.django_db
LIST = "/console/people/"
HTMX = {"HTTP_HX_REQUEST": "true"}


def test_an_empty_installation_teaches(admin):
    text = admin.get(LIST).content.decode()
    assert "Nobody is here yet" in text
    assert reverse("admin:profiles_source_add") in text


def test_the_list_says_name_contact_value_and_when(admin):
    ada = make_ada()
    make_event(ada, "Order Completed", days_ago=3, revenue=214.9, currency="EUR")
    text = admin.get(LIST).content.decode()
    assert "Ada Lovelace" in text
    assert "ada@example.com" in text
    assert "€214.90" in text
    assert "1 person" in text
    assert reverse("profiles:person", args=[ada.public_id]) in text


def test_an_analyst_sees_initials_and_cannot_search_by_names(analyst):
    make_ada()
    text = analyst.get(LIST).content.decode()
    assert "A. L." in text
    assert "a***@example.com" in text
    assert "Lovelace" not in text
    found = analyst.get(LIST, {"q": "ada"}, **HTMX).content.decode()
    assert "Nobody begins with" in found


def test_search_answers_a_part_and_an_id_leads_to_the_page(admin):
    ada = make_ada()
    make_ben()
    answer = admin.get(LIST, {"q": "okri"}, **HTMX)
    text = answer.content.decode()
    assert "<html" not in text
    assert "Ben Okri" in text
    assert "Ada" not in text
    moved = admin.get(LIST, {"q": str(ada.public_id)})
    assert moved.url == reverse("profiles:person", args=[ada.public_id])


def test_pages_lead_on_and_back_without_losing_anyone(admin):
    for number in range(120):
        make_profile(f"P{number:03}", last_seen=ago(number // 3))
    first = admin.get(LIST, **HTMX)
    second = admin.get(first.context["page"]["next_url"], **HTMX)
    third = admin.get(second.context["page"]["next_url"], **HTMX)
    pages = [[row.name for row in page.context["rows"]] for page in (first, second, third)]
    assert [len(page) for page in pages] == [50, 50, 20]
    assert len({name for page in pages for name in page}) == 120
    assert not third.context["page"]["next_url"]
    back = admin.get(third.context["page"]["previous_url"], **HTMX)
    assert [row.name for row in back.context["rows"]] == pages[1]


def test_new_since_narrows_and_nonsense_says_so(admin):
    make_profile("Old", days_ago=30), make_profile("New", days_ago=1)
    text = admin.get(LIST, {"new_since": f"{ago(7):%Y-%m-%d}"}).content.decode()
    assert "New since" in text
    assert ">Old<" not in text
    assert "Nothing is called" in admin.get(LIST, {"new_since": "never"}).content.decode()
    assert "Nothing is called" in admin.get(LIST, {"segment": "none-such"}).content.decode()


def test_new_since_a_day_is_since_the_day_of_the_workspace(admin):
    """As in the API and in rules, whoever reads; a time is that time."""
    Workspace.objects.update(time_zone="Asia/Jakarta")
    forget_workspace()
    for name, at in (("Early", "2026-11-20T16:59:00Z"), ("Late", "2026-11-20T17:01:00Z")):
        person = make_profile(name)
        Profile.objects.filter(pk=person.pk).update(first_seen=at)
    for since in ("2026-11-21", "2026-11-20T17:00:00Z"):
        text = admin.get(LIST, {"new_since": since}).content.decode()
        assert ">Late<" in text
        assert ">Early<" not in text
    assert "New since 21 Nov 2026" in admin.get(LIST, {"new_since": "2026-11-21"}).content.decode()


@pytest.mark.parametrize(
    "query", ["before=x", "after=%FF", "before=MQ", "q=%00", "q=" + "x" * 3000]
)
def test_a_broken_link_still_answers(admin, query):
    make_ada()
    assert admin.get(f"{LIST}?{query}").status_code == 200


def test_the_list_costs_the_same_for_one_and_for_many(admin, django_assert_max_num_queries):
    make_ada()
    admin.get(LIST)
    for number in range(49):
        make_profile(f"P{number}", email=f"p{number}@example.com")
    with django_assert_max_num_queries(24):  # what one may filter by included
        assert len(admin.get(LIST).context["rows"]) == 50


def test_the_list_is_for_those_who_may(client, db):
    assert "/login/" in client.get(LIST).url
    assert signed_in(Role.SERVICE_REP).get("/console/live/").status_code == 403


def test_a_column_that_is_hidden_from_a_role_is_shown_nowhere_and_not_asked_by(client):
    maya = make_profile("Maya Sari", country="Zembla", lifecycle="dormant", traits={"plan": "pro"})
    everything = {"people.view", "segments.view"}
    fields = {f"trait:profile.{name}": "hidden" for name in ("country", "lifecycle")}
    places = ("/console/people/", f"/console/people/{maya.public_id}/")
    is_pro = {"kind": "trait", "field": "plan", "op": "eq", "value": "pro"}
    rule = {"match": "all", "conditions": [is_pro]}
    for hidden in ({}, fields):
        draft = RoleDraft(f"Few {len(hidden)}", permissions=everything, sight={"fields": hidden})
        client.force_login(make_user(create_role(draft, by=make_user(Role.ADMIN)).key))
        pages = [client.get(place).content.decode() for place in places]
        form = {"rule": json.dumps(rule)}
        pages.append(client.post(reverse("segments:effect"), form).content.decode())
        pages.append(client.get("/api/profiles/").content.decode())
        for page in pages:
            said = any(word in page for word in ("Zembla", "dormant"))
            assert said is not bool(hidden), page
        for asked in ("country=Zembla", "lifecycle=dormant"):
            answer = client.get(f"/api/profiles/?{asked}")
            assert answer.status_code == (403 if hidden else 200)
