"""Single sign-on against a real OpenID provider, in a process of its own, over HTTP."""

import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client

from config.workspace import freshness
from config.workspace.access import tokens
from config.workspace.joining import letters, links
from config.workspace.models import AccessLink, AuditEntry, IdentityProvider, Role, User
from tests.cast import make_user
from tests.config.console.signing_in import oidc_provider
from tests.config.console.signing_in.test_again import grow_old
from tests.config.console.signing_in.test_second_factor import add_app

pytestmark = pytest.mark.django_db
START, LOGIN = "/console/login/sso/office/", "/console/login/"
MEI = {
    "sub": "mei-1",
    "email": "mei@puncak.example",
    "email_verified": True,
    "given_name": "Mei",
    "family_name": "Tanaka",
    "groups": ["analysts"],
}


@pytest.fixture(scope="module")
def running():
    command = [sys.executable, str(Path(oidc_provider.__file__))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def provider(running, settings):
    settings.CALL_INTERNAL_ADDRESSES = True
    says(running)
    return IdentityProvider.objects.create(
        slug="office",
        name="Office",
        issuer=running,
        client_id=oidc_provider.CLIENT,
        sealed_secret=tokens.seal(oidc_provider.SECRET.encode()),
        domains=["puncak.example"],
        mapping=[["bosses", "admin"], ["analysts", "analyst"], ["sellers", "marketer"]],
    )


def says(address, lie="", userinfo=None, **claims):
    body = {"claims": {**MEI, **claims}, "userinfo": userinfo or {}, "lie": lie}
    requests.post(f"{address}/control", json=body, timeout=10)


def begin(client, **form):
    """As a browser: the form, the page that leads on, the provider, and back to this address."""
    page = client.post(START, form)
    assert page.status_code == 200, page.headers
    url = page.context["url"]
    answer = requests.get(url, allow_redirects=False, timeout=10)
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def come_in(client=None, **form):
    client = client or Client()
    return client, client.get(begin(client, **form))


def by_password(name, client=None):
    return (client or Client()).post(LOGIN, {"username": name, "password": "secret"})


def words(client) -> str:
    return client.get(LOGIN).content.decode()


def test_somebody_is_made_at_the_first_log_in_and_known_at_the_next(provider, running):
    assert "Continue with Office" in words(Client())
    mei, answer = come_in(next="/console/segments/")
    assert answer["Location"] == "/console/segments/"
    assert mei.get("/console/segments/").status_code == 200
    user = User.objects.get()
    assert (user.role, user.email, user.first_name) == ("analyst", "mei@puncak.example", "Mei")
    assert not user.has_usable_password()
    assert not user.is_superuser
    says(running, email="mei.tanaka@puncak.example", groups=["sellers", "analysts"])
    come_in()
    says(running, groups=["sellers"])
    come_in()
    user.refresh_from_db()
    assert (User.objects.count(), user.role) == (1, "marketer")
    told = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert told.count("user.created") == 1
    assert told.count("sign_in.succeeded") == 3
    assert "user.role_mapped" in told


def test_a_state_and_a_code_are_of_one_browser_and_one_time(provider):
    mine, eve = Client(), Client()
    back = begin(mine)
    assert eve.get(back)["Location"] == LOGIN, "a log-in cannot be given to somebody else"
    mine.get(back)
    assert mine.get("/console/").status_code == 200
    again, state = Client(), parse_qs(urlsplit(back).query)
    assert again.get(back)["Location"] == LOGIN
    own = begin(again)
    mixed = own.replace(parse_qs(urlsplit(own).query)["code"][0], state["code"][0])
    assert again.get(mixed)["Location"] == LOGIN
    assert User.objects.count() == 1
    for wanted in ("//evil.example/", "https://evil.example/", "javascript:alert(1)"):
        _client, answer = come_in(next=wanted)
        assert urlsplit(answer["Location"])[:2] == ("", ""), wanted
        assert answer["Location"] == "/console/"


@pytest.mark.parametrize(
    "lie", ["issuer", "key", "none", "shared", "expired", "audience", "denied", "redirect"]
)
def test_a_provider_that_is_not_right_lets_nobody_in(provider, running, lie):
    says(running, lie)
    client = Client()
    if lie in ("issuer", "redirect"):
        assert client.post(START)["Location"] == LOGIN
    else:
        assert client.get(begin(client))["Location"] == LOGIN
    assert "did not let you in" in words(client)
    assert not User.objects.exists()


def test_no_claim_makes_an_admin_and_none_joins_somebody_else(provider, running):
    ada = make_user(Role.ADMIN, "ada", email="ada@puncak.example")
    wishes = {"role": "admin", "roles": ["admin"], "is_superuser": True, "is_staff": True}
    says(running, **wishes, preferred_username="ada", username="ada")
    come_in()
    mei = User.objects.exclude(pk=ada.pk).get()
    assert (mei.role, mei.is_superuser) == ("analyst", False)
    assert mei.username != "ada"
    for groups in ("Bosses", ["BOSSES"], ["bosses "], {"bosses": True}, [["bosses"]], "x"):
        says(running, sub="eve", email="eve@puncak.example", groups=groups)
        client, answer = come_in()
        assert answer["Location"] == LOGIN, groups
        assert "in none of the groups" in words(client)
    # of two who say to be her, one has no proof of it and one is of a domain of anybody's
    says(running, sub="eve", email="ADA@puncak.example", email_verified=False)
    assert "no domain that signs in" in words(come_in()[0])
    IdentityProvider.objects.update(domains=[])
    says(running, sub="eve", email="ada@puncak.example")
    assert "works here already" in words(come_in()[0])
    assert User.objects.count() == 2
    says(running, sub="eve", userinfo={"sub": "mei-1", "groups": ["bosses"]})
    assert "did not let you in" in words(come_in()[0]), "the two words are of two people"
    assert AuditEntry.objects.filter(action="sign_in.refused").count() == 9


def test_an_address_joins_who_works_here_where_the_provider_speaks_for_its_domain(
    provider, running
):
    make_user(Role.ADMIN, "boss")
    ada = make_user(Role.ADMIN, "ada", email="ada@puncak.example")
    says(running, sub="ada-1", email="ada@puncak.example")
    client, answer = come_in()
    assert answer["Location"] == "/console/"
    ada.refresh_from_db()
    assert (User.objects.count(), ada.role) == (2, "analyst")
    assert ada.check_password("secret")
    says(running, sub="bob", email="bob@elsewhere.example")
    assert "no domain that signs in" in words(come_in()[0])


def test_who_was_given_anothers_address_here_shares_nothing_with_its_owner(provider, running):
    """Eve manages the team a little: she makes a user of the address, and waits for its owner."""
    held = make_user(Role.ANALYST, "held", email="boss@puncak.example")
    eve = Client()
    eve.force_login(held)
    add_app(eve)
    link = links.reset_for(held, by=make_user(Role.ADMIN, "ada"))
    says(running, sub="boss-1", email="boss@puncak.example", groups=["bosses"])
    _boss, answer = come_in()
    assert answer["Location"] == "/console/"
    held.refresh_from_db()
    assert (held.role, held.has_usable_password()) == ("admin", False)
    assert eve.get("/console/")["Location"].startswith(LOGIN)
    assert by_password("held").status_code == 200, "what she knows opens nothing"
    assert Client().get(letters.address_of(link)).status_code == 404
    assert come_in()[1]["Location"] == "/console/", "and no factor of hers is asked for"


def test_who_is_signed_in_at_a_provider_has_shown_nothing_here_by_coming_in_again(
    provider, running
):
    """The browser that somebody left open is let in there without a question."""
    invited = {"email": "kim@puncak.example", "role": "analyst"}
    for said, is_asked in (
        ({"auth_time": time.time() - freshness.SECONDS - 1}, True),
        ({}, True),
        ({"auth_time": "now"}, True),
        ({"auth_time": time.time()}, False),
    ):
        says(running, groups=["bosses"], **said)
        boss, _answer = come_in()
        answer = boss.post("/console/team/", invited)
        asked = answer.get("Location", "").startswith("/console/security/again/provider/")
        assert asked is is_asked, said
        come_in(boss)
        answer = boss.post("/console/team/", invited | {"email": "jo@puncak.example"})
        assert ("again" in answer.get("Location", "")) is is_asked, said


def test_who_writes_an_address_there_that_is_not_theirs_gets_no_place_for_its_owner(
    provider, running
):
    """Whose address it is comes later, with more rights, and must not share Eve's account."""
    says(running, sub="eve", email="boss@puncak.example", email_verified=False)
    assert "no domain that signs in" in words(come_in()[0])
    assert not User.objects.exists()
    says(running, sub="eve", email="boss@puncak.example")  # she had it for a day
    come_in()
    says(running, sub="boss-1", email="boss@puncak.example", groups=["bosses"])
    assert "works here already" in words(come_in()[0])
    assert set(User.objects.values_list("role", flat=True)) == {"analyst"}
    IdentityProvider.objects.update(domains=[])
    says(running, sub="kim", email="kim@puncak.example", email_verified=False)
    come_in()
    assert User.objects.latest("pk").email == "", "nobody's word is kept as an address"


def test_the_last_admin_stays_one_whatever_the_groups_say(provider, running):
    says(running, groups=["bosses"])
    come_in()
    boss = User.objects.get()
    assert boss.role == "admin"
    says(running, groups=["analysts"])
    come_in()
    boss.refresh_from_db()
    assert boss.role == "admin"
    make_user(Role.ADMIN, "ada")
    come_in()
    boss.refresh_from_db()
    assert boss.role == "analyst"
    User.objects.filter(pk=boss.pk).update(is_active=False)
    client, answer = come_in()
    assert client.get("/console/").status_code == 302


def test_by_single_sign_on_alone_save_for_whom_the_glass_is_broken(provider, running, client):
    ada, ben = make_user(Role.ADMIN, "ada"), make_user(Role.ANALYST, "ben")
    client.force_login(ada)
    rules = "/console/team/rules/"
    client.post(rules, {"sso_only": "on"})
    assert by_password("ben")["Location"] == "/console/"
    client.post(rules, {"sso_only": "on", "break_glass": [ben.pk]})
    assert by_password("ben")["Location"] == "/console/"
    client.post(rules, {"sso_only": "on", "break_glass": [ada.pk]})
    kept_out = Client()
    assert by_password("ben", kept_out)["Location"] == LOGIN
    assert "single sign-on alone" in words(kept_out)
    assert kept_out.get("/console/").status_code == 302
    assert by_password("ada")["Location"] == "/console/"
    assert come_in()[1]["Location"] == "/console/"


def test_whoever_has_a_second_factor_here_is_asked_for_it_all_the_same(provider, running):
    says(running, auth_time=time.time())
    mei, _answer = come_in()
    add_app(mei)
    again, answer = come_in()
    assert answer["Location"] == "/console/login/code/"
    assert again.get("/console/").status_code == 302


def test_who_has_no_password_here_shows_who_they_are_at_the_provider(provider, running):
    says(running, groups=["bosses"])
    boss, _answer = come_in()
    grow_old(boss)
    answer = boss.post("/console/team/", {"email": "kim@puncak.example", "role": "analyst"})
    assert answer["Location"].startswith("/console/security/again/provider/?next=")
    page = boss.get(answer["Location"])
    assert "Sign in at Office once more" in page.content.decode()
    assert boss.get("/console/security/keys/add/").status_code == 302, "no key of a thief's"
    form = {"again": "1", "next": page.context["next"]}

    def show(**claims):
        says(running, **{"groups": ["bosses"], **claims})
        return boss.get(begin(boss, **form))["Location"]

    now = time.time()
    assert show(auth_time=now - 3600) == "/console/security/"
    assert show(auth_time="now") == "/console/security/"
    assert show(sub="eve", email="eve@puncak.example") == "/console/security/"
    assert not AuditEntry.objects.filter(action="sign_in.shown_again").exists()
    assert User.objects.count() == 1, "nobody is made by it"
    assert boss.get("/console/").status_code == 200, "nor signed out"
    assert show(auth_time=now) == "/console/security/again/sent/"
    asked = requests.get(f"{running}/asked", timeout=10).json()
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    kept = boss.get("/console/security/again/sent/").context
    boss.post(kept["path"], dict(kept["fields"]))
    assert AccessLink.objects.get().email == "kim@puncak.example"
    assert AuditEntry.objects.get(action="sign_in.shown_again").detail == {"how": "sso"}
    grow_old(boss)
    assert show() == "/console/security/again/sent/", "some providers say no time"
    assert Client().post(START, form).status_code == 200, "of a stranger it is a log-in"


def test_inside_addresses_are_not_called_and_begun_log_ins_are_counted(provider, settings):
    settings.CALL_INTERNAL_ADDRESSES = False
    client = Client()
    assert client.post(START)["Location"] == LOGIN
    assert "did not let you in" in words(client)
    assert client.get(START).status_code == 405
    assert client.post("/console/login/sso/nobody/").status_code == 404
    for _ in range(59):
        client.post(START)
    assert client.post(START).status_code == 429


def test_the_form_keeps_the_secret_and_says_what_is_wrong(provider, client, settings):
    settings.CALL_INTERNAL_ADDRESSES = False
    client.force_login(make_user(Role.ADMIN, "ada"))
    address = f"/console/workspace/identityprovider/{provider.pk}/change/"
    page = client.get(address)
    assert oidc_provider.SECRET not in page.content.decode()
    assert oidc_provider.SECRET.encode() not in bytes(provider.sealed_secret)
    form = {
        **{name: page.context["adminform"].form.initial.get(name, "") for name in ("name", "slug")},
        "issuer": "https://id.example", "client_id": "x", "groups_claim": "groups",
        "domains": "Puncak.example, shop.example", "is_active": "on", "secret": "",
        "groups": "bosses = admin\nDE\\Sales = EMEA = marketer\n",
    }  # fmt: skip
    assert client.post(address, form).status_code == 302
    provider.refresh_from_db()
    assert provider.domains == ["puncak.example", "shop.example"]
    assert provider.mapping == [["bosses", "admin"], ["DE\\Sales = EMEA", "marketer"]]
    assert tokens.unseal(provider.sealed_secret).decode() == oidc_provider.SECRET
    for wrong in (
        {"groups": "bosses"},
        {"groups": "bosses = emperor"},
        {"domains": "not a domain"},
        {"issuer": "http://127.0.0.1"},
        {"issuer": "file:///etc/passwd"},
    ):
        assert client.post(address, form | wrong).status_code == 200, wrong
