"""The demo shop, the story card, its switches, and that nothing of it shows elsewhere."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign
from config.demo import state, story, team
from config.demo.generator.content import AUTOMATIC
from config.demo.generator.people import maya
from config.demo.shop.visitor import COOKIE
from config.workspace.models import AuditEntry, Role, User
from config.workspace.selectors import forget_workspace
from config.workspace.work.due import drain
from consent.models import ConsentEntry
from consent.privacy.requests import open_request, settle
from profiles.models import Event, Identifier, IdentifierKey, Profile, Rejection
from segments.models import ComputedTrait, Segment
from tests.cast import make_user

SIGN_UP = {"first_name": "Maya", "last_name": "Santoso", "email": maya.EMAIL}
GETS = ["home", "cart", "account", "welcome", "thanks"]
POSTS = ["order", "leave", "role", "traffic"]


def owner(kind: str, value: str) -> int:
    return Identifier.objects.get(kind=kind, value=value).profile_id


def told(response) -> dict:
    """What the page's script is given to tell."""
    text = response.content.decode()
    start = text.index('<script id="telling"')
    found: dict = json.loads(text[text.index(">", start) + 1 : text.index("</script>", start)])
    return found


@pytest.mark.parametrize("name", GETS)
def test_outside_the_demo_there_is_no_shop(db, name):
    forget_workspace()
    assert Client().get(reverse(f"demo:{name}")).status_code == 404


@pytest.mark.parametrize("name", POSTS)
def test_outside_the_demo_nothing_can_be_switched(db, name):
    forget_workspace()
    client = Client()
    client.force_login(make_user(Role.ADMIN), backend="config.workspace.permissions.RoleBackend")
    said = {"role": "admin"}
    assert client.post(reverse(f"demo:{name}"), said).status_code == 404


def test_outside_the_demo_home_tells_no_story(db):
    forget_workspace()
    assert story.story(make_user(Role.ADMIN)) is None


def test_pages_have_a_strict_policy_and_tell_what_was_seen(demo):
    response = Client().get("/demo/shop/boots/cw-boo-011/")
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'nonce-" in policy
    telling = told(response)
    assert telling["device"] == maya.LAPTOP_ID
    assert telling["key"].startswith("wk_")
    assert telling["events"][0][0] == "Product Viewed"
    assert telling["events"][0][1]["category"] == "boots"
    assert telling["user"] == ""


@pytest.mark.parametrize("path", ["boots/cw-boo-999/", "shoes/", "boots/../x/"])
def test_what_is_not_on_the_shelf_is_not_found(demo, path):
    assert Client().get(f"/demo/shop/{path}").status_code == 404


def test_signing_up_as_maya_finds_her_and_records_what_she_ticked(demo):
    client, before = Client(), ConsentEntry.objects.count()
    response = client.post(reverse("demo:account"), SIGN_UP | {"marketing": "on"})
    assert response.status_code == 302
    drain()
    assert told(client.get(reverse("demo:welcome")))["user"] == maya.USER_ID
    entry = ConsentEntry.objects.order_by("-id").first()
    assert ConsentEntry.objects.count() == before + 1
    assert (entry.status, entry.basis, entry.actor) == ("granted", "consent", "person")
    assert entry.contact_point == maya.EMAIL
    assert entry.evidence["act"] == "form"
    assert entry.profile_id == owner("user_id", maya.USER_ID)


def test_a_new_customer_gets_a_page_and_only_what_was_ticked(demo):
    before = ConsentEntry.objects.count()
    new = {"first_name": "Noor", "email": "Noor.New@Example.com"}
    client = Client()
    client.post(reverse("demo:account"), new)
    user = told(client.get(reverse("demo:welcome")))["user"]
    drain()
    assert owner("user_id", user) == owner("email", "noor.new@example.com")
    assert ConsentEntry.objects.count() == before


def test_a_wrong_address_is_said_beside_its_field(demo):
    response = Client().post(reverse("demo:account"), SIGN_UP | {"email": "nobody"})
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()


def test_an_order_is_told_by_the_shops_server(demo):
    client = Client()
    client.post(reverse("demo:cart"), {"product": "CW-BOO-013"})
    assert client.post(reverse("demo:order")).url == reverse("demo:account")
    client.post(reverse("demo:account"), SIGN_UP)
    thanks = client.post(reverse("demo:order")).url
    drain()
    order = Event.objects.filter(name="Order Completed").order_by("-id").first()
    assert order.profile_id == owner("user_id", maya.USER_ID)
    assert order.source.name == "Shop server"
    assert order.value == order.properties["revenue"] == 219
    assert order.properties["category"] == "boots"
    assert order.properties["order_id"] in thanks
    assert client.post(reverse("demo:order")).url == reverse("demo:cart")  # it is empty now


def test_a_forged_cookie_is_a_stranger(demo):
    client = Client()
    client.cookies[COOKIE] = json.dumps({"user_id": maya.USER_ID})
    assert told(client.get(reverse("demo:home")))["user"] == ""


def test_logging_out_makes_a_stranger_again(demo):
    client = Client()
    client.post(reverse("demo:account"), SIGN_UP)
    client.post(reverse("demo:leave"))
    assert told(client.get(reverse("demo:home")))["user"] == ""


def test_posts_ask_for_the_token(demo):
    client = Client(enforce_csrf_checks=True)
    for name in ("account", "cart", "order", "leave", "role", "traffic", "replay"):
        assert client.post(reverse(f"demo:{name}"), SIGN_UP).status_code == 403


# --- the story card ------------------------------------------------------------------------------


def ticks(user: User) -> dict[str, bool]:
    told_story = story.story(user)
    assert told_story is not None
    return {step.name: step.done for step in told_story.steps}


def test_the_story_ticks_by_facts(demo, admin):
    user = team.members(demo.run)[0]
    assert not ticks(user)["maya"]
    home = admin.get("/console/").content.decode()
    assert "First five minutes" in home
    assert "Light traffic in the background" in home
    client = Client()
    client.post(reverse("demo:account"), SIGN_UP)
    join = {
        "type": "identify",
        "userId": maya.USER_ID,
        "anonymousId": maya.LAPTOP_ID,
        "writeKey": told(client.get(reverse("demo:home")))["key"],
    }
    sent = client.post("/v1/i", json.dumps(join), content_type="text/plain")
    assert sent.status_code == 200
    drain()
    done = ticks(user)
    assert done["maya"]
    assert done["loop"]
    assert not done["launch"]


def test_a_campaign_to_one_of_the_ready_segments_is_one_press_away(demo, admin):
    user = team.members(demo.run)[0]
    ready = Segment.objects.filter(slug__in=AUTOMATIC)
    assert set(ready.values_list("slug", flat=True)) == set(AUTOMATIC)
    assert all(row.status == "fresh" for row in ready)
    assert ready.get(slug="champions").count > 0
    assert not ticks(user)["value"]
    page = admin.get(reverse("segments:detail", args=["price-sensitive"]))
    (act, *_others) = page.context["acts"]
    form = admin.get(act.url)
    assert form.context["segment"].slug == "price-sensitive"
    made = admin.post(act.url, {"name": "Sale", "starter": form.context["starters"][0].key})
    assert made.status_code == 302
    assert Campaign.objects.get(name="Sale").entry["segment"] == "price-sensitive"
    assert ticks(user)["value"]
    traits = ComputedTrait.objects.exclude(status="fresh")
    assert not traits.exists()
    assert ComputedTrait.objects.get(name="likes").people > 0


def test_what_is_sent_again_of_her_past_after_her_erasure_is_refused(demo, admin):
    user = team.members(demo.run)[0]
    assert admin.post(reverse("demo:role"), {"role": "privacy_officer"}).status_code == 302
    ids = set(
        IdentifierKey.objects.filter(kind="user_id", value=maya.USER_ID).values_list(
            "profile_id", flat=True
        )
    )
    early = admin.post(reverse("demo:replay"), follow=True)
    assert "not erased yet" in early.content.decode()
    assert IdentifierKey.objects.filter(value=maya.USER_ID).exists()
    request = open_request(type_="erasure", references=[f"email:{maya.EMAIL}"])
    settle(request, because="she asked")
    drain()
    request.refresh_from_db()
    assert request.status == "completed", request.result
    assert ticks(user)["erase"]
    assert not ticks(user)["replay"]
    answer = admin.post(reverse("demo:replay"), follow=True)
    assert "came in again" in answer.content.decode()
    drain()
    assert ticks(user)["replay"]
    refused = Rejection.objects.filter(code="erased_person")
    assert refused.count() > 5
    assert not IdentifierKey.objects.filter(value__in=[maya.EMAIL, maya.USER_ID]).exists()
    assert not Profile.objects.living().filter(pk__in=ids).exists()


def test_the_card_costs_few_queries(demo, django_assert_max_num_queries):
    user = team.members(demo.run)[0]
    story.story(user)
    with django_assert_max_num_queries(11):
        story.story(user)


def test_a_user_of_ones_own_sees_no_card_and_may_switch_nothing(demo):
    client, stranger = Client(), make_user(Role.ADMIN)
    client.force_login(stranger, backend="config.workspace.permissions.RoleBackend")
    assert story.story(stranger) is None
    assert client.post(reverse("demo:role"), {"role": "analyst"}).status_code == 403
    assert client.post(reverse("demo:traffic"), {}).status_code == 403


def test_nobody_switches_roles_without_having_logged_in(demo):
    response = Client().post(reverse("demo:role"), {"role": "admin"})
    assert response.status_code == 302
    assert "/console/login/" in response.url


@pytest.mark.parametrize("role", Role.values)
def test_the_switcher_signs_in_as_each_role(demo, admin, role):
    response = admin.post(reverse("demo:role"), {"role": role}, follow=True)
    assert response.status_code == 200
    assert response.wsgi_request.user.role == role
    assert AuditEntry.objects.filter(action="demo.role_switched").exists()
    assert admin.post(reverse("demo:role"), {"role": "admin"}).status_code == 302


def test_an_unknown_role_is_not_found_and_get_changes_nothing(demo, admin):
    assert admin.post(reverse("demo:role"), {"role": "emperor"}).status_code == 404
    assert admin.get(reverse("demo:role")).status_code == 405


def test_the_traffic_can_be_switched(demo, admin):
    admin.post(reverse("demo:traffic"), {})
    assert state.load().traffic is False
    admin.post(reverse("demo:traffic"), {"traffic": "on"})
    assert state.load().traffic is True
