"""What the palette finds: people by name or identifier, segments and campaigns by name, pages."""

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from config.console import words
from config.console.shell import places
from config.console.shell.search import LIMIT, SEARCHERS, Hit, Searcher
from config.console.shell.theme import navigation
from config.workspace import audit
from config.workspace.permissions import may
from profiles.selectors.finding import search
from profiles.selectors.masking import shown_to
from profiles.selectors.people import main_contacts
from segments.models import Segment


def _people(request: HttpRequest, term: str) -> list[Hit]:
    """As the people list searches, the last seen first; six queries, all index-backed."""
    shown = shown_to(request.user)
    if not (may(request.user, "people.view") and shown.looked_at("display_name", "identifier")):
        return []
    found = list(search(term, shown=shown).order_by("-last_seen", "-id")[:LIMIT])
    known_as = main_contacts([profile.pk for profile in found]) if found else {}
    if found:
        audit.record(
            "search",
            "profile",
            fields=shown.looked_at("display_name", "identifier"),
            detail={"hits": len(found)},
            people=[one.pk for one in found],
        )
    return [
        Hit(
            shown.name(profile.display_name) or str(_("No name yet")),
            shown.identifier(*known_as[profile.pk])
            if profile.pk in known_as
            else words.in_words(profile.last_seen),
            places.person(profile.public_id),
            "users",
        )
        for profile in found
    ]


def _segments(request: HttpRequest, term: str) -> list[Hit]:
    if not may(request.user, "segments.view"):
        return []
    found = Segment.objects.filter(archived_at=None).filter(
        Q(name__icontains=term) | Q(slug__startswith=term.lower())
    )
    return [
        Hit(
            segment.name,
            _("%(n)s people") % {"n": words.num(segment.count)},
            places.segment(segment.slug),
            "seg",
        )
        for segment in found[:LIMIT]
    ]


def _campaigns(request: HttpRequest, term: str) -> list[Hit]:
    if not may(request.user, "campaigns.view"):
        return []
    found = Campaign.objects.filter(Q(name__icontains=term) | Q(slug__startswith=term.lower()))
    return [
        Hit(
            campaign.name,
            campaign.get_status_display(),
            places.campaign(campaign.slug),
            "send",
        )
        for campaign in found[:LIMIT]
    ]


def _pages(request: HttpRequest, term: str) -> list[Hit]:
    """Each page behind a line of the menu, by its own name or by that of the line."""
    return [
        Hit(str(found["title"]), group["title"], found["link"], found["icon"])
        for group in navigation(request)
        for item in group["items"]
        for found in item["pages"]
        if term.lower() in f"{found['title']}\n{item['title']}".lower()
    ]


SEARCHERS.register("people", order=10)(Searcher(_("People"), _people))
SEARCHERS.register("segments", order=20)(Searcher(_("Segments"), _segments))
SEARCHERS.register("campaigns", order=30)(Searcher(_("Campaigns"), _campaigns))
SEARCHERS.register("pages", order=90)(Searcher(_("Pages"), _pages))
