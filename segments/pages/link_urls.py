"""Addresses outside the console: for whoever has the link."""

from django.urls import path

from segments.pages import exports

urlpatterns = [path("exports/<str:token>/", exports.by_link, name="export-link")]
