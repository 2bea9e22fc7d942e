"""Notes on the timeline of a person."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from profiles.models import Profile
from profiles.models.note import Note
from profiles.notes.writing import notes_of
from profiles.selectors.masking import HIDDEN_WORDS, Shown
from profiles.timeline import TIMELINE, Action, Cursor, TimelineItem, id_below, key_of

NAME, KIND = "note", "notes"


@TIMELINE.register(NAME, order=15)
def notes(
    profile_id: int, before: Cursor | None, limit: int, kinds: Collection[str]
) -> list[TimelineItem]:
    """What colleagues wrote; three queries, two where nobody wrote anything."""
    if kinds and KIND not in kinds:
        return []
    rows = notes_of(profile_id)
    if before is not None:
        at, number = before[0], id_below(before, NAME)
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=number))
    found = list(rows.order_by("-created_at", "-id")[:limit])
    if not found:
        return []
    person = Profile.objects.values_list("public_id", flat=True).get(pk=profile_id)
    return [_item(note, person) for note in found]


def _item(note: Note, person: UUID) -> TimelineItem:
    words = _("Note by {}, edited") if note.edited_at else _("Note by {}")
    url = reverse("profiles:note", args=[person, note.pk])
    item = TimelineItem(
        at=note.created_at,
        key=key_of(NAME, note.pk),
        kind=KIND,
        icon="note",
        title=format_html(words, format_html("<b>{}</b>", note.author_name)),
        detail=note.text,
        actions=(
            Action(_("Edit"), url, permission="people.edit", only=note.author_id, is_dialog=True),
        ),
    )

    def retell(shown: Shown) -> TimelineItem:
        return replace(item, detail=shown.free_text(note.text) or HIDDEN_WORDS)

    return replace(item, retell=retell)
