"""Writes the Segment-spec calls of one visit: ids, times, contexts. Whose: `visit_kinds.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from config.demo.generator.people.person import DemoPerson
from config.demo.generator.people.visits import Visit
from config.demo.generator.world.clock import SECOND, iso, to_datetime
from config.demo.generator.world.randomness import stream
from config.demo.generator.world.run import CALLS, World
from config.demo.generator.world.sources import APP, SERVER, WEB

Body = dict[str, Any]
SHOP = "https://shop.cairnway.example"
BACKEND: Body = {"library": {"name": "analytics-python", "version": "2.4.0"}}
_BROWSER = {"name": "analytics.js", "version": "1.84.3"}
_MOBILE = {"name": "analytics-kotlin", "version": "1.19.2"}


class DemoCall(NamedTuple):
    """One call, and the name of its source. Parts of `body` are shared: never change them."""

    at: datetime
    source: str
    body: Body


class WrittenCall(NamedTuple):
    """A call with its time in ms; sorts by time, then by message id."""

    at: int
    message_id: str
    source: str
    body: Body

    def message(self) -> DemoCall:
        """As it leaves the generator."""
        return DemoCall(to_datetime(self.at), self.source, self.body)


class Scribe:
    """The calls of `visit`, in `out`. `now` (ms) moves on with each call of the visitor."""

    def __init__(self, world: World, person: DemoPerson, visit: Visit) -> None:
        self.world, self.person, self.visit = world, person, visit
        self.rng = stream(world.seed, CALLS, visit.number, visit.key)
        self.now = visit.at
        self.device = person.devices[visit.device] if visit.device >= 0 else None
        self.hurry = 1.0  # how long a visitor stays on a page, against the usual
        self.out: list[WrittenCall] = []
        self.currency = person.city.currency
        self._prefix = f"cw{world.seed}-{visit.number}-{visit.key}-"
        self._context: Body | None = None

    @property
    def is_app(self) -> bool:
        """Whether the visitor came with the app."""
        return self.device is not None and self.device.kind == "app"

    def wait(self, seconds: float) -> None:
        """Let up to twice `seconds` pass (as many on average), at least one."""
        self.now += int((1 + self.rng.random() * 2 * seconds * self.hurry) * SECOND)

    def client(self, kind: str, **said: Any) -> None:
        """A call from the visitor's browser or app, known or not as it then is."""
        device = self.device
        if device is None:
            return
        ids: Body = {"anonymousId": device.anonymous_id}
        if self.now >= device.known_from:
            ids["userId"] = self.person.user_id
        said["context"] = self._context or self._make_context()
        self._write(WEB if device.kind == "web" else APP, kind, self.now, ids, said)
        self.wait(40)

    def server(
        self, kind: str, *, source: str = SERVER, at: int | None = None, **said: Any
    ) -> None:
        """A call from a system of the shop's own at `at` (ms) or now; the clock stands."""
        ids = said.pop("ids", None) or {"userId": self.person.user_id}
        said.setdefault("context", BACKEND)
        self._write(source, kind, self.now if at is None else at, ids, said)

    def track(self, event: str, properties: Body) -> None:
        """Something the visitor did in the browser or the app."""
        self.client("track", event=event, properties=properties)

    def view(self, name: str, path: str) -> None:
        """A page of the shop, or the screen of the app that shows the same."""
        if self.is_app:
            self.client("screen", name=name, properties={"name": name})
        else:
            shown = {"name": name, "path": path, "url": SHOP + path, "title": f"{name} - Cairnway"}
            self.client("page", name=name, properties=shown)

    def _write(self, source: str, kind: str, at: int, ids: Body, said: Body) -> None:
        message_id = f"{self._prefix}{len(self.out)}"
        body = {"type": kind, "messageId": message_id, "timestamp": iso(at), **ids, **said}
        self.out.append(WrittenCall(at, message_id, source, body))

    def _make_context(self) -> Body:
        """The context of the visitor's device, made once a visit."""
        device, city = self.device, self.person.city
        assert device is not None  # noqa: S101 - only a device has a context
        context: Body = {"locale": city.locale, "timezone": city.time_zone}
        if device.kind == "web":
            context |= {"library": _BROWSER, "userAgent": device.model}
        else:
            system = "ios" if device.model.startswith("iPhone") else "android"
            phone = {"id": f"phone-{device.anonymous_id}", "model": device.model, "type": system}
            if device.push_token:
                phone["token"] = device.push_token
            app = {"name": "Cairnway", "version": "4.2.1"}
            context |= {"library": _MOBILE, "device": phone, "app": app}
        self._context = context
        return context
