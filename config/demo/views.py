"""The story card's switches: who I am, and whether the shop goes on by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from config.console.pages import toast
from config.console.shell import places
from config.demo import state, team
from config.demo.generator import past_of_maya
from config.demo.state import DemoState, demo_only
from config.demo.story import erased_as
from config.demo.writing import inbox_feed
from config.workspace import audit, freshness
from config.workspace.models import User
from config.workspace.permissions import may, role_in_words

BACKEND = "config.workspace.permissions.RoleBackend"


def _insider(request: HttpRequest) -> tuple[DemoState, User]:
    """The demo, and the demo's own user who asks. Raises Http404, PermissionDenied."""
    run = state.load()
    if run is None:
        raise Http404("no demo has run here")
    user = cast("User", request.user)
    if user.pk not in run.users:
        raise PermissionDenied("only the demo's own users")
    return run, user


@demo_only
@require_POST
def role(request: HttpRequest) -> HttpResponse:
    """Go on as the demo's user of another role; for those who came in as one of them."""
    if not request.user.is_authenticated:
        return redirect_to_login("/console/")
    run, user = _insider(request)
    wanted = request.POST.get("role", "")
    other = next((member for member in team.members(run) if member.role == wanted), None)
    if other is None:
        raise Http404(wanted)
    with audit.acting(audit.actor_of_user(user)):
        audit.record("demo.role_switched", "user", str(other.pk), detail={"role": wanted})
    shown_at = request.session.get(freshness.SHOWN_AT)
    login(request, other, backend=BACKEND)
    if shown_at is not None:  # the team has one password: whoever showed it has shown it as each
        freshness.note(request, at=shown_at)
    words = _("You are %(name)s now: %(role)s.")
    toast(request, words % {"name": other.get_full_name(), "role": role_in_words(other.role)})
    return redirect("/console/")


@demo_only
@require_POST
def traffic(request: HttpRequest) -> HttpResponse:
    """Switch the light background traffic on or off."""
    if not request.user.is_authenticated:
        return redirect_to_login("/console/")
    run, user = _insider(request)
    run.traffic = request.POST.get("traffic") == "on"
    with audit.acting(audit.actor_of_user(user)):
        audit.record("demo.traffic_switched", "workspace", detail={"on": run.traffic})
    state.remember(run, "traffic")
    said = _("The shop goes on by itself.") if run.traffic else _("The shop is quiet now.")
    toast(request, said)
    return redirect("/console/")


@demo_only
@require_POST
def replay(request: HttpRequest) -> HttpResponse:
    """Send Maya's past again through the inbox, as a copy of somebody else's would come."""
    if not request.user.is_authenticated:
        return redirect_to_login("/console/")
    run, user = _insider(request)
    if not may(user, "privacy.edit"):
        raise PermissionDenied("privacy.edit")
    if not erased_as():
        toast(request, _("She is not erased yet: do that first."), level=messages.WARNING)
        return redirect("/console/")
    now = datetime.now(UTC)
    calls = [
        call._replace(body={**call.body, "messageId": f"{call.body['messageId']}-again"})
        for call in past_of_maya(now, **run.run)
    ]
    inbox_feed.put(inbox_feed.sources(), calls, received_at=now)
    with audit.acting(audit.actor_of_user(user)):
        audit.record("demo.replayed", "workspace", detail={"messages": len(calls)})
    said = ngettext(
        "%(n)d call of hers came in again. Each is refused here, with its reason.",
        "%(n)d calls of hers came in again. Each is refused here, with its reason.",
        len(calls),
    )
    toast(request, said % {"n": len(calls)})
    return redirect(places.live(status="refused"))
