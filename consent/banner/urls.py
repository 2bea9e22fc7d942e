"""Public addresses of the banner, mounted at the root."""

from django.urls import path, re_path

from consent.banner import views

urlpatterns = [
    re_path(r"^consent/banner\.(?P<kind>js|css)\Z", views.file_view, name="banner-file"),
    path("consent/<str:key>/banner.json", views.document_view, name="banner-texts"),
]
