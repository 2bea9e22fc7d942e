"""What is wrong, in words: the same for the console, readiness and the log."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from config import disk
from config.console.words import day, hour, num, roughly
from config.workspace.health.status import Health, HealthLevel, Unit, UnitFault
from config.workspace.outgoing.kinds import KINDS
from config.workspace.pages.sentences import Sentences
from config.workspace.work import reasons
from config.workspace.work.waiting import (
    CONNECTIONS,
    DELIVERY_WORKER,
    DISK,
    PROCESSES,
    WORKER,
    WORKERS,
)

SOME = 2  # kinds of events that are named in a sentence
# as `health.restarts` keeps them; that file needs no Django
RESTARTED = Sentences(
    gettext_noop("ended (%(code)s)"),
    gettext_noop("did not answer any more: where it was stands above"),
)


def said(unit: Unit) -> str:
    """What is wrong with it, after its name and a colon; "" where nothing is."""
    return _said(unit.fault) if unit.fault else ""


def _said(fault: UnitFault) -> str:
    said = _SENTENCES.get(fault.kind, _behind)(fault)
    if fault.until is None:
        return said
    return _("%(what)s; %(server)s is tried again at %(until)s") % {
        "what": said,
        "server": fault.server.partition("://")[2],
        "until": clock(fault.until),
    }


def _no_tick(fault: UnitFault) -> str:
    words = _("no tick for %(time)s") % {"time": roughly(fault.seconds)}
    return f"{words} ({reasons.in_words(fault.reason)})" if fault.reason else words


def _untouched(fault: UnitFault) -> str:
    return _("the oldest work waits for %(time)s, and nothing was done since %(when)s") % {
        "time": roughly(fault.seconds),
        "when": clock(fault.since),
    }


def _no_run(fault: UnitFault) -> str:
    return _("no run has ended for %(time)s") % {"time": roughly(fault.seconds)}


def _behind(fault: UnitFault) -> str:
    return _("%(time)s behind") % {"time": roughly(fault.seconds)}


def _with_times(fault: UnitFault) -> str:
    return ngettext(
        "%(reason)s, %(count)d time since %(when)s",
        "%(reason)s, %(count)d times since %(when)s",
        fault.count,
    ) % {
        "reason": reasons.in_words(fault.reason),
        "count": fault.count,
        "when": clock(fault.since),
    }


def _refusals(fault: UnitFault) -> str:
    if not fault.count:
        return _("%(channel)s: %(reason)s, since %(when)s") % {
            "channel": _channel(fault),
            "reason": reasons.in_words(fault.reason),
            "when": clock(fault.since),
        }
    return _("%(channel)s: %(count)d of %(of)d refused since %(when)s: %(reason)s") % {
        "channel": _channel(fault),
        "count": fault.count,
        "of": fault.of,
        "when": clock(fault.since),
        "reason": reasons.in_words(fault.reason),
    }


def _channel(fault: UnitFault) -> str:
    return _("mail") if fault.channel == "email" else fault.channel


def _untaken(fault: UnitFault) -> str:
    said = ngettext(
        "%(n)s webhook takes nothing since %(when)s",
        "%(n)s webhooks take nothing, the first since %(when)s",
        fault.count,
    ) % {"n": num(fault.count), "when": clock(fault.since)}
    kinds = [str(kind.title) for name in fault.events if (kind := KINDS.get(name))]
    if not kinds:
        return said
    more = len(kinds) - SOME
    listed = ", ".join(kinds[:SOME]) + ("…" if more > 0 else "")
    return _("%(said)s; what it should hear of: %(kinds)s") % {"said": said, "kinds": listed}


def _untold(fault: UnitFault | None) -> str:
    """Who is not told, by the name of their server."""
    if fault is None or not fault.server:
        return _("A system of yours is not told of what happens here")
    more = fault.count - 1
    if more <= 0:
        return _("%(server)s is not told of what happens here") % {"server": fault.server}
    return ngettext(
        "%(server)s and %(n)s more system are not told of what happens here",
        "%(server)s and %(n)s more systems are not told of what happens here",
        more,
    ) % {"server": fault.server, "n": num(more)}


_SENTENCES = {
    "untaken": _untaken,
    "no_tick": _no_tick,
    "raising": _with_times,
    "refusing": _refusals,
    "refusing_some": _refusals,
    "left_alone": _refusals,
    "untouched": _untouched,
    "no_run": _no_run,
}


def _disk(fault: UnitFault) -> str:
    if fault.kind == disk.READ_ONLY:
        return _("it cannot be written (read-only)")
    if fault.kind == disk.GONE:
        return _("the folder of the data is gone")
    if fault.channel == "files":
        return _("%(n)s files may still be made") % {"n": num(fault.count)}
    return _("%(n)s MB are left") % {"n": num(fault.count)}


def _restarting(fault: UnitFault) -> str:
    return ngettext(
        "%(name)s was started again %(n)d time in ten minutes; the last time: %(reason)s",
        "%(name)s was started again %(n)d times in ten minutes; the last time: %(reason)s",
        fault.count,
    ) % {"name": fault.channel, "n": fault.count, "reason": RESTARTED.in_words(fault.reason)}


def _few_connections(fault: UnitFault) -> str:
    return _("it takes %(n)s of this installation, whose processes may need %(of)s") % {
        "n": num(fault.count),
        "of": num(fault.of),
    }


_SENTENCES |= {
    disk.FULL: _disk,
    disk.LOW: _disk,
    disk.READ_ONLY: _disk,
    disk.GONE: _disk,
    "restarting": _restarting,
    "few_connections": _few_connections,
}


def title(unit: Unit) -> str:
    """What it means for somebody at the console."""
    names = _TITLES()
    kind = unit.fault.kind if unit.fault else ""
    if kind in ("refusing", "refusing_some", "left_alone"):
        return names["refusing"]
    if kind == "untaken":
        return _untold(unit.fault)
    if unit.name == DISK:
        return _("The disk is nearly full") if kind == disk.LOW else _("The disk is full")
    return names.get(unit.name, _("%(name)s does not go on") % {"name": unit.name})


def _TITLES() -> dict[str, str]:  # noqa: N802 - in the reader's language
    return {
        WORKER: _("The worker does not run"),
        DELIVERY_WORKER: _("The delivery worker does not run"),
        "ingest": _("Calls are not processed"),
        "merge": _("People are not joined"),
        "rewrite": _("Joined people's events are not moved"),
        "segments": _("Segments are not kept up to date"),
        "rfm": _("RFM groups are not made anew"),
        "consents": _("Permissions that end are not ended"),
        "campaigns": _("Campaigns do not go on"),
        "journeys": _("Nobody goes on to the next step of a campaign"),
        "delivery": _("Messages are not handed over"),
        "access_links": _("Who asked for a new password gets no link"),
        "audit_seal": _("The audit trail is not sealed"),
        "consent_seal": _("The history of permissions is not sealed"),
        "time_stamps": _("Seals are not stamped by the authority outside"),
        "privacy": _("Privacy requests are not carried out"),
        "data_map": _("Which data is held is not counted"),
        "retention": _("What is too old is not taken away"),
        "opendsr": _("Callbacks of privacy requests are not made"),
        "identity_links": _("Links that prove who somebody is are not made"),
        "mails": _("Letters and links are not sent"),
        "confirmations": _("Double opt-ins that nobody answered are not ended"),
        "webhooks": _("Webhooks are not called"),
        "pruning": _("What is kept for a time only is not taken away"),
        PROCESSES: _("A process ends again and again"),
        CONNECTIONS: _("The database takes few connections"),
        "refusing": _("The mail server takes nothing"),
    }


def remedy(unit: Unit) -> str:
    """What somebody can do about it."""
    kind = unit.fault.kind if unit.fault else ""
    if kind == disk.LOW:
        return _("Make room where the data is. Calls are taken in until it is full.")
    if kind == "untaken":
        return _("Calls are kept and tried again for three days. Settings, Webhooks says which.")
    if words := _REMEDIES().get(unit.name):
        return words
    if kind in ("refusing", "refusing_some", "left_alone"):
        return _("Messages wait and are tried again. Look at EMAIL_URL and at your mail provider.")
    return _("What waits is kept, and it is tried again each second. The log has the place.")


def _REMEDIES() -> dict[str, str]:  # noqa: N802 - in the reader's language
    return {
        DELIVERY_WORKER: _(
            "Messages are kept, all else goes on. Start it (manage.py up), or look at its log."
        ),
        WORKER: _("Calls are taken in and kept. Start it (manage.py up), or look at its log."),
        DISK: _("Make room where the data is; calls are taken in again by themselves then."),
        PROCESSES: _("The log says where it ended or hung."),
        CONNECTIONS: _(
            "Requests wait for each other. Raise max_connections of the database, or lower "
            "CELERY_CONCURRENCY and DELIVERY_CONCURRENCY."
        ),
    }


def held_up(health: Health) -> str:
    """Why messages do not leave just now, in a sentence; "" where they do."""
    for name in (*WORKERS, "delivery"):
        unit = health.unit(name)
        if unit and unit.fault and unit.fault.kind != "behind":
            return _("%(what)s: %(reason)s") % {"what": title(unit), "reason": said(unit)}
    return ""


def headline(health: Health) -> str:
    """The one sentence that stands above all while something fails; "" otherwise."""
    failing = health.failing
    if not failing:
        return ""
    first = failing[0]
    since = first.fault.since if first.fault else None
    if first.name == WORKER and since:
        return _("Nothing has been processed since %(when)s.") % {"when": clock(since)}
    if first.name == WORKER:
        return _("Nothing is processed: the worker does not run.")
    if since:
        return _("%(what)s, since %(when)s.") % {"what": title(first), "when": clock(since)}
    return _("%(what)s.") % {"what": title(first)}


def short(health: Health) -> str:
    """Two or three words beside the dot."""
    if health.level == HealthLevel.FAILING:
        return title(health.failing[0])
    if health.level == HealthLevel.BEHIND:
        behind = health.behind
        slowest = max(behind, key=lambda unit: unit.lag_seconds)
        if slowest.fault and slowest.fault.kind != "behind":
            return title(slowest)
        return _("%(time)s behind") % {"time": roughly(slowest.lag_seconds)}
    return _("Everything runs")


def clock(at: datetime | None) -> str:
    """14:02 CET, with the day when it is not today."""
    if at is None:
        return "?"
    local_day = timezone.localdate(at)
    return hour(at) if local_day == timezone.localdate() else f"{day(local_day)} {hour(at)}"
