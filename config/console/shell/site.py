"""The admin site that is the console: Home, the palette's search and a few pages of the shell."""

from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from config.console.http import sessions
from config.console.pages import PAGES
from config.console.shell import health, preferences, search
from config.console.signing_in import password
from config.console.signing_in.providers import starting
from config.workspace import audit
from config.workspace.access import hashing, sign_in, throttle
from config.workspace.access.hashing import HashingBusy
from config.workspace.digests import contact_digest
from config.workspace.forms.listed import delete_chosen
from config.workspace.models import User
from config.workspace.permissions import MODEL_PERMISSIONS, ask_before_change

OWN_GUESSES = 10  # at one's own old password, in 15 minutes


def page_of_site(request: HttpRequest, page: str, /, **kwargs: Any) -> HttpResponse:
    """The page that a higher app signed in under this name. Raises Http404."""
    view = PAGES.get(page)
    if view is None:
        raise Http404(page)
    return view(request, **kwargs)


def home_part(request: HttpRequest, name: str) -> HttpResponse:
    """One lazily loaded part of Home."""
    return page_of_site(request, "home_part", name=name)


def _asked_to_change(view: Any) -> str:
    """The permission to change what a view of the admin is about; "" for pages of the site."""
    model = getattr(getattr(view, "__self__", None), "model", None)
    return MODEL_PERMISSIONS.get(model._meta.label_lower, ("", ""))[1] if model else ""


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]
    """`admin.site`. Everything personal that Unfold would cache or log goes through ours."""

    index_title = _("Home")
    enable_nav_sidebar = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.disable_action("delete_selected")
        self.add_action(delete_chosen, "delete_selected")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """As wide as the console's own pages."""
        return {**super().each_context(request), "is_fullwidth": "1"}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """None: the menu is the theme's, and a list that nobody sees cost each page a fifth."""
        return []

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """No list of models: the navigation is the only one. Raises Http404."""
        raise Http404(app_label)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Home instead of the list of models."""
        return page_of_site(request, "home")

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form. A try is counted first, so that beyond the limit no password is looked at."""
        context = {"providers": starting.choices(request), **(extra_context or {})}
        if request.method != "POST":
            return cast("HttpResponse", super().login(request, context))
        one = sign_in.try_of(request)
        if wait := sign_in.seconds_to_wait(one):
            return page_of_site(request, "locked_out", seconds=wait)
        try:
            with hashing.for_known(bool(one.device)):
                response = self._password(request, context)
        except (
            HashingBusy
        ):  # no password was looked at, so that nobody is locked out by others' tries
            sign_in.not_looked_at(one)
            raise
        if response.status_code != HTTPStatus.FOUND:
            sign_in.failed(one)
        return response

    def _password(self, request: HttpRequest, extra_context: dict[str, Any] | None) -> HttpResponse:
        """The form looked at; whoever is right is led on by `signing_in.password`."""
        context = {
            **self.each_context(request),
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            **(extra_context or {}),
        }
        view = password.PasswordLogin.as_view(extra_context=context)
        return cast("HttpResponse", view(request))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One's own; whoever sits at somebody's open session has few guesses at the old one."""
        if request.method != "POST" or not isinstance(request.user, User):
            return cast("HttpResponse", super().password_change(request, extra_context))
        digest = contact_digest("own_password", str(request.user.pk))
        if wait := throttle.seconds_to_wait({"own_password": (digest, OWN_GUESSES)}):
            return page_of_site(request, "too_often", seconds=wait)
        response: HttpResponse = super().password_change(request, extra_context)
        if response.status_code == HTTPStatus.FOUND:
            throttle.take_back([digest])
        return response

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Said in the trail, of whoever was signed in."""
        user = request.user
        response: HttpResponse = super().logout(request, extra_context)
        if isinstance(user, User) and not request.user.is_authenticated:
            sign_in.signed_out(user)
        response["Clear-Site-Data"] = '"cache"'
        return response

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every page of the site acts in its user's name: the audit trail says who."""

        @wraps(view)
        def acting(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            user = request.user
            if not isinstance(user, User):
                return view(request, *args, **kwargs)
            ask_before_change(request, _asked_to_change(view))
            with audit.acting(audit.actor_of_user(user)), hashing.for_known():
                return view(request, *args, **kwargs)

        return super().admin_view(acting, cacheable)

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The palette: never cached, unlike Unfold's."""
        return search.palette(request)

    def extra_urls(self) -> list[URLPattern]:
        """Parts of Home, and what the menu at the foot of the sidebar changes."""
        return [
            path("home/<slug:name>/", self.admin_view(home_part), name="home_part"),
            path("health/", self.admin_view(health.health), name="health"),
            path("sessions/end/", self.admin_view(sessions.end_all), name="end_sessions"),
            path("sessions/others/end/", self.admin_view(sessions.end_others), name="end_others"),
            path(
                "sessions/<int:number>/end/", self.admin_view(sessions.end_one), name="end_session"
            ),
            path(
                "workspace/user/<int:user_id>/sessions/end/",
                self.admin_view(sessions.end_theirs),
                name="end_their_sessions",
            ),
            path("language/", self.admin_view(preferences.language), name="language"),
        ]
