"""Before what matters: who they are, shown once more, and nothing lost that was sent meanwhile."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from config.console.signing_in import again, rules
from config.workspace import freshness
from config.workspace.access.keys import create_api_key
from config.workspace.models import ApiKey, AuditEntry, IdentityProvider, Role, User, Webhook
from config.workspace.permissions import ASKED_AGAIN, MODEL_PERMISSIONS, asked_of
from tests.cast import make_source, make_user
from tests.surface.routes import routes_with_views
from tests.workspace.test_held import PARAMETER, VALUES

pytestmark = pytest.mark.django_db
AGAIN, SENT = "/console/security/again/", "/console/security/again/sent/"
FORM = {"name": "Warehouse", "slug": "x", "role": Role.ANALYST, "hours": 24, "email": "b@b.example"}


@pytest.fixture
def ada(client):
    """An admin who came in a quarter of an hour ago."""
    ada = make_user(Role.ADMIN, "ada")
    client.force_login(ada)
    grow_old(client)
    return ada


def grow_old(client, seconds=freshness.SECONDS + 1):
    session = client.session
    session[freshness.SHOWN_AT] -= seconds
    session.save()


def show(client, wanted=SENT, password="secret"):
    return client.post(f"{AGAIN}?next={wanted}", {"password": password})


def sensitive(number):
    """Every address of the console behind which something of ASKED_AGAIN is changed."""
    values = {**VALUES, "int": number}
    for path, callback in routes_with_views():
        if not path.startswith("console/"):
            continue
        model = getattr(getattr(callback, "model_admin", None), "model", None)
        of_model = MODEL_PERMISSIONS.get(model._meta.label_lower, ("", ""))[1] if model else ""
        if not ASKED_AGAIN.isdisjoint({*asked_of(callback, "POST"), of_model}):
            yield "/" + PARAMETER.sub(lambda found: values.get(found[1], number), path)


def test_every_change_of_who_comes_in_and_of_what_goes_out_asks_again(client, ada):
    ben = make_user(Role.ANALYST, "ben")
    key, _value = create_api_key(name="Old", scopes=["people"])
    before = [list(model.objects.order_by("pk").values()) for model in (User, ApiKey)]
    seen = set()
    for place in sensitive(str(ben.pk)):
        seen.add(place)
        answer = client.post(place, FORM)
        led_to = answer.get("Location", f"{AGAIN}?next=")
        assert answer.status_code in (302, 405), place
        assert led_to.startswith((f"{AGAIN}?next=", f"{place}change/")), (place, led_to)
    assert len(seen) > 25
    for name in ("apikey", "user", "identityprovider"):
        assert f"/console/workspace/{name}/add/" in seen
    key_of_source = f"/console/sources/{make_source().pk}/key/"
    for place in ("/console/sessions/others/end/", "/console/sessions/1/end/", key_of_source):
        assert client.post(place)["Location"].startswith(AGAIN), place
    for place in ("app/", "keys/add/", "codes/new/"):
        assert client.get(f"/console/security/{place}")["Location"].startswith(AGAIN)
    export = client.get("/console/workspace/auditentry/export/csv/")
    assert export["Location"].startswith(AGAIN)
    assert before == [list(m.objects.order_by("pk").values()) for m in (User, ApiKey)]
    assert not (IdentityProvider.objects.exists() or Webhook.objects.exists())
    assert key.revoked_at is None
    for place in ("/console/team/", "/console/workspace/user/", "/console/webhooks/"):
        assert client.get(place).status_code == 200, "looking is not asked"


def test_what_was_sent_lies_sealed_meanwhile_and_goes_on_after_it(client, ada):
    place = reverse("admin:auth_user_password_change", args=[ada.pk])
    words = {"password1": "quite&new <one>\r\nof two lines", "usable_password": "true"}
    answer = client.post(place, {**words, "password2": words["password1"]})
    assert answer["Location"] == f"{AGAIN}?next=%2Fconsole%2Fsecurity%2Fagain%2Fsent%2F"
    assert "quite" not in json.dumps(dict(client.session))
    assert client.get(SENT)["Location"].startswith(AGAIN), "not before it is shown"
    assert show(client, password="guess").status_code == 200
    assert show(client)["Location"] == SENT
    page = client.get(SENT)
    assert (page.context["path"], page["Cache-Control"]) == (place, page["Cache-Control"])
    assert "no-store" in page["Cache-Control"]
    assert "quite&amp;new &lt;one&gt;" in page.content.decode()
    assert client.post(place, dict(page.context["fields"])).status_code == 302
    ada.refresh_from_db()
    assert ada.check_password(words["password1"].strip())
    assert client.get(SENT)["Location"] == "/console/", "once"
    assert AuditEntry.objects.filter(action="sign_in.shown_again").get().detail == {
        "how": "password"
    }


def test_what_cannot_be_kept_leads_back_to_its_page_and_never_elsewhere(client, ada):
    team = "/console/team/"
    client.post(team, FORM, headers={"Referer": f"http://testserver{team}?a=1"})
    show(client)
    assert client.get(SENT).context["back"] == f"{team}?a=1"
    for referer in ("http://evil.example/console/", "http://testserver//evil.example/", "x:y", "/"):
        grow_old(client)
        client.post(team, FORM, headers={"Referer": referer})
        assert client.session[again.KEPT]["back"] == "/console/", referer
    client.post(team, {"email": "x" * again.MOST}, headers={"Referer": f"http://testserver{team}"})
    answer = show(client, team)
    assert answer["Location"] == team
    assert "was not kept" in client.get(team).content.decode()
    # what was sent long ago is not done now
    grow_old(client)
    client.post(team, FORM)
    session = client.session
    session[again.KEPT]["at"] -= freshness.SECONDS + 1
    session.save()
    assert show(client)["Location"] == SENT
    assert client.get(SENT)["Location"] == "/console/"
    assert show(client, "//evil.example/")["Location"] == "/console/"


def test_a_part_of_a_page_sends_the_whole_page_there(client, ada):
    here = {"HX-Request": "true", "HX-Current-URL": "http://testserver/console/webhooks/1/"}
    answer = client.post("/console/webhooks/1/do/ping/", headers=here)
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == f"{AGAIN}?next=%2Fconsole%2Fwebhooks%2F1%2F"


def test_over_rest_a_session_is_asked_and_a_key_is_not(client, ada):
    body = {"url": "https://hooks.example/", "events": ["segment.entered"]}
    answer = client.post("/api/webhooks/", body, "application/json")
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert AGAIN in answer.json()["detail"]
    assert client.get("/api/webhooks/").status_code == 200
    _key, value = create_api_key(name="Integration", scopes=["webhooks"])
    bearer = {"Authorization": f"Bearer {value}"}
    answer = Client().post("/api/webhooks/", body, "application/json", headers=bearer)
    assert answer.status_code == 201, answer.content


def test_who_has_no_way_to_show_it_is_told_whom_to_ask(client, ada):
    ada.set_unusable_password()
    ada.save()
    client.force_login(ada)
    grow_old(client)
    assert client.post("/console/team/", FORM)["Location"] == "/console/security/"
    assert "Ask an admin for a link" in client.get("/console/security/").content.decode()


def test_where_a_provider_alone_lets_in_the_password_shows_nothing(client, ada):
    rules.keep_sso(True, [])
    assert client.post("/console/team/", FORM)["Location"] == "/console/security/"
    assert show(client).status_code == 403
    rules.keep_sso(True, [ada.pk])
    assert client.post("/console/team/", FORM)["Location"].startswith(AGAIN)
