"""The public address of the evidence, mounted at the root."""

from django.urls import re_path

from campaigns.evidence.public import why_view

urlpatterns = [re_path(r"^why/(?P<token>[A-Za-z0-9_-]{16,200})/?\Z", why_view, name="why")]
