"""What belongs together and shares threads: one area that is overrun leaves the others alone."""

from dataclasses import dataclass

from profiles.calls import limits

SMALL_BODY = 64 * 1024  # bytes: any form of ours; more is for those who are known


@dataclass(frozen=True)
class Area:
    """Its threads hold one database connection each at most, see `connections_needed`."""

    name: str
    threads: int
    waiting: int  # whole requests that may wait for a thread; one more is turned away
    stranger_bytes: int = SMALL_BODY  # the largest body of somebody not known


LIVE = Area("live", threads=4, waiting=1024)  # asks nobody, and is never to be lost
HEALTH = Area("health", threads=2, waiting=32)  # seconds, where the database does not answer
INGEST = Area("ingest", threads=8, waiting=256, stranger_bytes=limits.MAX_BODY_BYTES + 1)
API = Area("api", threads=4, waiting=64)
CONSOLE = Area("console", threads=6, waiting=64)
LOGIN = Area("login", threads=2, waiting=8)  # each costs a password hash
RETURNING = Area("returning", threads=1, waiting=8)  # the same, from a device that is known
STATIC = Area("static", threads=2, waiting=512)
PUBLIC = Area("public", threads=4, waiting=128)
AREAS = (LIVE, HEALTH, INGEST, API, CONSOLE, LOGIN, RETURNING, STATIC, PUBLIC)

_BY_PREFIX = {
    "v1": INGEST,
    "api": API,
    "opendsr": API,
    "opengdpr_requests": API,
    "opencompliance_requests": API,
    "console": CONSOLE,
    "static": STATIC,
    "health": HEALTH,
    "metrics": HEALTH,
}
_ELSEWHERE = "/console/login/sso/"
_HASHING = (
    "/console/login",
    "/console/password_change",
    "/console/first-admin/",
    "/console/invitation/",
    "/console/reset/",
)


def area_of(method: str, path: str) -> Area:
    """By the first part of the path; a form that a password is sent with is an area of its own."""
    area = _BY_PREFIX.get(path.split("/", 2)[1] if path.startswith("/") else "", PUBLIC)
    if area is HEALTH and path.startswith("/health/live"):
        return LIVE
    if path.startswith(_ELSEWHERE):  # waits for a provider, and hashes nothing
        return area
    if area is CONSOLE and method == "POST" and path.startswith(_HASHING):
        return LOGIN
    return area


def connections_needed() -> int:
    """Database connections that a web process may hold: one for each thread that asks."""
    return sum(area.threads for area in AREAS if area not in (LIVE, STATIC))
