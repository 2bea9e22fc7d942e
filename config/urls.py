"""Every address of the installation. API addresses take both spellings: a redirect loses a POST."""

from importlib.util import find_spec
from typing import Any

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from config import health
from config.workspace import first_admin


def there(prefix: str, module: str) -> list[Any]:
    """Mount a module's addresses where the module is there."""
    return [path(prefix, include(module))] if find_spec(module) else []


urlpatterns = [
    path("", RedirectView.as_view(url="/console/")),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", health.metrics),
    *there("", "consent.public_urls"),
    *there("", "campaigns.tracking.urls"),
    *there("api/", "profiles.api.urls"),
    *there("api/", "consent.api.urls"),
    *there("api/", "segments.api.urls"),
    *there("api/", "campaigns.api.urls"),
    re_path(r"^api/schema/?$", SpectacularAPIView.as_view(), name="schema"),
    re_path(r"^api/docs/?$", SpectacularSwaggerView.as_view(url_name="schema"), name="api-docs"),
    *there("", "config.demo.urls"),
    *there("console/", "config.console.urls"),
    *there("console/", "profiles.urls"),
    *there("console/", "consent.urls"),
    *there("console/", "segments.urls"),
    *there("console/", "campaigns.urls"),
    path("console/i18n/", include("django.conf.urls.i18n")),
    path("console/first-admin/<str:token>/", first_admin.view, name="first-admin"),
    path("console/", admin.site.urls),
]
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
