"""Notes on people: written, changed by their author alone, told on the timeline, erased."""

import pytest
from django.test import Client
from django.urls import reverse

from config.workspace.models import AuditEntry, CustomRole, Role
from config.workspace.roles.sight import DataKind
from profiles.models import Note
from profiles.notes import writing
from tests.cast import absorb, make_ada, make_profile, make_user

pytestmark = pytest.mark.django_db
HOSTILE = "</p><script>alert(1)</script> ليلى"


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(client, person) -> str:
    return client.get(reverse("profiles:person", args=[person.public_id])).content.decode()


def test_a_note_stands_on_the_timeline_with_its_author_and_only_they_change_it() -> None:
    ada, rep, other = make_ada(), make_user(Role.SERVICE_REP, "Rita"), make_user(Role.ADMIN, "Omar")
    mine, theirs = client_of(rep), client_of(other)
    new = reverse("profiles:new_note", args=[ada.public_id])
    assert b'name="text"' in mine.get(new).content
    assert "Write something first." in mine.post(new, {"text": "  "}).content.decode()
    assert Note.objects.count() == 0
    assert mine.post(new, {"text": f"Wants a call. {HOSTILE}"}).status_code == 302
    note = Note.objects.get()
    own = reverse("profiles:note", args=[ada.public_id, note.pk])
    page = page_of(mine, ada)
    assert "Wants a call." in page
    assert "Rita" in page
    assert own in page
    assert "<script>alert" not in page
    assert own not in page_of(theirs, ada)
    theirs.post(own, {"text": "Another's words"})
    theirs.post(own, {"act": "delete"})
    note.refresh_from_db()
    assert note.text.startswith("Wants a call.")
    mine.post(own, {"text": "Called back.", "revision": note.revision})
    stale = mine.post(own, {"text": "From an old window", "revision": 1}).content.decode()
    assert "It says now: Called back." in stale
    assert "From an old window" in stale
    note.refresh_from_db()
    assert (note.text, note.revision, note.edited_at is None) == ("Called back.", 2, False)
    mine.post(own, {"act": "delete"})
    assert Note.objects.count() == 0
    entries = AuditEntry.objects.filter(target_kind="note", profile_id=ada.pk).order_by("id")
    assert [entry.action for entry in entries] == ["create", "update", "delete"]
    assert not any("call" in str(entry.detail).lower() for entry in entries)


def test_who_may_not_change_people_is_offered_no_note() -> None:
    ada = make_ada()
    analyst = client_of(make_user(Role.ANALYST))
    new = reverse("profiles:new_note", args=[ada.public_id])
    assert new not in page_of(analyst, ada)
    assert analyst.post(new, {"text": "x"}).status_code == 403


@pytest.mark.parametrize(("level", "is_seen"), [("shown", True), ("masked", False)])
def test_a_note_is_read_by_roles_that_see_free_text(level: str, is_seen: bool) -> None:
    ada = make_ada()
    writing.write_note(ada, "Her knee hurts.", make_user(Role.SERVICE_REP, "Rita"))
    sight = {"kinds": {str(DataKind.TEXT): level}}
    CustomRole.objects.create(key="desk", name="Desk", permissions=["people.view"], sight=sight)
    page = page_of(client_of(make_user("desk")), ada)
    assert ("Her knee hurts." in page) is is_seen
    assert "Rita" in page
    answer = client_of(make_user("desk")).get(f"/api/profiles/{ada.public_id}/notes/").json()
    text = "Her knee hurts." if is_seen else ""
    assert [(one["author"], one["text"]) for one in answer["results"]] == [("Rita", text)]


def test_notes_go_with_whom_they_were_written_of() -> None:
    ada, ben = make_ada(), make_profile("Ben")
    user = make_user(Role.SERVICE_REP, "Rita")
    writing.write_note(ben, "Of Ben alone.", user)
    absorb(ada, ben)
    ada.refresh_from_db()
    assert "Of Ben alone." in page_of(client_of(user), ada)
    assert [note.text for note in writing.notes_of(ada.pk)] == ["Of Ben alone."]
