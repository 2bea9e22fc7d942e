"""The admin site that is the console: Home, the palette's search and a few pages of the shell."""

from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite

from config.console import home, preferences, search
from config.workspace import audit
from config.workspace.models import User


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]
    """`admin.site`. Everything personal that Unfold would cache or log goes through ours."""

    index_title = "Home"
    enable_nav_sidebar = True

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Home instead of the list of models."""
        return home.home(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every page of the site acts in its user's name: the audit trail says who."""

        @wraps(view)
        def acting(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            user = request.user
            if not isinstance(user, User):
                return view(request, *args, **kwargs)
            with audit.acting(audit.actor_of_user(user)):
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
            path("home/<slug:name>/", self.admin_view(home.home_part), name="home_part"),
            path("language/", self.admin_view(preferences.language), name="language"),
        ]
