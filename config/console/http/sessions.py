"""How long somebody stays signed in: so long without doing anything, so long at most, or until they
end it themselves, here or everywhere, or whoever manages the team does."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout, update_session_auth_hash
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config.console.pages import page, toast
from config.workspace import freshness
from config.workspace.access import seen, sign_in
from config.workspace.models import User
from config.workspace.permissions import may_give, requires
from config.workspace.trail.targets import name_of_user

BEGAN, SEEN = "began", "seen"  # seconds since 1970, in the session
HOUR = 3600.0
SEEN_EVERY = 300.0  # seconds: a session is written no oftener than that


@receiver(user_logged_in, dispatch_uid="rapport.session_began")
def _began(request: HttpRequest, **_more: Any) -> None:
    request.session[BEGAN] = request.session[SEEN] = time.time()
    freshness.note(request)
    seen.note(request, is_seen=True)


class SessionCookies(SessionMiddleware):
    """Django's, but that a cookie is taken back only by the answer that ended its session.

    Whoever signs in anew while a page still asks for its parts would lose the new cookie to the
    answers for the old one, which come later.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """The answer, with a cookie where the session is new or over."""
        said = super().process_response(request, response)
        name, session = settings.SESSION_COOKIE_NAME, getattr(request, "session", None)
        is_taken_back = name in said.cookies and not said.cookies[name].value
        if is_taken_back and not getattr(session, "was_ended", True):
            del said.cookies[name]
        return said


class SessionLimits:
    """Middleware: ends a session whose time is over. What a page asks for by itself keeps none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """No query but the session's own, save what `seen` writes; without its cookie none."""
        is_seen = False
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            is_seen = self._look(request)
        response = self.get_response(request)
        if getattr(request.session, "accessed", False) and SESSION_KEY in request.session:
            seen.note(request, is_seen=is_seen)
        return response

    @staticmethod
    def _look(request: HttpRequest) -> bool:
        """Whether its use was written down."""
        now, session = time.time(), request.session
        began = session.setdefault(BEGAN, now)
        last = session.get(SEEN, began)
        longest, idle = settings.SESSION_HOURS * HOUR, settings.SESSION_IDLE_HOURS * HOUR
        if now - began > longest or now - last > idle:
            logout(request)
        elif now - last > SEEN_EVERY and not _asked_by_a_page(request):
            session[SEEN] = now
            return True
        return False


def _asked_by_a_page(request: HttpRequest) -> bool:
    return request.method == "GET" and request.headers.get("HX-Request") == "true"


def end_all(request: HttpRequest) -> HttpResponse:
    """Every session of the user who asks, this one too."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    user = request.user
    if isinstance(user, User):
        sign_in.end_sessions(user)
    logout(request)
    toast(request, _("You are signed out, here and everywhere else."))
    return redirect(settings.LOGIN_URL)


def end_others(request: HttpRequest) -> HttpResponse:
    """Every session of the user who asks but this one."""
    user = request.user
    if request.method != "POST" or not isinstance(user, User):
        return HttpResponseNotAllowed(["POST"])
    freshness.ask(request)
    sign_in.end_sessions(user)
    user.refresh_from_db()
    update_session_auth_hash(request, user)  # this one goes on, under a new key
    toast(request, _("All your other sessions are ended."))
    return redirect("mfa_index")


def end_one(request: HttpRequest, number: int) -> HttpResponse:
    """One session of the user who asks. Raises Http404."""
    user = request.user
    if request.method != "POST" or not isinstance(user, User):
        return HttpResponseNotAllowed(["POST"])
    freshness.ask(request)
    if not seen.end(user, number):
        raise Http404
    toast(request, _("That session is ended."))
    return redirect("mfa_index")


@requires("team.edit")
@require_http_methods(["GET", "POST"])
def end_theirs(request: HttpRequest, user_id: int) -> HttpResponse:
    """Say what will happen; then end every session of this member of the team. Raises Http404."""
    member = get_object_or_404(User, pk=user_id)
    if not may_give(request.user, member.role):
        raise PermissionDenied("team.edit")
    name, back = name_of_user(member), reverse("admin:workspace_user_change", args=[user_id])
    if request.method == "POST":
        sign_in.end_sessions(member)
        toast(request, _("All sessions of %(name)s are ended.") % {"name": name})
        return redirect(back)
    crumbs = [
        (_("Settings"), None),
        (_("Team"), reverse("admin:workspace_user_changelist")),
        (str(member), back),
    ]
    return page(
        request,
        "console/end_sessions.html",
        {"name": name, "is_own": member.pk == request.user.pk, "back": back},
        title=_("End their sessions"),
        crumbs=crumbs,
    )
