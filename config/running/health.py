"""Whether this installation lives and is ready. `config/running/metrics.py` has the figures."""

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import split_domain_port
from django.utils import timezone, translation

from config.console import health_words as words
from config.running import probe
from config.running.metrics import metrics
from config.workspace.health import alive
from config.workspace.health.status import HealthLevel, Unit, of_the_machine

UNAVAILABLE = 503


class HealthMiddleware:
    """Answers probes before sessions: of whoever sends a cookie the database would be asked.

    That it stands still must not be all that there is to say. A host that is not ours is refused.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Raises DisallowedHost."""
        view = PROBES.get(request.path_info)
        if view is None:
            return self.get_response(request)
        if not is_by_address(request):
            request.get_host()
        response = view(request)
        response["X-Frame-Options"] = "DENY"  # the middleware that sets it stands behind sessions
        return response


def is_by_address(request: HttpRequest) -> bool:
    """Was an address asked for and no name, as probes do? No page of somebody else's can."""
    name, _port = split_domain_port(request.META.get("HTTP_HOST", "").lower())
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def live(request: HttpRequest) -> HttpResponse:
    """200 while the process answers."""
    return _said({"status": "live"})


def ready(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and each unit of work goes on; else 503, which and why."""
    health, reason = probe.ask()
    if health is None:
        machine = of_the_machine(timezone.now())  # a full disk is why, and the database says less
        full = next((unit for unit in machine if unit.level == HealthLevel.FAILING), None)
        said = [{"unit": "database", "reason": reason}]
        if full is None or full.fault is None:
            return _failing("database", reason, {}, [])
        said.insert(0, {"unit": full.name, "reason": full.fault.reason})
        return _failing(said[0]["unit"], said[0]["reason"], {}, said)
    work = {unit.name: _unit(unit) for unit in health.units}
    failing = health.failing
    if not failing:
        return _said({"status": "ready", "work": work})
    with translation.override("en"), timezone.override("UTC"):
        said = [{"unit": unit.name, "reason": words.said(unit)} for unit in failing]
    return _failing(said[0]["unit"], said[0]["reason"], work, said)


PROBES = {"/health/live": live, "/health/ready": ready, "/metrics": metrics}


def _unit(unit: Unit) -> dict[str, Any]:
    at = unit.last_success
    return {
        "last_success": at.isoformat().replace("+00:00", "Z") if at else None,
        "lag_seconds": round(unit.lag_seconds, 1),
    }


def _failing(
    unit: str, reason: str, work: dict[str, Any], failing: list[dict[str, str]]
) -> HttpResponse:
    body: dict[str, Any] = {"status": "failing", "unit": unit, "reason": reason, "work": work}
    body["failing"] = failing or [{"unit": unit, "reason": reason}]
    if unit == "database" and (sign := alive.read(Path(settings.VAR_DIR))):
        body["worker"] = {"last_sign_seconds": round(sign.age_seconds, 1), "reason": sign.reason}
    return _said(body, UNAVAILABLE)


def _said(body: dict[str, Any], status: int = 200) -> HttpResponse:
    response = JsonResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]  # asked every few seconds
    return response
