"""The list of privacy requests and the board: one page, two looks."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from config.console.pages import page
from config.workspace import audit
from config.workspace.permissions import may, requires
from consent.models import IdentityLink, PrivacyRequest
from consent.pages.requests.steps import STAGE_LOOKS, Stage, next_step, stage_of
from consent.privacy.words import clock_tone, is_overdue, origin_in_words
from profiles.models import Profile
from profiles.people.lineage import today_of
from profiles.selectors.masking import Shown, shown_to

VIEW, EDIT = "privacy.view", "privacy.edit"
OPEN_SHOWN = 300  # those that are due first; what is answered makes room for the next
CLOSED_SHOWN = 50
ON_BOARD = 15  # of what is done
LIST, BOARD = "list", "board"


@requires(VIEW)
def requests_view(request: HttpRequest) -> HttpResponse:
    """Open ones, due first, then those that were closed last; or all of them in columns."""
    links = IdentityLink.objects.filter(request_id=OuterRef("pk"), ended_at=None)
    rows = PrivacyRequest.objects.select_related("assigned_to").annotate(has_link=Exists(links))
    look = BOARD if request.GET.get("view") == BOARD else LIST
    waits = rows.filter(status__in=PrivacyRequest.OPEN).order_by("due_at", "id")
    waiting = list(waits[:OPEN_SHOWN])
    ended = rows.exclude(status__in=PrivacyRequest.OPEN).order_by("-completed_at", "-id")
    closed = list(ended[: ON_BOARD if look == BOARD else CLOSED_SHOWN])
    shown = shown_to(request.user)
    names = names_of([*waiting, *closed])
    lines = [line_of(row, shown, names.get(row.pk, "")) for row in waiting]
    done = [line_of(row, shown, names.get(row.pk, "")) for row in closed]
    audit.record(
        "privacy.listed",
        "privacy_request",
        fields=shown.looked_at("display_name", "identifier"),
        people=sorted({row.profile_id for row in (*waiting, *closed) if row.profile_id}),
    )
    return page(
        request,
        "consent/requests.html",
        {
            "open": lines,
            "closed": done,
            "columns": _columns([*lines, *done]) if look == BOARD else [],
            "more": waits.count() - len(waiting) if len(waiting) == OPEN_SHOWN else 0,
            "look": look,
            "may_edit": may(request.user, EDIT),
            "personal": shown.personal,
        },
        title=_("Requests"),
        crumbs=[(_("Privacy"), None)],
    )


def names_of(rows: Sequence[PrivacyRequest]) -> dict[int, str]:
    """What the people of these requests are called today, by request. Two queries."""
    today = today_of({row.profile_id for row in rows if row.profile_id})
    people = Profile.objects.living().filter(pk__in=today.values())
    names = dict(people.values_list("pk", "display_name"))
    return {row.pk: names.get(today[row.profile_id], "") for row in rows if row.profile_id}


def line_of(row: PrivacyRequest, shown: Shown, name: str = "") -> dict[str, Any]:
    """One request for a screen; `row` may say whether it `has_link`. `name` is the person's."""
    asked = ", ".join(
        shown.identifier(one["kind"], one["value"]) for one in row.identities if "value" in one
    )
    stage = stage_of(row, has_link=getattr(row, "has_link", False))
    state, icon = STAGE_LOOKS[stage]
    return {
        "row": row,
        "who": shown.name(name) if name else asked,
        "asked": asked if name else "",
        "stage": stage,
        "state": state,
        "icon": icon,
        "tone": clock_tone(row),
        "overdue": is_overdue(row),
        "origin": origin_in_words(row.origin),
        "url": reverse("consent:request", args=[row.public_id]),
    }


def crumbs_of(row: PrivacyRequest | None = None) -> list[tuple[str, str | None]]:
    """The way to a page of requests; with `row`, to one below that request's."""
    way = [(_("Privacy"), None), (_("Requests"), reverse("consent:requests"))]
    if row is None:
        return way
    return [*way, (row.get_type_display(), reverse("consent:request", args=[row.public_id]))]


def _columns(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each stage with its cards; the step of a card is known without asking for its address."""
    return [
        {
            "stage": stage,
            "icon": STAGE_LOOKS[stage][1],
            "cards": [
                line | {"step": next_step(line["row"], address="?", waits=stage == Stage.PROVING)}
                for line in lines
                if line["stage"] == stage
            ],
        }
        for stage in Stage
    ]
