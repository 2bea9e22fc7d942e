"""/api/profiles/PERSON/notes/: what colleagues wrote of a person."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace.api.pagination import listed
from profiles.api.paging import PAGE_PARAMETERS
from profiles.api.people import record_look
from profiles.api.subroutes import SUBROUTES, Subroute
from profiles.models import Profile
from profiles.notes.writing import notes_of
from profiles.selectors.masking import shown_to

MOST = 500


class NoteSerializer(serializers.Serializer[Any]):
    """One note; `text` is empty for who sees no free text."""

    id = serializers.IntegerField()
    author = serializers.CharField()
    text = serializers.CharField()
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)


class NotePage(serializers.Serializer[Any]):
    """The newest notes, on one page."""

    results = NoteSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


def notes(request: Request, profile: Profile) -> Response:
    """What colleagues wrote of the person, the newest first, 500 at most."""
    shown = shown_to(request.user)
    record_look(profile, ("notes",), shown)
    return listed(
        request,
        [
            {
                "id": note.pk,
                "author": note.author_name,
                "text": shown.free_text(note.text),
                "created_at": note.created_at,
                "edited_at": note.edited_at,
            }
            for note in notes_of(profile.pk).order_by("-created_at", "-id")[:MOST]
        ],
        "id",
    )


SUBROUTES.register("notes", order=30)(
    Subroute(notes, "people.view", {"parameters": PAGE_PARAMETERS, "responses": NotePage})
)
