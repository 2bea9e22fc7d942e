"""Invitations: by real mail, once, for a time; taken back, sent again; never beyond one's own."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.delivery.service_mails import send_due
from config.workspace import permissions
from config.workspace.joining import letters, links
from config.workspace.joining.asking import look_up_due, prune
from config.workspace.models import AccessLink, AuditEntry, OutgoingMail, Role, User
from tests.cast import make_user

pytestmark = pytest.mark.django_db
TEAM = "/console/team/"
FORM = {"username": "ben", "password1": "a long enough one", "password2": "a long enough one"}
LINK = re.compile(r"http://testserver(/console/(?:invitation|reset)/\S+/)")


def mail_all() -> int:
    """What the workers do; how many mails were tried."""
    while look_up_due():
        pass
    return send_due()


@pytest.fixture
def ada(client):
    user = make_user(Role.ADMIN, "ada", first_name="Ada", email="ada@example.org")
    client.force_login(user)
    return user


def invite(client, email="ben@example.org", role=Role.ANALYST):
    return client.post(TEAM, {"email": email, "role": role}, follow=True)


def shown(answer) -> str:
    """The link on the page that shows it once."""
    found = LINK.search(answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def mailed(server, number=-1) -> str:
    found = LINK.search(server.message(number).get_body(("plain",)).get_content())
    assert found
    return found[1]


def test_an_invitation_comes_by_mail_and_lets_in_once(ada, client, server):
    answer = invite(client)
    assert "A link is on its way to ben@example.org" in answer.content.decode()
    assert not LINK.search(answer.content.decode()), "who invites does not get the link as well"
    assert (mail_all(), mail_all()) == (1, 0)
    letter = server.message()
    assert server.mails[0][0] == letter["To"] == "ben@example.org"
    assert letter["Subject"] == "Ada invites you to Rapport"
    assert letter["Auto-Submitted"] == "auto-generated"
    link = mailed(server)
    stranger = Client()
    page = stranger.get(link).content.decode()
    assert "You will work here as Analyst" in page
    assert stranger.post(link, FORM | {"password2": "another"}).status_code == 422
    attack = {"role": "admin", "is_superuser": "on", "email": "eve@example.org"}
    assert stranger.post(link, FORM | attack)["Location"] == "/console/"
    ben = User.objects.get(username="ben")
    assert (ben.role, ben.email, ben.is_superuser) == ("analyst", "ben@example.org", False)
    assert stranger.get("/console/").status_code == 200
    for again in (stranger, Client()):
        assert again.get(link).status_code == 404
        assert again.post(link, FORM | {"username": "eve"}).status_code == 404
    told = AuditEntry.objects.filter(target_kind__in=["invitation", "user"]).order_by("id")
    assert [(one.action, one.actor_name) for one in told] == [
        ("invitation.created", "ada"),
        ("invitation.accepted", "ben"),
        ("user.created", "ben"),
    ]
    assert "example.org" not in str([(one.detail, one.target) for one in told])


def test_without_a_mail_server_the_link_is_shown_once_and_nothing_is_mailed(ada, client):
    link = shown(invite(client))
    assert not OutgoingMail.objects.exists(), "the demo mailbox shows mails to others"
    assert link not in client.get(TEAM).content.decode()
    assert Client().get(link).status_code == 200
    assert "invited already" in invite(client, "BEN@example.org").content.decode()
    assert "works here already" in invite(client, "Ada@Example.org").content.decode()


def test_a_link_ends_when_it_is_taken_back_sent_again_or_out_of_time(ada, client):
    first, row = shown(invite(client)), AccessLink.objects.get()
    second = shown(client.post(f"{TEAM}invitations/{row.pk}/again/"))
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    AccessLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().post(second, FORM).status_code == 404
    third = shown(client.post(f"{TEAM}invitations/{row.pk}/again/"))
    assert Client().get(third).status_code == 200
    client.post(f"{TEAM}invitations/{row.pk}/revoke/")
    assert Client().post(third, FORM).status_code == 404
    assert client.post(f"{TEAM}invitations/{row.pk}/again/").status_code == 404
    assert User.objects.count() == 1
    for forged in (
        third[:-4] + "AAA/",
        third.replace("invitation", "reset"),
        f"{TEAM[:-5]}reset/x/",
    ):
        assert Client().get(forged).status_code == 404
    assert prune(timezone.now()) == 0
    assert prune(timezone.now() + timedelta(days=98)) == 1


def test_nobody_invites_makes_or_resets_whoever_may_do_more(ada, client, monkeypatch):
    """A role that manages the team and is no admin: custom ones may be."""
    lead = permissions.ROLES[Role.ANALYST] | {"team.edit"}
    monkeypatch.setitem(permissions.ROLES, Role.ANALYST, lead)
    link = shown(invite(client, "cleo@example.org", Role.ADMIN))
    mei = make_user(Role.ANALYST, "mei")
    client.force_login(mei)
    page = invite(client, role=Role.ADMIN)
    assert (page.status_code, AccessLink.objects.count()) == (422, 1)
    with pytest.raises(links.CannotInvite):
        links.invite(email="ben@example.org", role=Role.ADMIN, by=mei)
    row = AccessLink.objects.get()
    assert (
        "may do more than yours"
        in client.post(f"{TEAM}invitations/{row.pk}/again/", follow=True).content.decode()
    )
    assert Client().get(link).status_code == 200, "the admin's own still works"
    assert (
        "may do more than yours"
        in client.post(f"{TEAM}{ada.pk}/reset/", follow=True).content.decode()
    )
    form = {"username": "eve", "role": Role.ADMIN, "password1": FORM["password1"]}
    form["password2"] = form["password1"]
    assert client.post("/console/workspace/user/add/", form).status_code == 200
    assert not User.objects.filter(username="eve").exists()
    for path in (f"{ada.pk}/password/", f"{ada.pk}/delete/"):
        assert client.post(f"/console/workspace/user/{path}", {"post": "yes"}).status_code == 403
    # what somebody could give when they invited, and may not any more, is not given
    shown(invite(client, role=Role.ANALYST))
    theirs = letters.address_of(AccessLink.objects.get(created_by=mei))
    path = theirs.removeprefix("http://testserver")
    assert Client().get(path).status_code == 200
    User.objects.filter(pk=mei.pk).update(is_active=False)
    assert Client().post(path, FORM).status_code == 404
    assert "works no more" in _team_of(ada)


def _team_of(user) -> str:
    client = Client()
    client.force_login(user)
    return client.get(TEAM).content.decode()


def test_what_the_mail_server_does_not_take_is_said_and_can_be_sent_again(ada, client, server):
    server.refusals = {"ben@example.org": ["550 nobody here"]}
    invite(client)
    mail_all()
    page = client.get(TEAM).content.decode()
    assert "not delivered" in page
    server.refusals = {}
    row = AccessLink.objects.get()
    client.post(f"{TEAM}invitations/{row.pk}/again/")
    assert "being mailed" in client.get(TEAM).content.decode()
    mail_all()
    assert Client().get(mailed(server)).status_code == 200
    client.post(f"{TEAM}invitations/{row.pk}/again/")
    client.post(f"{TEAM}invitations/{row.pk}/revoke/")
    assert mail_all() == 0, "what was taken back is not mailed"


def test_a_name_with_line_breaks_starts_no_header(client, server):
    ada = make_user(Role.ADMIN, "ada", first_name="Ada\r\nBcc: eve@example.org")
    client.force_login(ada)
    invite(client)
    mail_all()
    letter = server.message()
    assert letter["Bcc"] is None
    assert letter["Subject"].startswith("Ada Bcc:")
    assert [to for to, _content in server.mails] == ["ben@example.org"]


@pytest.mark.parametrize("role", [one for one in Role.values if one != Role.ADMIN])
def test_roles_without_the_team_see_and_invite_nobody(client, role):
    client.force_login(make_user(role, "ben"))
    assert client.get(TEAM).status_code == 403
    assert client.post(TEAM, {"email": "x@example.org", "role": role}).status_code == 403


def test_the_last_admin_stays_one_in_the_form_too(ada, client):
    address = f"/console/workspace/user/{ada.pk}/change/"
    form = {"username": "ada", "role": Role.ANALYST, "is_active": "on"}
    for change in (form, {"username": "ada", "role": Role.ADMIN}):
        assert "The last admin stays one" in client.post(address, change).content.decode()
    assert (
        client.post(f"/console/workspace/user/{ada.pk}/delete/", {"post": "yes"}).status_code == 403
    )
    make_user(Role.ADMIN, "gone", is_active=False)
    assert client.post(address, form).status_code == 200
    ada.refresh_from_db()
    assert (ada.role, ada.is_active) == ("admin", True)
    make_user(Role.ADMIN, "ben")
    assert client.post(address, form).status_code == 302
    ada.refresh_from_db()
    assert ada.role == "analyst"
