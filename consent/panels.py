"""Permissions on the customer page: chips, the card, the timeline, and the API's sub-route."""

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace.api.permissions import request_may
from config.workspace.permissions import may
from consent.api.serializers import PermissionsSerializer
from consent.api.views import AS_OF, permissions_of
from consent.models import ConsentEntry
from consent.models.ledger import Status
from consent.selectors.contactable import Reach, reachability
from consent.selectors.history import history_of, states_of
from consent.selectors.words import source_of
from profiles.api.subroutes import SUBROUTES, Subroute
from profiles.models import Profile
from profiles.panels import CHIPS, PANELS, Chip, Panel
from profiles.selectors.masking import mask_identifier
from profiles.timeline import TIMELINE, Cursor, TimelineItem, id_below, key_of

CHANNEL_WORDS = {
    "email": gettext_lazy("Email"),
    "sms": gettext_lazy("SMS"),
    "whatsapp": gettext_lazy("WhatsApp"),
    "push": gettext_lazy("Push"),
    "webpush": gettext_lazy("Web push"),
    "inapp": gettext_lazy("In-app"),
    "call": gettext_lazy("Calls"),
    "webhook": gettext_lazy("Webhook"),
    "": gettext_lazy("All channels"),
}
ICONS = {"email": "mail", "sms": "phone", "push": "bell"}
SHOWN = 12


@CHIPS.register("consent")
def chips(request: HttpRequest, profile: Profile) -> list[Chip]:
    """One chip a channel: reachable for marketing, or why not; one query."""
    return [
        Chip(
            channel=one.channel,
            label=CHANNEL_WORDS[one.channel],
            status=_tone(one),
            reason=one.reason,
            icon=ICONS.get(one.channel, "mail"),
        )
        for one in reachability(profile)
    ]


def _tone(one: Reach) -> Any:
    if one.ok:
        return "ok"
    return "ask" if one.code in ("never_asked", "pending", "expired") else "no"


@PANELS.register("consent", order=30)
def panel(request: HttpRequest, profile: Profile) -> Panel | None:
    """What stands, with since when and from where, and the proof of each; two queries."""
    if not may(request.user, "consents.view"):
        return None
    personal = may(request.user, "people.personal")
    rows = [
        {
            "entry": entry,
            "channel": CHANNEL_WORDS.get(entry.channel, entry.channel),
            "point": _point(entry, personal),
            "source": source_of(entry),
            "ok": entry.status == Status.GRANTED,
            "evidence": [(k, v) for k, v in entry.evidence.items() if isinstance(v, str | int)],
        }
        for entry in states_of(profile.pk)[:SHOWN]
    ]
    return Panel("consent/_permissions.html", {"rows": rows, "profile": profile})


def _point(entry: ConsentEntry, personal: bool) -> str:
    if not entry.contact_point or personal:
        return entry.contact_point
    return mask_identifier("email" if "@" in entry.contact_point else "phone", entry.contact_point)


@TIMELINE.register("consent")
def timeline(
    profile_id: int, before: Cursor | None, limit: int, kinds: Collection[str]
) -> list[TimelineItem]:
    """Everything that was said about permission, claims that do not count included."""
    if kinds and "permission" not in kinds:
        return []
    rows = history_of(profile_id)
    if before is not None:
        below = id_below(before, "consent")
        rows = rows.filter(at__lte=before[0]).exclude(at=before[0], id__gte=below)
    return [_item(entry) for entry in rows[:limit]]


def _item(entry: ConsentEntry) -> TimelineItem:
    what = entry.topic.name if entry.topic else entry.purpose.name
    words = {
        "granted": _("Allowed %(what)s on %(channel)s"),
        "withdrawn": _("Withdrew %(what)s on %(channel)s"),
        "denied": _("Refused %(what)s on %(channel)s"),
        "pending": _("Asked to confirm %(what)s on %(channel)s"),
        "expired": _("Permission for %(what)s on %(channel)s expired"),
    }
    title = words[entry.status] % {
        "what": what,
        "channel": CHANNEL_WORDS.get(entry.channel, entry.channel),
    }
    claim = entry.outcome == "withdrawal_stands"
    good = entry.status == "granted" and not claim
    return TimelineItem(
        at=entry.at,
        key=key_of("consent", entry.pk),
        kind="permission",
        icon="shield",
        title=title,
        detail=_("The earlier withdrawal stands: not the person's own act.") if claim else "",
        tone="good" if good else "no" if entry.status in ("withdrawn", "denied") else "",
        source=source_of(entry),
        properties=entry.evidence or None,
    )


def consents_of(request: Request, profile: Profile) -> Response:
    """The permissions of this person as they stand, or stood at `as_of`."""
    return permissions_of(request, profile, request_may(request, "people.personal"))


SUBROUTES.register("consents")(
    Subroute(
        consents_of,
        permission="consents.view",
        schema={"parameters": [AS_OF], "responses": PermissionsSerializer},
    )
)
