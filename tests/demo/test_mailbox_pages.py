"""The demo mailbox in the console: what was sent, safely shown, to those who may."""

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from config.running import mailbox
from config.workspace.models import AuditEntry, Role
from tests.cast import make_user

BACKEND = "config.workspace.permissions.RoleBackend"
HOSTILE = b"""From: Shop <shop@example.com>\r
To: Ada <ada@example.com>\r
Subject: =?utf-8?q?Hello_=3Cscript=3Ealert=281=29=3C/script=3E?=\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary=b\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
\r
Plain <b>words</b> and https://example.com/a\r
--b\r
Content-Type: text/html; charset=utf-8\r
\r
<p>Shown</p><script>parent.document.title='owned'</script><a href="https://example.com/b">on</a>\r
--b--\r
"""


@pytest.fixture
def mails(tmp_path, settings) -> list[str]:
    settings.VAR_DIR = tmp_path
    place = mailbox.folder()
    place.mkdir()
    first = [mailbox.keep(place, "shop@example.com", ["ada@example.com"], HOSTILE)]
    return first + [
        mailbox.keep(place, "shop@example.com", [f"p{n}@example.com"], HOSTILE) for n in range(40)
    ]


def client_as(role: str) -> Client:
    client = Client()
    client.force_login(make_user(role), backend=BACKEND)
    return client


def test_the_newest_are_listed_and_the_rest_is_a_page_away(db, mails):
    client = client_as(Role.MARKETER)
    page = client.get(reverse("console:mailbox")).content.decode()
    assert page.count('class="dm-row"') == 30
    assert "p39@example.com" in page
    assert "p2@example.com" not in page
    assert "<script>alert(1)" not in page
    older = client.get(f"{reverse('console:mailbox')}?before={mails[11]}").content.decode()
    assert older.count('class="dm-row"') == 11


def test_a_receiver_is_found_by_the_whole_address(db, mails):
    client = client_as(Role.MARKETER)
    found = client.get(reverse("console:mailbox"), {"to": " ADA@example.com "}).content.decode()
    assert found.count('class="dm-row"') == 1
    none = client.get(reverse("console:mailbox"), {"to": "<b>@example.com"}).content.decode()
    assert "No mail to &lt;b&gt;@example.com" in none


def test_htmx_gets_the_rows_alone(db, mails):
    client = client_as(Role.MARKETER)
    part = client.get(reverse("console:mailbox"), headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert part["Vary"].count("HX-Request") == 1


def test_an_empty_mailbox_teaches(db, tmp_path, settings):
    settings.VAR_DIR = tmp_path
    assert "No mail yet" in client_as(Role.ADMIN).get(reverse("console:mailbox")).content.decode()


def test_a_mail_is_shown_in_a_sandbox_and_the_look_is_recorded(db, mails):
    client = client_as(Role.MARKETER)
    page = client.get(reverse("console:mail", args=[mails[0]])).content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "Hello &lt;script&gt;" in page
    assert AuditEntry.objects.filter(action="mail.viewed", target=mails[0]).exists()
    text = client.get(f"{reverse('console:mail', args=[mails[0]])}?part=text").content.decode()
    assert "Plain &lt;b&gt;words" in text
    heads = client.get(f"{reverse('console:mail', args=[mails[0]])}?part=headers")
    assert "multipart/alternative" in heads.content.decode()


def test_the_frame_has_no_script_and_links_leave_it(db, mails):
    frame = client_as(Role.MARKETER).get(reverse("console:mail_html", args=[mails[0]]))
    policy = frame["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "allow-scripts" not in policy
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
    assert frame.content.startswith(b'<base target="_blank">')


def test_the_raw_mail_is_a_file(db, mails):
    answer = client_as(Role.ADMIN).get(reverse("console:mail_raw", args=[mails[0]]))
    assert answer.content == HOSTILE
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("name", ["mailbox", "mail", "mail_html", "mail_raw"])
@pytest.mark.parametrize("role", [Role.ANALYST, Role.INTEGRATOR])
def test_who_may_not_see_personal_data_sees_no_mail(db, mails, role, name):
    arguments = [] if name == "mailbox" else [mails[0]]
    assert client_as(role).get(reverse(f"console:{name}", args=arguments)).status_code == 403


@pytest.mark.parametrize("mail_id", ["x", "..%2f..%2fsecret_key", "0" * 20 + "-" + "a" * 16])
def test_what_is_not_there_is_not_found(db, mails, mail_id):
    client = client_as(Role.ADMIN)
    assert client.get(f"/console/mailbox/{mail_id}/").status_code == 404
    assert client.get(f"/console/mailbox/{mail_id}/html/").status_code == 404


def test_with_a_mail_server_there_is_no_mailbox(db, mails):
    with override_settings(EMAIL_URL="smtp://mail.example"):
        assert client_as(Role.ADMIN).get(reverse("console:mailbox")).status_code == 404


def test_nobody_sees_it_without_logging_in(db, mails):
    assert Client().get(reverse("console:mailbox")).status_code == 302
