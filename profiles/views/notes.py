"""A note on a person: written, changed, taken away."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from config.console.pages import ApiCall
from config.workspace.lifecycle.revisions import Stale, revision_in
from config.workspace.models import User
from config.workspace.permissions import may, requires
from profiles.models import Profile
from profiles.models.note import LONGEST_NOTE, Note
from profiles.notes import writing
from profiles.panels import ACTIONS, PersonAction
from profiles.views.acting import act, done, with_person


@ACTIONS.register("note", order=10)
def offered(request: HttpRequest, person: Profile) -> PersonAction | None:
    """To whoever may change people."""
    if not may(request.user, "people.edit"):
        return None
    return PersonAction(_("Note"), reverse("profiles:new_note", args=[person.public_id]), "note")


@requires("people.edit")
@with_person
def new_note(request: HttpRequest, person: Profile) -> HttpResponse:
    """A form, and what was typed in it."""
    error = ""
    text = request.POST.get("text", "")
    if request.method == "POST":
        try:
            writing.write_note(person, text, cast("User", request.user))
        except writing.BadNote as wrong:
            error = str(wrong)
        else:
            return done(request, person, _("The note is kept."))
    return _form(request, person, _("Note"), text=text, error=error)


@requires("people.edit")
@with_person
def note(request: HttpRequest, person: Profile, note_id: int) -> HttpResponse:
    """One note of one's own: another text, or gone."""
    user, error = cast("User", request.user), ""
    try:
        found = writing.own_note(person, note_id, user)
    except writing.NoSuchNote:
        return done(request, person, _("This note is gone meanwhile."), level=messages.WARNING)
    except writing.NotTheAuthor:
        words = _("Only whoever wrote a note changes it.")
        return done(request, person, words, level=messages.WARNING)
    text, revision = found.text, found.revision
    if request.method == "POST":
        text = request.POST.get("text", "")
        revision = revision_in(request.POST) or revision
        try:
            return _changed(request, person, found, text)
        except writing.BadNote as wrong:
            error = str(wrong)
        except Stale as stale:
            # what was typed stays; saved once more, it goes over what is said here
            revision = stale.revision
            error = _(
                "You changed this note in another window meanwhile. It says now: %(text)s. "
                "Save again to put yours in its place."
            ) % {"text": Note.objects.get(profile_id=found.profile_id, pk=found.pk).text}
    return _form(request, person, _("Your note"), text=text, error=error, revision=revision)


def _changed(request: HttpRequest, person: Profile, found: Note, text: str) -> HttpResponse:
    user = cast("User", request.user)
    if request.POST.get("act") == "delete":
        writing.delete_note(person, found.pk, user)
        return done(request, person, _("The note is deleted."))
    built_on = revision_in(request.POST)
    writing.change_note(person, found.pk, text, user, revision=built_on)
    return done(request, person, _("The note is changed."))


def _form(request: HttpRequest, person: Profile, title: str, **context: Any) -> HttpResponse:
    given = {"longest": LONGEST_NOTE, **context}
    call = ApiCall("GET", f"/api/profiles/{person.public_id}/notes/")
    return act(request, person, "profiles/_note.html", given, title=title, api_call=call)
