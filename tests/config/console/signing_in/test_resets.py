"""A new password by mail: once, for an hour, and nothing is told of who works here."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from config.workspace.joining import letters, links
from config.workspace.models import AccessLink, AuditEntry, Role, User
from config.workspace.team.changing import RoleDraft, create_role
from config.workspace.team.members import change_member
from tests.cast import make_user
from tests.config.console.signing_in.test_invitations import mail_all, mailed, shown

pytestmark = pytest.mark.django_db
ASK = "/console/reset/"
NEW = {"new_password1": "a quite new one", "new_password2": "a quite new one"}


@pytest.fixture
def ada():
    return make_user(Role.ADMIN, "ada", email="Ada@example.org", locale="id")


def ask(name, address="192.0.2.1"):
    return Client().post(ASK, {"name": name}, REMOTE_ADDR=address)


def test_a_password_is_chosen_once_by_a_mailed_link_and_all_sessions_end(ada, client, server):
    client.post("/console/login/", {"username": "ada", "password": "secret"})
    assert client.get("/console/").status_code == 200
    assert "Look into your mail" in ask("ada@EXAMPLE.org").content.decode()
    assert (mail_all(), mail_all()) == (1, 0)
    with translation.override("id"):
        subject = translation.gettext("A new password for %(workspace)s")
    assert server.message()["Subject"] == subject % {"workspace": "Rapport"}
    link = mailed(server)
    stranger = Client()
    answer = stranger.get(link)
    assert answer["Referrer-Policy"] == "same-origin"
    assert stranger.post(link, NEW | {"new_password2": "no"}).status_code == 422
    assert stranger.post(link, NEW)["Location"] == "/console/login/"
    assert stranger.get("/console/").status_code == 302, "a link alone lets nobody in"
    assert client.get("/console/").status_code == 302, "whoever was in is out"
    assert User.objects.get().check_password("a quite new one")
    assert stranger.post(link, NEW | {"new_password1": "eve's own one"}).status_code == 404
    told = AuditEntry.objects.filter(action="password.changed").get()
    assert told.actor_name == "ada"


def test_only_the_newest_link_works_and_not_for_longer_than_an_hour(ada, server):
    for _ in range(2):
        ask("ada")
        mail_all()
    first, second = mailed(server, 0), mailed(server, 1)
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    AccessLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().post(second, NEW).status_code == 404
    AccessLink.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    User.objects.update(is_active=False)
    assert Client().post(second, NEW).status_code == 404


def test_whoever_is_named_the_answer_and_the_work_are_the_same(ada, server):
    make_user(Role.ANALYST, "sso", email="sso@example.org", password="!")
    User.objects.filter(username="sso").update(password="!")
    make_user(Role.ANALYST, "gone", email="gone@example.org", is_active=False)
    make_user(Role.ANALYST, "bare")
    names = ["ada", "nobody", "x@example.org", "sso", "gone", "bare", "' OR 1=1 --"]
    answers, work = set(), set()
    ask("warm", "203.0.113.1")  # the workspace's row is kept for some seconds
    for number, name in enumerate(names):
        with CaptureQueriesContext(connection) as asked:
            answer = ask(name, f"192.0.2.{number}")
        answers.add((answer.status_code, len(answer.content)))
        work.add(tuple(one["sql"].split()[0] for one in asked))
        assert not [one for one in asked if '"user"' in one["sql"]], "nobody is looked up"
    assert len(answers) == len(work) == 1
    mail_all()
    assert [to for to, _content in server.mails] == ["Ada@example.org"]
    assert AccessLink.objects.count() == 1, "nothing is kept of who is nobody"


def test_asking_is_counted_by_name_and_by_address(ada, server):
    for number in range(3):
        assert ask("ADA", f"192.0.2.{number}").status_code == 200
    late = ask("ada", "192.0.2.77")
    assert late.status_code == 429
    assert 600 < int(late["Retry-After"]) <= 900
    for number in range(20):
        assert ask(f"somebody{number}", "198.51.100.1").status_code == 200
    assert ask("another", "198.51.100.1").status_code == 429
    assert AccessLink.objects.count() == 23


def test_without_a_mail_server_an_admin_makes_the_link(ada, client):
    page = ask("ada").content.decode()
    assert "Ask an admin" in page
    assert not AccessLink.objects.exists()
    ben = make_user(Role.ANALYST, "ben", email="ben@example.org")
    client.force_login(ada)
    with translation.override("en"):
        client.cookies["django_language"] = "en"
        User.objects.filter(pk=ada.pk).update(locale="")
        link = shown(client.post(f"/console/team/{ben.pk}/reset/"))
    assert Client().post(link, NEW)["Location"] == "/console/login/"
    ben.refresh_from_db()
    assert ben.check_password("a quite new one")


def test_a_link_of_who_may_less_ends_when_its_owner_may_more(client):
    boss = make_user(Role.ADMIN, "boss")
    role = create_role(RoleDraft("Helpers", permissions=["team.edit", "people.view"]), by=boss)
    low = create_role(RoleDraft("Low", permissions=["people.view"]), by=boss)
    helper, ben = make_user(role.key, "helper"), make_user(low.key, "ben", email="b@b.example")
    link = letters.address_of(links.reset_for(ben, by=helper))
    assert client.get(link).status_code == 200
    change_member(ben, by=boss, role=Role.ADMIN)
    assert client.get(link).status_code == 404
    assert client.post(link, NEW).status_code == 404
    change_member(ben, by=boss, role=low.key)
    assert client.get(link).status_code == 200
    change_member(helper, by=boss, is_active=False)
    assert client.get(link).status_code == 404
