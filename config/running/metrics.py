"""`/metrics`: Prometheus text. Counts and ages only, nothing personal.

Behind METRICS_TOKEN. Without one only an installation that lies on a private address itself
answers, to whoever asks from one: what a proxy passes on without a word looks like that, so that
where BASE_URL is public nobody is answered.
With the database away it still answers, with what this process knows.
"""

import ipaddress
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from config import disk
from config.running import probe
from config.version import version
from config.workspace.health import alive, counters, restarts, status
from config.workspace.health.status import Health
from config.workspace.work.reasons import reason_of
from config.workspace.work.recording import repeats
from config.workspace.work.waiting import SENDING, WORKER, WORKERS

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FORWARDED = (
    "HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST", "HTTP_VIA",
)  # fmt: skip
QUEUES = {
    "inbox_waiting": "Calls that wait to be processed.",
    "inbox_set_aside": "Calls that could not be processed and are kept.",
    "inbox_lag_seconds": "Age of the oldest call that waits.",
    "changes_waiting": "Changes of people that segments have not looked at.",
    "message_chunks_waiting": "Chunks of messages to hand over, due or not.",
    "webhooks_waiting": "Outgoing webhook deliveries that wait.",
    "webhooks_failing": "Webhooks that take nothing, or were switched off for it.",
}
COUNT_QUEUES = """
SELECT 'inbox_waiting', count(*) FROM inbox WHERE failed_at IS NULL
UNION ALL SELECT 'inbox_set_aside', count(*) FROM inbox WHERE failed_at IS NOT NULL
UNION ALL SELECT 'inbox_lag_seconds', coalesce(extract(epoch FROM now() - min(received_at)), 0)
          FROM inbox WHERE failed_at IS NULL
UNION ALL SELECT 'changes_waiting', count(*) FROM profile_change
UNION ALL SELECT 'message_chunks_waiting', count(*) FROM message_chunk
UNION ALL SELECT 'webhooks_waiting', count(*) FROM webhook_delivery
          WHERE delivered_at IS NULL AND failed_at IS NULL
UNION ALL SELECT 'webhooks_failing', count(*) FROM webhook
          WHERE enabled AND failing_since IS NOT NULL OR off_because IN ('gone', 'failing')
"""
# of this process: (what is counted, its help)
COUNTED = {
    "http_requests_total": "Answers of this web process, by area and class of status.",
    "http_request_seconds_total": "Seconds that these answers took.",
    "statements_ended_total": "Statements that took longer than a request may, by area.",
    "accepted_total": "Messages of ingest calls that this web process took in.",
    "log_lines_left_out_total": "Lines on refused requests that were too many for the log.",
    "turned_away_total": "Requests that were not worked on, by area and reason.",
    "refused_total": "Messages and calls of ingest that it refused, by reason.",
}


@dataclass
class Exposition:
    """The text as it grows: each family once, with HELP and TYPE."""

    lines: list[str] = field(default_factory=list)

    def add(
        self, name: str, kind: str, text: str, samples: Iterable[tuple[Mapping[str, str], float]]
    ) -> None:
        """One family; left out without a sample."""
        found = list(samples)
        if not found:
            return
        self.lines += [f"# HELP rapport_{name} {text}", f"# TYPE rapport_{name} {kind}"]
        for labels, value in found:
            said = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            self.lines.append(f"rapport_{name}{'{' + said + '}' if said else ''} {value:.15g}")

    def gauge(self, name: str, text: str, value: float) -> None:
        """A family of one sample."""
        self.add(name, "gauge", text, [({}, value)])


def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, to those who may ask."""
    if not may_ask(request):
        words = "Set METRICS_TOKEN and send it as a Bearer token.\n"
        response = HttpResponse(words, status=403, content_type="text/plain; charset=utf-8")
    else:
        response = HttpResponse(exposed(), content_type=CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def may_ask(request: HttpRequest) -> bool:
    """The token, where one is set; else from and at private addresses, with no proxy between."""
    token: str = settings.METRICS_TOKEN
    if token:
        given = request.META.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        return secrets.compare_digest(given.encode(), token.encode())
    if settings.BEHIND_TLS or any(name in request.META for name in FORWARDED):
        return False
    here = urlsplit(settings.BASE_URL).hostname or ""
    return _is_private(here) and _is_private(request.META.get("REMOTE_ADDR", ""))


def _is_private(host: str) -> bool:
    """An address of this machine or network, or a name of this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_private or address.is_loopback


def exposed() -> str:
    """Everything, as text."""
    text = Exposition()
    text.add("info", "gauge", "Version of Rapport.", [({"version": version()}, 1)])
    health, queues = _ask()
    text.gauge("database_up", "1 when the database takes new connections.", float(bool(health)))
    if health is not None:
        for name, value in queues.items():
            text.gauge(name, QUEUES[name], value)
        _add_units(text, health)
        _add_sending(text, health)
        _add_circuits(text, health)
        _add_connections(text, health)
    if sign := alive.read(Path(settings.VAR_DIR)):
        words = "Age of the last sign of life of a worker on this machine."
        text.gauge("worker_sign_age_seconds", words, sign.age_seconds)
    _add_machine(text, Path(settings.VAR_DIR))
    for name, words in COUNTED.items():
        found = sorted(counters.counted(name).items()) or [((), 0.0)]
        text.add(name, "counter", words, ((dict(labels), n) for labels, n in found))
    return "\n".join(text.lines) + "\n"


def _ask() -> tuple[Health | None, dict[str, float]]:
    try:
        with probe.cursor() as cursor:
            health = status.read(cursor)
            cursor.execute(COUNT_QUEUES)
            queues = {name: float(value) for name, value in cursor.fetchall()}
    except psycopg.Error as error:
        repeats.failed("asking the database for figures", reason_of(error))
        return None, {}
    repeats.worked("asking the database for figures")
    return health, queues


def _add_units(text: Exposition, health: Health) -> None:
    runs = [unit.run for unit in health.units]
    worker = health.unit(WORKER)
    if worker is not None and worker.last_success is not None:
        age = (health.at - worker.last_success).total_seconds()
        text.gauge("tick_age_seconds", "Since the worker last woke all work.", max(age, 0.0))

    def each(name: str, kind: str, words: str, values: Iterable[tuple[str, float]]) -> None:
        text.add(name, kind, words, (({"unit": unit}, value) for unit, value in values))

    level = [(unit.name, float(unit.level)) for unit in health.units]
    each("unit_state", "gauge", "0 well, 1 behind, 2 failing.", level)
    due = [(unit.name, unit.lag_seconds) for unit in health.units if unit.name not in WORKERS]
    each("oldest_due_seconds", "gauge", "How long the oldest due work has waited.", due)
    done = [(run.name, run.last_success.timestamp()) for run in runs if run.last_success]
    each("unit_last_success_timestamp_seconds", "gauge", "Last run that ended well.", done)
    total = [(run.name, float(run.runs)) for run in runs]
    each("unit_runs_total", "counter", "Runs of each unit of work.", total)
    total = [(run.name, float(run.failures)) for run in runs]
    each("unit_failures_total", "counter", "Runs that raised an error.", total)
    total = [(run.name, float(run.handled)) for run in runs]
    each("unit_handled_total", "counter", "Rows that the runs handled.", total)
    ingest = next((float(run.handled) for run in runs if run.name == "ingest"), 0.0)
    text.add("processed_total", "counter", "Messages of ingest worked off.", [({}, ingest)])


def _add_machine(text: Exposition, var: Path) -> None:
    """What the system knows, with the database away too."""
    spaces = [s for s in disk.spaces(var, embedded=settings.EMBEDDED_POSTGRES) if not s.is_gone]
    free = [({"place": space.name}, float(space.free_bytes)) for space in spaces]
    text.add("disk_free_bytes", "gauge", "Room where the data is.", free)
    files = [({"place": s.name}, float(s.files)) for s in spaces if s.files is not None]
    text.add("disk_free_files", "gauge", "Files that may still be made there.", files)
    again = [
        ({"process": name, "reason": reason}, float(count))
        for name, process in restarts.read(var).items()
        for reason, count in process.restarts.items()
    ]
    words = "Processes that `up` had to start again since it began: they ended, or were silent."
    text.add("process_restarts_total", "counter", words, again)


def _add_sending(text: Exposition, health: Health) -> None:
    totals = [
        ({"channel": one.channel, "outcome": one.outcome}, float(one.n))
        for one in health.sent
        if not one.lately
    ]
    text.add("messages_total", "counter", "Hand-overs of messages, by what they came to.", totals)
    text.add(
        "sending_refused_in_a_row",
        "gauge",
        "Hand-overs refused on a channel since it last took one.",
        (
            ({"channel": run.name.removeprefix(SENDING)}, float(run.error_count))
            for run in health.sending
        ),
    )


def _add_circuits(text: Exposition, health: Health) -> None:
    """Servers that are left alone, by address; none while all work."""
    found = [
        ({"channel": one.channel, "server": one.server}, float(one.failures))
        for one in health.circuits
    ]
    words = "Tries in a row at a server that takes nothing and is left alone for a while."
    text.add("sending_circuit_open", "gauge", words, found)


def _add_connections(text: Exposition, health: Health) -> None:
    if health.capacity is not None:
        words = "Connections that the database takes of this installation."
        text.gauge("database_connections_allowed", words, health.capacity.allowed)
        words = "Connections that the processes of this installation may need."
        text.gauge("database_connections_needed", words, health.capacity.needed)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
