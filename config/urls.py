"""Every address of the installation. API addresses take both spellings: a redirect loses a POST."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config.running import health
from config.running.metrics import metrics
from config.workspace.access import first_admin

docs = SpectacularSwaggerSplitView.as_view(url_name="schema")  # split: no inline script

urlpatterns = [
    path("", RedirectView.as_view(url="/console/")),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", metrics),
    path("", include("consent.preferences.urls")),
    path("", include("consent.banner.urls")),
    path("", include("consent.opendsr.urls")),
    path("", include("segments.pages.link_urls")),
    path("", include("campaigns.outcomes.urls")),
    path("", include("campaigns.evidence.urls")),
    path("", include("config.demo.urls")),
    path("api/", include("profiles.api.urls")),
    path("api/", include("consent.api.urls")),
    path("api/", include("segments.api.urls")),
    path("api/", include("campaigns.api.urls")),
    path("api/", include("config.webhooks.api_urls")),
    path("api/", include("config.team.api_urls")),
    re_path(r"^api/schema/?$", SpectacularAPIView.as_view(), name="schema"),
    re_path(r"^api/docs/?$", docs, name="api-docs"),
    path("console/", include("config.home.urls")),
    path("console/", include("profiles.urls")),
    path("console/", include("consent.urls")),
    path("console/", include("segments.urls")),
    path("console/", include("campaigns.urls")),
    path("console/", include("config.team.urls")),
    path("console/", include("config.console.signing_in.urls")),
    path("console/", include("config.webhooks.urls")),
    path("console/", include("config.console.signing_in.member_urls")),
    path("console/i18n/", include("django.conf.urls.i18n")),
    path("console/first-admin/<str:token>/", first_admin.view, name="first-admin"),
    path("console/", admin.site.urls),
]
handler400 = "config.answers.errors.bad_request"
handler403 = "config.answers.errors.not_allowed"
handler404 = "config.answers.errors.not_found"
handler500 = "config.answers.errors.server_error"
