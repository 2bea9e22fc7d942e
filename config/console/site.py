"""The admin site that is the console: Home, the palette's search and a few pages of the shell."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite

from config.console import home, preferences, search


class ConsoleSite(UnfoldAdminSite):
    """`admin.site`. Everything personal that Unfold would cache or log goes through ours."""

    index_title = "Home"
    enable_nav_sidebar = True

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Home instead of the list of models."""
        return home.home(request)

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
