"""The application that granian calls (RSGI): takes in a body, then lets a thread answer it.

All of it runs on granian's event loop but the jobs, which run in the threads of their area.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from config.web import answers, gate
from config.web.areas import AREAS, INGEST, LOGIN, RETURNING, Area, area_of
from config.web.bodies import Bodies, Unread
from config.web.connections import Connections
from config.web.environ import environ_of, with_body, without_body
from config.web.jobs import Answer, Ask, Ends, WebJob, Wsgi, send
from config.web.limits import raise_file_limit
from config.web.pool import ThreadPool
from config.workspace.access import devices

LOOK_SECONDS = 0.5


class Application:
    """The one of a web process."""

    def __init__(
        self,
        wsgi: Wsgi,
        pools: Iterable[ThreadPool] = (),
        bodies: Bodies | None = None,
        connections: Connections | None = None,
    ) -> None:
        self.wsgi = wsgi
        made = pools or [ThreadPool(area.name, area.threads, area.waiting) for area in AREAS]
        self.pools = {pool.name: pool for pool in made}
        self.bodies = bodies or Bodies()
        self.connections = connections or Connections()

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Before the first request, in the process that serves."""
        self.loop, self.ends = loop, Ends(loop)
        for pool in self.pools.values():
            pool.start()
        raise_file_limit()
        self.connections.start()
        loop.call_later(LOOK_SECONDS, self._look)

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        """After the last one."""
        for pool in self.pools.values():
            pool.stop()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """One request."""
        client = scope.client
        self.connections.busy.add(client)
        try:
            await self._serve(environ_of(scope), protocol)
        finally:
            self.connections.busy.discard(client)

    async def _serve(self, environ: dict[str, Any], protocol: Any) -> None:
        area = area_of(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if area is LOGIN and devices.is_known(environ):
            area = RETURNING
        try:
            announced = gate.length_of(environ)
            if environ["REQUEST_METHOD"] in gate.BODYLESS:
                environ["CONTENT_LENGTH"] = ""
                await self._answer(area, with_body(environ, b""), protocol)
            else:
                await self._with_body(area, environ, protocol, announced)
        except Unread as unread:
            send(protocol, *answers.refusal(area, unread.status, unread.reason, environ))
            if unread.reason == "large" and "HTTP_EXPECT" not in environ:
                await self.bodies.linger(protocol)

    async def _with_body(
        self, area: Area, environ: dict[str, Any], protocol: Any, announced: int | None
    ) -> None:
        """Raises Unread."""
        leave = gate.leave_of(area, environ, announced)
        is_known = leave.is_known
        if leave.must_ask:
            asked = Ask(self.ends, area, environ, protocol)
            self._submit(asked)
            is_known = await asked.done
            if not is_known:
                await self._unknown(area, environ, protocol)
                return
        if announced is not None and announced >= leave.most:
            raise Unread(413, "large")
        body = b""
        if announced != 0:
            read = self.bodies.read(protocol, announced, leave.most, is_known=is_known)
            body = await read
        try:
            await self._answer(area, with_body(environ, body), protocol)
        finally:
            self.bodies.release(len(body), is_known=is_known)

    async def _unknown(self, area: Area, environ: dict[str, Any], protocol: Any) -> None:
        """Whoever claims to be known and is not is told so by the view, which reads no body."""
        if area is not INGEST and not environ.get("HTTP_AUTHORIZATION"):
            raise Unread(413, "large")
        await self._answer(area, without_body(environ), protocol)
        if "HTTP_EXPECT" not in environ:
            await self.bodies.linger(protocol)

    async def _answer(self, area: Area, environ: dict[str, Any], protocol: Any) -> None:
        """By a thread of the area. Raises Unread where too many wait for one."""
        job = Answer(self.wsgi, self.ends, area, environ, protocol)
        self._submit(job)
        await job.done

    def _submit(self, job: WebJob) -> None:
        if not self.pools[job.area.name].submit(job):
            raise Unread(503, "full")

    def _look(self) -> None:
        self.loop.call_later(LOOK_SECONDS, self._look)
        self.bodies.end_slow()
        if self.connections.is_closing:
            self.bodies.end_all()
        for pool in self.pools.values():
            pool.turn_away_late()
