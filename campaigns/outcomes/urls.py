"""Public addresses under /t/, mounted at the root."""

from django.urls import re_path

from campaigns.outcomes import views

TOKEN = r"(?P<token>[A-Za-z0-9_-]{16,200})"  # noqa: S105 - a pattern

urlpatterns = [
    re_path(rf"^t/o/{TOKEN}(?:\.gif)?/?\Z", views.opened, name="track-open"),
    re_path(rf"^t/c/{TOKEN}/(?P<index>\d{{1,4}})/?\Z", views.clicked, name="track-click"),
]
