"""Two privacy requests that wait for the officer: one due tomorrow, one with time."""

from datetime import timedelta

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from config.demo.generator.people import maya
from consent.models import PrivacyRequest
from consent.models.privacy import Regulation, RequestType
from consent.privacy.requests import open_request
from profiles.models import Identifier, Profile

# Indonesia gives 72 hours for an access request (consent.privacy.deadlines): due tomorrow
ASKED = (
    (RequestType.ACCESS, Regulation.PDP, "ID", timedelta(hours=46)),
    (RequestType.ERASURE, Regulation.GDPR, "NL", timedelta(days=18)),
)


def leave_requests() -> None:
    """Of two customers with an address; nothing where requests are there already."""
    if PrivacyRequest.objects.exists():
        return
    for type_, law, country, ago in ASKED:
        address = _address_in(country)
        if address:
            open_request(
                type_=type_,
                references=[f"email:{address}"],
                regulation=law,
                origin="preferences",
                received_at=timezone.now() - ago,
            )


def _address_in(country: str) -> str:
    """Of the customer of that country who was seen last, but for Maya."""
    theirs = Identifier.objects.filter(
        profile_id=OuterRef("pk"), kind="email", verified_at__isnull=False
    ).exclude(value=maya.EMAIL)
    people = Profile.objects.living().filter(country=country)
    found = people.annotate(address=Subquery(theirs.values("value")[:1]))
    ordered = found.filter(address__isnull=False).order_by("-last_seen", "-id")
    return str(ordered.values_list("address", flat=True).first() or "")
