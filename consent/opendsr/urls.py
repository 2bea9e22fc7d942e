"""Addresses of OpenDSR, under /opendsr/; both spellings are routed, a redirect would lose a POST.

The older names of `requests` are there too, and at the root, where clients of before look for them.
"""

from django.urls import re_path

from consent.opendsr import views

OLDER = ("opengdpr_requests", "opencompliance_requests")
NAMES = ("opendsr/requests", *(f"opendsr/{name}" for name in OLDER), *OLDER)

urlpatterns = [
    re_path(r"^opendsr/discovery/?\Z", views.discovery, name="opendsr-discovery"),
    re_path(r"^opendsr/certificate\.pem/?\Z", views.certificate, name="opendsr-certificate"),
    *(
        address
        for name in NAMES
        for address in (
            re_path(rf"^{name}/?\Z", views.Requests.as_view()),
            re_path(rf"^{name}/(?P<number>[^/]+)/?\Z", views.OneRequest.as_view()),
        )
    ),
]
