"""What the demo remembers, in the workspace's settings under `demo`; every write is one UPDATE."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from config.demo.generator import year_before
from config.demo.generator.stream import SEED
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace, workspace

SENT_BEFORE = timedelta(days=6)  # the campaign went out so long ago: its goal's window is over
SENT_HOUR = 8  # UTC


@dataclass
class DemoState:
    """Settings of the run, how far it is, and whom it made. Times are ISO 8601 in UTC."""

    profiles: int
    events: int
    start: str
    first_end: str
    seed: int = SEED
    fed_to: str = ""  # all messages up to then are in the inbox
    fed: int = 0  # how many that were
    said_to: str = ""  # all permissions up to then are in the ledger
    lit_to: str = ""  # the last minute that has its light traffic
    done: list[str] = field(default_factory=list)  # steps that are not repeated
    users: list[int] = field(default_factory=list)
    traffic: bool = True

    @property
    def run(self) -> dict[str, Any]:
        """What `generate` and `permissions` take."""
        return {
            "profiles": self.profiles,
            "events": self.events,
            "seed": self.seed,
            "start": moment(self.start),
        }

    @property
    def sent_at(self) -> datetime:
        """When the demo's one sent campaign went out."""
        day = moment(self.first_end) - SENT_BEFORE
        return day.replace(hour=SENT_HOUR, minute=0, second=0, microsecond=0)


def moment(text: str) -> datetime:
    """The time that `text` stands for."""
    return datetime.fromisoformat(text)


def since(text: str) -> datetime | None:
    """The same; None for ""."""
    return moment(text) if text else None


def begin(profiles: int, events: int) -> DemoState:
    """A fresh run that ends now, written down before anything else is."""
    now = timezone.now().astimezone(UTC)
    end = now.replace(microsecond=now.microsecond // 1000 * 1000)
    state = DemoState(profiles, events, year_before(end).isoformat(), end.isoformat())
    remember(state, *(f.name for f in fields(DemoState)))
    return state


def load() -> DemoState | None:
    """As it stands in the database; None where no demo was ever begun. One query."""
    return _read(Workspace.objects.values_list("settings", flat=True).get(pk=1))


def _read(said: dict[str, Any]) -> DemoState | None:
    kept = said.get("demo")
    if not kept:
        return None
    known = {f.name for f in fields(DemoState)}
    return DemoState(**{name: value for name, value in kept.items() if name in known})


def remember(state: DemoState, *names: str) -> None:
    """Write these fields, in the caller's transaction; the workspace's other settings stay."""
    every = asdict(state)
    patch = json.dumps({name: every[name] for name in names})
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE workspace SET settings = jsonb_set(settings, '{demo}',"
            " coalesce(settings->'demo', '{}') || %s::jsonb) WHERE id = 1",
            [patch],
        )
    forget_workspace()


def finish(state: DemoState, step: str) -> None:
    """This step is done, and will not be done again."""
    if step not in state.done:
        state.done.append(step)
        remember(state, "done")


def is_demo() -> bool:
    """Has `manage.py demo` been here, to the end? No query within five seconds."""
    return workspace().demo_at is not None


def current() -> DemoState | None:
    """The state where the demo is ready, some seconds old; None outside the demo."""
    space = workspace()
    return _read(space.settings) if space.demo_at else None


@contextmanager
def alone() -> Iterator[bool]:
    """True where no other process writes the demo's data; then none begins meanwhile."""
    place = Path(settings.VAR_DIR)
    place.mkdir(parents=True, exist_ok=True)
    with (place / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True  # closing the file frees it, and so does dying


Params = ParamSpec("Params")
View = Callable[Concatenate[HttpRequest, Params], HttpResponse]


def demo_only(view: View[Params]) -> View[Params]:
    """A view that is not found where no demo has run."""

    @wraps(view)
    def checked(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        if not is_demo():
            raise Http404("no demo has run here")
        return view(request, *args, **kwargs)

    return checked
