"""What somebody of the team does about one person's permissions."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.console.pages import toast
from config.workspace.permissions import requires
from consent.ledger.taking_back import CannotTakeBack, take_back
from profiles.models import Profile


@require_POST
@requires("consents.edit")
def take_back_view(request: HttpRequest, public_id: uuid.UUID, entry_id: int) -> HttpResponse:
    """A signal that a browser sent, in whoever's name."""
    person = get_object_or_404(Profile, public_id=public_id)
    try:
        take_back(profile=person, entry_id=entry_id)
    except CannotTakeBack as error:
        toast(request, str(error), level=messages.WARNING)
    else:
        toast(request, _("Taken back: it is as if they had never been asked."))
    return redirect("profiles:person", person.public_id)
