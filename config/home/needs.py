"""What needs somebody: each line says what, why now, and holds the way to settle it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Campaign, Sender
from config.console import health_words
from config.console.shell import places
from config.console.shell.theme import resolve
from config.console.words import capitalised, in_words, lasting, num
from config.home.need import AT_MOST, GIVEN_UP_AFTER, Need
from config.home.privacy_needs import privacy_needs
from config.workspace.access.keys import expiring
from config.workspace.health import pressure, status
from config.workspace.health.status import HealthLevel
from config.workspace.lifecycle.usage import named
from config.workspace.models import Job
from config.workspace.pages.open_pages import is_open
from config.workspace.permissions import may
from config.workspace.work.reasons import in_words as reason_in_words
from profiles.calls.reasons import code_in_words
from profiles.models import Inbox, RefusalCount, Source
from profiles.selectors.masking import shown_to
from segments.insight.silence.saying import alarm_words
from segments.insight.silence.used import used_names
from segments.insight.silence.watching import may_hear, starving
from segments.models import Segment, SilenceAlarm

QUIET_AFTER = timedelta(hours=24)
STALE_AFTER = timedelta(minutes=5)


def needs(user: Any) -> list[Need]:
    """All rows that this user can do something about or should know; a dozen small queries at most.

    None leads where their role does not go.
    """
    found: list[Need] = [*_standing_still(), *_turned_away()]
    found += privacy_needs(user)
    if may(user, "sources.view"):
        found += [*_set_aside(), *_refused()]
    if may(user, "sources.edit"):
        found += _quiet()
    if may(user, "campaigns.view"):
        found += [*_held_up(), *_campaigns(user)]
    if may(user, "campaigns.edit"):
        found += _senders()
    if may(user, "segments.view"):
        found += [*_segments(user), *_silences(user)]
    if may(user, "team.edit"):
        found += _keys()
    found += _jobs(user)
    oldest = datetime.min.replace(tzinfo=timezone.get_current_timezone())
    opened = [need if is_open(user, need.url) else replace(need, url="") for need in found]
    return sorted(opened, key=lambda need: (need.rank, need.at or oldest))


def _standing_still() -> list[Need]:
    """Units of work that fail, and a mail server that refuses: for everybody, and first."""
    health = status.current()
    urgent = [u for u in health.behind if u.fault and u.fault.kind not in ("behind", "untaken")]
    listed = {
        "ingest": places.live(),
        "segments": places.segments(),
        "campaigns": places.campaigns(),
        "delivery": places.messages(state="queued"),
    }
    return [
        Need(
            -1,
            "alert",
            "bad" if unit.level == HealthLevel.FAILING else "warn",
            health_words.title(unit),
            f"{capitalised(health_words.said(unit))}. {health_words.remedy(unit)}",
            listed.get(unit.name, ""),
            _("See what waits") if unit.name in listed else "",
            at=unit.fault.since if unit.fault else None,
        )
        for unit in [*health.failing, *urgent]
    ]


def _turned_away() -> list[Need]:
    """More requests at once than this process answers, and not for a moment only."""
    count = pressure.lasting().total()
    if not count:
        return []
    title = ngettext("{} request was turned away", "{} requests were turned away", count)
    text = _(
        "In the last ten minutes: more came at once than can be answered, or too slowly. "
        "What was accepted is kept; clients of ingest come again by themselves."
    )
    return [Need(0, "alert", "warn", format_html(title, num(count)), text, "", "")]


def _set_aside() -> list[Need]:
    """Calls that failed in the worker on their own (the batch was bisected, and they set aside)."""
    failed = (
        Inbox.objects.filter(failed_at__isnull=False)
        .values("source_id", "source__name")
        .annotate(n=Count("id"), first=Min("failed_at"))
        .order_by("-n")
    )
    return [
        Need(
            1,
            "inbox",
            "bad",
            format_html(
                ngettext(
                    "{} call from <b>{}</b> is set aside",
                    "{} calls from <b>{}</b> are set aside",
                    row["n"],
                ),
                num(row["n"]),
                row["source__name"],
            ),
            _("They were accepted and are kept, but could not be worked off. The rest goes on."),
            places.live(source=row["source_id"]),
            _("See why"),
            _("since %(when)s") % {"when": in_words(row["first"])},
            row["first"],
        )
        for row in failed[:AT_MOST]
    ]


def _refused() -> list[Need]:
    """All that were refused, also those whose words are not kept. One query."""
    lately = RefusalCount.objects.filter(at__gte=timezone.now() - timedelta(days=1))
    rows = lately.values("source_id", "source__name", "code").annotate(
        total=Sum("n"), newest=Max("at")
    )
    by_source: dict[tuple[int, str], list[Any]] = {}
    for row in rows.order_by("-total"):
        by_source.setdefault((row["source_id"], row["source__name"]), []).append(row)
    most = sorted(by_source.items(), key=lambda one: -sum(row["total"] for row in one[1]))
    found = []
    for (source_id, name), reasons in most[:AT_MOST]:
        count = sum(row["total"] for row in reasons)
        code, of_code = reasons[0]["code"], reasons[0]["total"]
        found.append(
            Need(
                2,
                "plug",
                "bad",
                format_html(
                    ngettext(
                        "{} call from <b>{}</b> was refused",
                        "{} calls from <b>{}</b> were refused",
                        count,
                    ),
                    num(count),
                    name,
                ),
                _mostly(count, of_code, code_in_words(code)),
                places.live(status="refused", source=source_id),
                _("See why"),
                at=max(row["newest"] for row in reasons),
            )
        )
    return found


def _mostly(count: int, of_reason: int, reason: str) -> str:
    """Why, of those of a day: the one reason, or the one that stands most often."""
    if of_reason == count:
        return _("In the last 24 hours. Why: %(reason)s.") % {"reason": reason}
    words = _("In the last 24 hours. Most often, %(n)s times: %(reason)s.")
    return words % {"n": num(of_reason), "reason": reason}


def _quiet() -> list[Need]:
    now = timezone.now()
    quiet = Source.objects.filter(
        enabled=True,
        is_internal=False,
        last_seen_at__lt=now - QUIET_AFTER,
        last_seen_at__gt=now - GIVEN_UP_AFTER,
    ).exclude(kind=Source.Kind.IMPORT)
    return [
        Need(
            3,
            "plug",
            "warn",
            format_html(
                _("No calls from <b>{}</b> for {}"),
                source.name,
                lasting((now - source.last_seen_at).total_seconds()),
            ),
            _("Its last call came %(when)s. Switch it off if that is meant.")
            % {"when": in_words(source.last_seen_at)},
            places.source(source.pk),
            _("Open the source"),
            at=source.last_seen_at,
        )
        for source in quiet.order_by("last_seen_at")[:AT_MOST]
        if source.last_seen_at
    ]


def _held_up() -> list[Need]:
    """Campaigns that a fault keeps from going on, longest first."""
    stuck = Campaign.objects.filter(fault_count__gt=0).order_by("fault_at")
    now = timezone.now()
    return [
        Need(
            0,
            "alert",
            "bad",
            format_html(_("<b>{}</b> cannot go on"), campaign.name),
            campaign.fault_words,
            places.campaign(campaign.slug),
            _("Open the campaign"),
            _("for %(span)s") % {"span": lasting((now - campaign.fault_at).total_seconds())}
            if campaign.fault_at
            else "",
            campaign.fault_at,
        )
        for campaign in stuck[:AT_MOST]
    ]


def _campaigns(user: Any) -> list[Need]:
    """Drafts for who may write them, launches for who may undo or go on with them."""
    statuses, wanted = Campaign.Status, []
    if may(user, "campaigns.launch"):
        wanted += [statuses.HELD, statuses.PAUSED, statuses.SCHEDULED]
    if may(user, "campaigns.edit"):
        wanted.append(statuses.DRAFT)
    if not wanted:
        return []
    shown = Campaign.objects.filter(fault_count=0, status__in=wanted)
    found = []
    for campaign in shown.order_by("-updated_at")[: 3 * AT_MOST]:
        rank, state, title, text, button, due = _of_campaign(campaign)
        found.append(
            Need(
                rank,
                "send",
                state,
                format_html(title, campaign.name),
                text,
                places.campaign(campaign.slug),
                button,
                due,
                campaign.hold_until or campaign.updated_at,
            )
        )
    return found[:AT_MOST]


def _of_campaign(campaign: Campaign) -> tuple[int, str, Any, Any, Any, Any]:
    if campaign.status == Campaign.Status.HELD:
        until = in_words(campaign.hold_until) if campaign.hold_until else ""
        text = _("Nothing is sent yet. It can still be taken back.")
        return 0, "warn", _("<b>{}</b> goes out"), text, _("Open and undo"), until
    if campaign.status == Campaign.Status.PAUSED:
        text = campaign.pause_words or _("Its people wait where they are.")
        return 2, "warn", _("<b>{}</b> is paused"), text, _("Open"), ""
    if campaign.status == Campaign.Status.SCHEDULED:
        due = in_words(campaign.scheduled_at) if campaign.scheduled_at else ""
        return (
            5,
            "brand",
            _("<b>{}</b> is scheduled"),
            _("Its audience is fixed at launch."),
            _("Open the checks"),
            due,
        )
    text = _("Last changed %(when)s.") % {"when": in_words(campaign.updated_at)}
    return 6, "brand", _("<b>{}</b> is a draft"), text, _("Go on writing"), ""


def _senders() -> list[Need]:
    return [
        Need(
            4,
            "mail",
            "warn",
            format_html(_("Sender <b>{}</b> has no postal address"), sender.name),
            _("Marketing mail must carry one; launches with this sender are refused."),
            resolve(["admin:campaigns_sender_change"], sender.pk),
            _("Add it"),
        )
        for sender in Sender.objects.filter(postal_address="", archived_at=None)[:AT_MOST]
    ]


def _segments(user: Any) -> list[Need]:
    now, shown = timezone.now(), shown_to(user)
    found = []
    behind = Segment.objects.filter(archived_at=None).exclude(status=Segment.Status.FRESH)
    for segment in behind.order_by("refresh_requested_at")[: 3 * AT_MOST]:
        asked = segment.refresh_requested_at
        if segment.status == Segment.Status.FAILED:
            title = format_html(_("Segment <b>{}</b> could not be refreshed"), segment.name)
            error = reason_in_words(shown.failure(segment.error))
            text, state = error or _("Its people are those of the last refresh."), "bad"
        elif asked and now - asked > STALE_AFTER:
            title = format_html(
                _("Segment <b>{}</b> is {} behind"),
                segment.name,
                lasting((now - asked).total_seconds()),
            )
            text, state = (
                _("It catches up by itself; until then it shows the people of before."),
                "warn",
            )
        else:
            continue
        found.append(
            Need(3, "seg", state, title, text, places.segment(segment.slug), _("Watch"), at=asked)
        )
    return found[:AT_MOST]


def _silences(user: Any) -> list[Need]:
    """What rules read and no longer comes as it did, with what it starves."""
    shown = shown_to(user)
    alarms = [one for one in SilenceAlarm.objects.filter(ended_at=None) if may_hear(one, shown)]
    if not alarms:
        return []
    used = used_names()
    found = []
    for alarm in alarms[:AT_MOST]:
        uses = starving(alarm, used)
        text = _("It starves: %(uses)s.") % {"uses": named(uses)} if uses else ""
        url = uses[0].url if uses else ""
        button = _("Open what it starves") if url else ""
        title = alarm_words(alarm)
        found.append(Need(1, "pulse", "warn", title, text, url, button, at=alarm.began_at))
    return found


def _keys() -> list[Need]:
    """API keys whose time is over soon, or was lately: programs stop with them."""
    return [
        Need(
            rank=3,
            icon="code",
            state="warn",
            title=_("The API key %(name)s expires") % {"name": key.name},
            text=_("Whatever uses it is refused from then on. Renew it, and give it the new key."),
            url=reverse("access:rotate_key", args=[key.pk]),
            button=_("Renew"),
            at=key.expires_at,
        )
        for key in expiring(timedelta(days=14))[:AT_MOST]
    ]


def _jobs(user: Any) -> list[Need]:
    lately = timezone.now() - timedelta(days=3)
    mine = Q(created_by=user.pk)
    if may(user, "sources.view"):
        mine |= Q(created_by=None)  # started by a command: an import
    failed = Job.objects.filter(mine, state=Job.State.FAILED, finished_at__gte=lately)
    return [
        Need(
            2,
            "alert",
            "bad",
            format_html(_("<b>{}</b> stopped with an error"), job.title),
            shown_to(user).failure(job.error)[:200],
            "",
            "",
            in_words(job.finished_at) if job.finished_at else "",
            job.finished_at,
        )
        for job in failed[:AT_MOST]
    ] + _imports(mine, lately)


def _imports(mine: Q, lately: datetime) -> list[Need]:
    """Files that were taken in, though not all of each."""
    lacking = Q(result__rejected__gt=0) | Q(result__warned__gt=0)
    rows = Job.objects.filter(
        mine, lacking, kind="import", state=Job.State.DONE, finished_at__gte=lately
    )
    return [
        Need(
            4,
            "inbox",
            "warn",
            format_html(_("<b>{}</b> was not taken in as a whole"), job.title),
            _import_counts(job),
            "",
            "",
            in_words(job.finished_at) if job.finished_at else "",
            job.finished_at,
        )
        for job in rows[:AT_MOST]
    ]


def _import_counts(job: Job) -> str:
    counts = {name: num(job.result.get(name, 0)) for name in ("accepted", "rejected", "warned")}
    return _(
        "Accepted %(accepted)s rows, %(warned)s of them without a value that cannot be used;"
        " rejected %(rejected)s. Each stands with its reason in %(file)s."
    ) % {**counts, "file": f"{job.title}.rejected.jsonl"}
