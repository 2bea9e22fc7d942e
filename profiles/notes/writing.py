"""Notes written, changed and taken away; each in one transaction, with its entry in the trail."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from config.postgres.wire import is_storable
from config.workspace import audit
from config.workspace.lifecycle.revisions import refuse_stale
from config.workspace.models import User
from profiles.models import Profile
from profiles.models.note import LONGEST_NOTE, Note
from profiles.people.lineage import ever_ids


class BadNote(ValueError):
    """It cannot be kept as it is; says why."""


class NotTheAuthor(PermissionError):
    """Only whoever wrote it changes it or takes it away."""


class NoSuchNote(LookupError):
    """It is not there (any more)."""


def text_of(given: str) -> str:
    """What is kept of what was typed. Raises BadNote."""
    text = given.replace("\r\n", "\n").strip()
    if not text:
        raise BadNote(_("Write something first."))
    if len(text) > LONGEST_NOTE:
        raise BadNote(_("This is longer than %(n)d characters.") % {"n": LONGEST_NOTE})
    if not is_storable(text):
        raise BadNote(_("It holds a character that cannot be stored."))
    return text


@transaction.atomic
def write_note(person: Profile, given: str, user: User) -> Note:
    """A new note on this person. Raises BadNote."""
    note = Note.objects.create(
        profile_id=person.pk,
        author_id=user.pk,
        author_name=user.get_full_name() or user.get_username(),
        text=text_of(given),
        created_at=timezone.now(),
    )
    _record("create", note, person)
    return note


@transaction.atomic
def change_note(
    person: Profile, note_id: int, given: str, user: User, *, revision: int | None = None
) -> Note:
    """Another text, by its author. `revision` is what the change builds on. Raises BadNote,
    NoSuchNote, NotTheAuthor, Stale.
    """
    text = text_of(given)
    note = own_note(person, note_id, user, lock=True)
    refuse_stale(note.revision, revision)
    if text != note.text:
        note.text, note.edited_at, note.revision = text, timezone.now(), note.revision + 1
        note.save(update_fields=["text", "edited_at", "revision"])
        _record("update", note, person)
    return note


@transaction.atomic
def delete_note(person: Profile, note_id: int, user: User) -> None:
    """Gone for good, by its author. Raises NoSuchNote, NotTheAuthor."""
    note = own_note(person, note_id, user, lock=True)
    Note.objects.filter(profile_id=note.profile_id, pk=note.pk).delete()
    _record("delete", note, person)


def own_note(person: Profile, note_id: int, user: User, *, lock: bool = False) -> Note:
    """The note on this person, or on whom they were before. Raises NoSuchNote, NotTheAuthor."""
    rows = notes_of(person.pk).filter(pk=note_id)
    note = (rows.select_for_update(no_key=True) if lock else rows).first()
    if note is None:
        raise NoSuchNote(note_id)
    if note.author_id != user.pk:
        raise NotTheAuthor(note_id)
    return note


def notes_of(profile_id: int) -> QuerySet[Note]:
    """All notes on a person, those from before a merge too; one query for who they ever were."""
    return Note.objects.filter(profile_id__in=ever_ids(profile_id))


def _record(action: str, note: Note, person: Profile) -> None:
    audit.record(action, "note", str(note.pk), fields=["text"], profile_id=person.pk)
