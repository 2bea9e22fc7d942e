"""Live events: what comes in now, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.console.health_words import clock
from config.console.pages import ApiCall, page, part, wants_partial
from config.console.words import lasting, roughly
from config.postgres.wire import number_of
from config.workspace import audit
from config.workspace.health import status
from config.workspace.health.status import HealthLevel
from config.workspace.pages.rows import each
from config.workspace.permissions import may, requires
from config.workspace.selectors import workspace
from config.workspace.work.waiting import WORKER
from profiles.calls.reasons import code_in_words
from profiles.models import IdentifierKey, Source
from profiles.selectors import live as reads
from profiles.selectors.finding import MAX_TERM
from profiles.selectors.masking import Shown, shown_to
from profiles.selectors.refused import RefusedCall, explain
from profiles.selectors.warnings import sources_warned
from profiles.selectors.words import money_in, subject_of, trait_text

ICONS = {
    Source.Kind.BROWSER: "globe",
    Source.Kind.MOBILE: "device",
    Source.Kind.SERVER: "plug",
    Source.Kind.WAREHOUSE: "grid",
    Source.Kind.IMPORT: "up",
}
STATUSES = {
    "": gettext_lazy("All"),
    reads.KEPT: gettext_lazy("Kept"),
    reads.REFUSED: gettext_lazy("Refused"),
}
SHOWN_NAMES = 4
BAR = 44
MILLISECOND = 0.001


@dataclass
class LiveRow:
    """A call with its words."""

    call: reads.LiveCall
    icon: str
    what: str
    who: str
    became: str
    refused: RefusedCall | None = None
    message_id: str = ""

    @property
    def at(self) -> str:
        """By which the page keeps them in order; texts of one length, in one zone."""
        return self.call.at.astimezone(UTC).isoformat(timespec="microseconds")

    @property
    def is_of_today(self) -> bool:
        """Else its day stands beside its time: a search finds calls of long ago."""
        return timezone.localdate(self.call.at) == timezone.localdate()


@requires("events.view")
def live(request: HttpRequest) -> HttpResponse:
    """The newest calls; a part for htmx."""
    shown = shown_to(request.user)
    wanted = _wanted(request, shown)
    now = reads.live(wanted)
    context = {
        "rows": _rows(now, shown),
        "newer_url": _newer_url(wanted, now.last_event, now.last_rejection),
        **_filters(wanted, shown),
        **_minute_context(),
        **_pulse(),
    }
    context["warned"] = _warned(request, context["sources"])
    if wants_partial(request):
        return part(request, "profiles/_live.html", context)
    return page(
        request,
        "profiles/live.html",
        context,
        title=_("Live events"),
        crumbs=[(_("Customers"), None)],
        api_call=ApiCall("GET", "/api/ingest/messages/?status=rejected"),
    )


@requires("events.view")
def newer(request: HttpRequest) -> HttpResponse:
    """What came since the page was drawn: asked every two seconds while somebody looks at it.

    One query while nothing came and the minute stands still: the answer is empty then. `flow`: the
    reader is at the top and reads none of the calls, so that new ones may be put above them; else
    they are counted.
    """
    event, rejection = _number(request, "event"), _number(request, "rejection")
    mark, pulse, waits = reads.mark(event, rejection), _pulse(), _number(request, "newer")
    came = mark != request.GET.get("mark", "")
    flows = request.GET.get("flow") == "1"
    is_known = pulse["pulse"] == request.GET.get("pulse", "") and request.GET.get("quiet") == "1"
    if is_known and not came and not (flows and waits):
        return HttpResponse(status=204)
    shown = shown_to(request.user)
    wanted = _wanted(request, shown)
    minute = _minute_context()
    is_quiet = not (minute["minute"].kept_total or minute["minute"].refused_total)
    context: dict[str, Any] = {"most": reads.MOST_NEWER, "live_url": _address(wanted), "newer": 0}
    if flows and (came or waits):
        now = reads.live_since(wanted, event, rejection)
        context |= {"rows": _rows(now, shown), "is_whole": now.is_whole, "brings": True}
        if (now.last_event, now.last_rejection) != (event, rejection):
            event, rejection = now.last_event, now.last_rejection
            mark = ""  # it is of the ids before
    elif not flows:
        context["newer"] = reads.count_newer(wanted, event, rejection) if came else waits
    more = {"mark": mark, "pulse": pulse["pulse"], "quiet": int(is_quiet)}
    more["newer"] = context["newer"]
    context["newer_url"] = _newer_url(wanted, event, rejection, **more)
    return part(request, "profiles/_newer.html", context | minute | pulse)


def _rows(now: reads.Live, shown: Shown) -> list[Any]:
    """The lines, in the trail as looked at."""
    fields = shown.looked_at("display_name")
    if fields and now.calls:
        people = [call.person.pk for call in now.calls if call.person]
        audit.record("event.listed", "event", fields=fields, people=people)
    return list(each(lambda call: _row(call, shown), now.calls))


@requires("events.view")
def call(request: HttpRequest, profile_id: int, event_id: int) -> HttpResponse:
    """What became of one kept call, step by step."""
    event = reads.one_event(profile_id, event_id)
    if event is None:
        return part(request, "profiles/_trace.html", {"event": None})
    shown = shown_to(request.user)
    by = IdentifierKey.objects.filter(id=event.identifier_id).first()
    properties = shown.properties(event.type, event.properties, event.name)
    audit.record(
        "event.viewed",
        "event",
        str(event.pk),
        fields=shown.looked_at("display_name", "identifier", "properties"),
        profile_id=event.profile_id,
    )
    context = {
        "event": event,
        "source": Source.objects.filter(pk=event.source_id).first(),
        "person": event.profile,
        "person_name": shown.name(event.profile.display_name),
        "by": (by.kind, shown.identifier(by.kind, by.value)) if by else None,
        "until_received": _between(event.occurred_at, event.received_at),
        "what": _what(event.type, event.name, event.properties, shown),
        "properties": {name: trait_text(value) for name, value in properties.items()},
        "amount": money_in(event.properties, event.value),
        "message_id": shown.text(event.message_id),
    }
    return part(request, "profiles/_trace.html", context)


def _between(first: datetime | None, then: datetime) -> str:
    """12 ms, 1.4 s, 26 min: how far apart; "" where it is no time at all."""
    seconds = abs((then - first).total_seconds()) if first else 0.0
    if MILLISECOND <= seconds < 1:
        return _("%(n)s ms") % {"n": round(seconds * 1000)}
    return lasting(seconds) if seconds >= 1 else ""


def _number(request: HttpRequest, name: str) -> int:
    given = request.GET.get(name, "")
    return number_of(given)


def _wanted(request: HttpRequest, shown: Shown) -> reads.Wanted:
    kind, status = request.GET.get("type", ""), request.GET.get("status", "")
    term = request.GET.get("q", "").replace("\x00", "").strip()[:MAX_TERM]
    return reads.Wanted(
        source=_number(request, "source"),
        type=kind if kind in reads.TYPES else "",
        status=status if status in STATUSES else "",
        term=term,
        sought=reads.sought(term, shown) if term else None,
    )


def _address(wanted: reads.Wanted, name: str = "live", **more: Any) -> str:
    query = {
        "q": wanted.term,
        "source": wanted.source,
        "type": wanted.type,
        "status": wanted.status,
    } | more
    kept = {key: value for key, value in query.items() if value}
    return reverse(f"profiles:{name}") + (f"?{urlencode(kept)}" if kept else "")


def _newer_url(wanted: reads.Wanted, event: int, rejection: int, **more: Any) -> str:
    return _address(wanted, "live_newer", event=event, rejection=rejection, **more)


def _filters(wanted: reads.Wanted, shown: Shown) -> dict[str, Any]:
    statuses = [
        (value, label, _address(replace(wanted, status=value))) for value, label in STATUSES.items()
    ]
    return {
        "wanted": wanted,
        "statuses": statuses,
        "types": reads.TYPES,
        "sources": list(Source.objects.filter(is_internal=False)),
        "searched": _("Person, event, source or message id")
        if shown.looked_at("display_name", "identifier")
        else _("Event, source or message id"),
    }


def _warned(request: HttpRequest, sources: Sequence[Source]) -> list[tuple[Source, str, int]]:
    """The sources with data warnings of late, for whoever may open the list."""
    if not may(request.user, "sources.view"):
        return []
    counts, listed = sources_warned(), reverse("admin:profiles_datawarning_changelist")
    return [
        (source, f"{listed}?source__id__exact={source.pk}", counts[source.pk])
        for source in sources
        if source.pk in counts
    ]


def _pulse() -> dict[str, Any]:
    """Whether what comes in is processed: `pulse` is ok, warn or bad, with its words."""
    health = status.current()
    worker, ingest = health.unit(WORKER), health.unit("ingest")
    for unit in (worker, ingest):
        if unit and unit.fault and unit.level == HealthLevel.FAILING:
            since = unit.fault.since or health.at - timedelta(seconds=unit.lag_seconds)
            words = _("not processed since %(when)s") % {"when": clock(since)}
            return {"pulse": "bad", "pulse_words": words}
    if ingest and ingest.level == HealthLevel.BEHIND:
        words = _("%(time)s behind") % {"time": roughly(ingest.lag_seconds)}
        return {"pulse": "warn", "pulse_words": words}
    return {"pulse": "ok", "pulse_words": _("live, every 2 s")}


def _minute_context() -> dict[str, Any]:
    minute = reads.last_minute()
    most = max(1, *(a + b for a, b in zip(minute.kept, minute.refused, strict=True)))
    bars = [
        {
            "x": str(second * 6),
            "y": f"{BAR - BAR * kept / most:.1f}",
            "h": f"{BAR * kept / most:.1f}",
            "bad_y": f"{BAR - BAR * (kept + refused) / most:.1f}",
            "bad_h": f"{BAR * refused / most:.1f}" if refused else "",
        }
        for second, (kept, refused) in enumerate(zip(minute.kept, minute.refused, strict=True))
    ]
    return {"minute": minute, "bars": bars}


def _row(call: reads.LiveCall, shown: Shown) -> LiveRow:
    icon = ICONS.get(call.source.kind, "plug") if call.source else "plug"  # type: ignore[call-overload]
    if call.rejection is not None:
        refused = explain(call.rejection, shown)
        first = refused.errors[0] if refused.errors else {}
        became = first.get("message") or code_in_words(call.rejection.code)
        what = shown.text(call.type) or _("a call")
        number = shown.text(call.rejection.message_id)
        return LiveRow(call, icon, what, _("nobody yet"), became, refused, number)
    event = call.event
    what = _what(call.type, call.name, event.properties, shown) if event else shown.event(call.name)
    return LiveRow(call, icon, what, _who(call, shown), _became(call))


def _what(kind: str, name: str, properties: dict[str, Any], shown: Shown) -> str:
    """A page is called what its site says: `/welcome?mail=...` too."""
    if kind in ("page", "screen"):
        return subject_of(shown.properties(kind, properties))
    if kind == "identify":
        return shown.text(", ".join(list(properties)[:SHOWN_NAMES])) or _("who it is")
    return shown.event(name)


def _who(call: reads.LiveCall, shown: Shown) -> str:
    if call.person is None:
        return _("joined another person since")
    if call.person.display_name:
        return shown.name(call.person.display_name)
    return _("Visitor %(id)s…") % {"id": str(call.person.public_id)[:4]}


def _became(call: reads.LiveCall) -> str:
    told = []
    if call.event is not None and call.event.value:
        told.append(money_in(call.event.properties, call.event.value) or workspace().currency)
    if call.is_new:
        told.append(_("a new person"))
    elif call.joined:
        told.append(_("joined two people"))
    return ", ".join(told)
