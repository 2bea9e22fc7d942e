"""Public addresses, mounted at the root."""

from django.urls import re_path

from consent.preferences import views

TOKEN = r"(?P<token>[A-Za-z0-9_-]{16,200})"  # noqa: S105 - a pattern

urlpatterns = [
    re_path(rf"^u/{TOKEN}/?\Z", views.unsubscribe, name="unsubscribe"),
    re_path(rf"^preferences/{TOKEN}/?\Z", views.preference_centre, name="preferences"),
]
