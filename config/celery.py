"""Celery: it carries wake-ups, nothing else. What is due is rows; a lost hint costs a second.

There are two pools, each with a queue: what hands messages over to servers of others, which may
hang, and all the rest. `celery -A config.celery worker` works both off, with `-Q` one of them. The
general one also runs the tick: once a second the one worker that holds the advisory lock wakes
the kinds of work that have something due (`work.calling`).
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded, WorkerLostError
from celery.signals import (
    celeryd_after_setup,
    setup_logging,
    task_failure,
    worker_init,
    worker_process_init,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from django.conf import settings
from django.db import connection
from kombu import Queue  # type: ignore[attr-defined]  # without stubs of its own

from config.postgres import broker
from config.running import leftovers
from config.running.pulse import Pulse
from config.workspace.health import alive
from config.workspace.work import calling, recording, stopping
from config.workspace.work.due import DELIVERY, GENERAL, pool_of
from config.workspace.work.reasons import reason_of
from config.workspace.work.waiting import DELIVERY_WORKER, WORKER

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

TASK = "rapport.work"
QUEUES = {GENERAL: broker.QUEUE, DELIVERY: broker.DELIVERY_QUEUE}
SLICE_SECONDS = 5.0  # then the others' turn; work that is not done is woken again
TICK_SECONDS = 1.0
GATHER_SECONDS = 0.05
HINT_LIFE_SECONDS = 10  # older hints are dropped unread: a tick has come since
TICK_LOCK = 0x7261_7070  # "rapp", the advisory lock of the one that ticks
DEAF = 75  # how a worker ends that is to be started again
LARGEST_KB = 1_000_000  # a process of the pool that holds more is replaced after its task
CONNECT_SECONDS = 5.0  # to a broker of its own
SIGN_SECONDS = 5.0  # between signs of life on disk
REST_SECONDS = 5.0  # between questions of who does not lead, of a database that answers
# A run that takes so long is broken off (an exception, so that it can tidy up), then killed.
SOFT_LIMIT_SECONDS = 210
TIME_LIMIT_SECONDS = 240  # well below the broker's visibility of 300

log = logging.getLogger("rapport.work")


class CeleryApplication(Celery):
    """Gathers the hints of a process: however many a request burst gives, a name goes out once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._hints: set[str] = set()
        self._hinted = threading.Condition()
        self._sender: int = 0  # process id that the sending thread runs in

    def send_task(self, name: str, args: Any = None, *rest: Any, **options: Any) -> Any:
        """Hints are taken and sent by a thread, past the request; other tasks go as ever."""
        if name != TASK:
            return super().send_task(name, args, *rest, **options)
        with self._hinted:
            self._hints.add(args[0])
            if self._sender != os.getpid():  # threads do not live on in a forked process
                self._sender = os.getpid()
                threading.Thread(target=self._send_hints, name="hints", daemon=True).start()
            self._hinted.notify()
        return None

    def send_now(self, name: str, life_seconds: float = HINT_LIFE_SECONDS) -> None:
        """Send one hint at once. Raises what the broker raises."""
        super().send_task(
            TASK,
            [name],
            queue=QUEUES[pool_of(name)],
            expires=life_seconds,
            ignore_result=True,
            retry=False,
        )

    def _send_hints(self) -> None:
        while True:
            with self._hinted:
                self._hinted.wait_for(lambda: bool(self._hints))
                names, self._hints = sorted(self._hints), set()
            try:
                with FORK_LOCK:
                    for name in names:
                        self.send_now(name)
            except Exception as error:  # the tick makes up for it
                recording.repeats.failed("waking the worker", reason_of(error))
            else:
                recording.repeats.worked("waking the worker")
            time.sleep(GATHER_SECONDS)


# A thread that is sending holds locks of kombu's; no process may be forked off meanwhile.
FORK_LOCK = threading.RLock()
os.register_at_fork(
    before=FORK_LOCK.acquire, after_in_parent=FORK_LOCK.release, after_in_child=FORK_LOCK.release
)


def _broker() -> dict[str, Any]:
    """The broker's settings: the database itself unless CELERY_BROKER_URL names another."""
    url: str = settings.CELERY_BROKER_URL
    scheme = url.split(":", 1)[0].split("+", 1)[0]
    if scheme in ("", "pgmq"):
        from config.postgres import transport  # noqa: PLC0415 - only where it is the broker

        # wait 0: the transport itself waits, for a word of the database
        options: dict[str, Any] = {"wait_time_seconds": 0, "visibility_timeout": 300}
        return {"broker_url": transport.register(), "broker_transport_options": options}
    options = {}
    if scheme in ("redis", "rediss"):
        options = {
            "visibility_timeout": 300,
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_keepalive": True,
        }
    elif scheme in ("amqp", "amqps"):
        options = {"confirm_publish": True}
    return {"broker_url": url, "broker_transport_options": options}


app = CeleryApplication("rapport", set_as_current=True)
app.conf.update(
    **_broker(),
    task_default_queue=broker.QUEUE,
    task_queues=[Queue(name) for name in QUEUES.values()],  # type: ignore[no-untyped-call]
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_time_limit=TIME_LIMIT_SECONDS,
    task_soft_time_limit=SOFT_LIMIT_SECONDS,
    task_publish_retry=False,
    worker_concurrency=settings.CELERY_CONCURRENCY,
    worker_prefetch_multiplier=1,
    worker_max_memory_per_child=LARGEST_KB,
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,  # none is acknowledged late
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_connection_timeout=4,
    timezone="UTC",
    enable_utc=True,
    CELERY_DB_REUSE_MAX=1000,
)


def no_answer() -> str:
    """Why the broker that CELERY_BROKER_URL names lets nobody in, in a sentence; "" where it does,
    and of the one in the database. Takes some seconds where it does not answer.
    """
    if broker.is_embedded():
        return ""
    with app.connection_for_write(connect_timeout=CONNECT_SECONDS) as link:
        try:
            link.ensure_connection(max_retries=2, interval_start=1, timeout=4 * CONNECT_SECONDS)
        except Exception as error:  # of whichever client
            words = str(error).strip().rstrip(".") or type(error).__name__
            return (
                f"CELERY_BROKER_URL: {link.as_uri()} lets nobody in ({words}). Start that broker, "
                "or leave the setting out: the database is the broker then."
            )
    return ""


@app.task(name=TASK)
def work(name: str) -> None:
    """Do the due work of this kind until none is left or the slice is over."""
    from config.workspace.work.due import WORK  # noqa: PLC0415 - after the apps have signed in

    if _pulse is not None:
        _pulse.began()
    function = WORK.get(name)
    if function is None:
        log.warning("nobody does work called %r", name)
        return
    deadline = time.monotonic() + SLICE_SECONDS
    try:
        while recording.watched(name, function):
            if stopping.asked():
                return
            if time.monotonic() > deadline:
                app.send_task(TASK, [name])
                return
    except SoftTimeLimitExceeded:  # anywhere, so that nothing is known of the connection
        connection.close()
    except Exception:  # said and noted where it was raised; the next tick tries again
        return


@task_failure.connect
def _note_killed(exception: BaseException, args: Any = (), **_: Any) -> None:
    """A run that was killed leaves no word of its own. In the worker's main process."""
    if isinstance(exception, TimeLimitExceeded | WorkerLostError) and args:
        reason = f"killed after {TIME_LIMIT_SECONDS} s"
        if isinstance(exception, WorkerLostError):
            reason = "its process was killed"
        # in a thread: the database may be why, and this one answers all
        note = threading.Thread(
            target=_note_failure, args=[args[0], reason], name="killed", daemon=True
        )
        note.start()


def _note_failure(name: str, reason: str) -> None:
    try:
        recording.failed(name, reason)
    finally:
        connection.close()


class Ticker(threading.Thread):
    """Wakes every kind of work once a second, in one of however many workers there are.

    A worker of the delivery pool alone wakes nobody; it says that it is there.
    """

    def __init__(self, queues: Collection[str] = tuple(QUEUES.values()), pool: Any = None) -> None:
        super().__init__(name="tick", daemon=True)
        self.pool = pool
        self.stopped = threading.Event()
        self.signed_at = 0.0
        self.asked_at = -REST_SECONDS
        self.calls = calling.Calls()
        self.may_lead = broker.QUEUE in queues
        self.is_for_delivery = broker.DELIVERY_QUEUE in queues

    def run(self) -> None:
        """Until told to stop. A database that is down is asked again at the next tick."""
        leading = False
        while not self.stopped.wait(TICK_SECONDS):
            alive.beat()
            if self._rests():
                continue
            try:
                leading = self._lead(leading)
                if leading:
                    self._tick()
                    recording.succeeded(WORKER, 1)
                if self.is_for_delivery:
                    recording.succeeded(DELIVERY_WORKER, 1)
            except Exception as error:
                leading = False
                connection.close()
                recording.repeats.failed("the tick", reason_of(error))
                for unit in self._units():
                    recording.failed(unit, error)
                self.sign(reason_of(error))
                if _pulse is not None:
                    _pulse.excuse()
            else:
                recording.repeats.worked("the tick")
                self.sign("")
                self._feel_pulse()
        connection.close()

    def _feel_pulse(self) -> None:
        """A pool that takes nothing any more cannot be mended from here: we are started again."""
        if _pulse is None or self.pool is None:
            return
        if _pulse.is_deaf([process.pid for process in list(self.pool._pool)]):
            log.error("the processes of this worker take no work any more: it is started again")
            logging.shutdown()
            os._exit(DEAF)

    def sign(self, reason: str) -> None:
        """A sign of life on disk, every few seconds: for when the database is away."""
        if time.monotonic() - self.signed_at >= SIGN_SECONDS:
            self.signed_at = time.monotonic()
            for unit in self._units():
                alive.write(Path(settings.VAR_DIR), reason, unit)

    def _units(self) -> list[str]:
        asked = [(WORKER, self.may_lead), (DELIVERY_WORKER, self.is_for_delivery)]
        return [unit for unit, is_ours in asked if is_ours]

    def _rests(self) -> bool:
        """Whoever never leads has a database to ask for nothing but that it is there."""
        return not self.may_lead and time.monotonic() - self.asked_at < REST_SECONDS

    def _lead(self, leading: bool) -> bool:
        """The session's lock says who leads; the tick's own question tells whether it stands."""
        if leading:
            return True
        with connection.cursor() as cursor:
            if self.may_lead:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [TICK_LOCK])
            else:
                cursor.execute("SELECT false")
            self.asked_at = time.monotonic()
            return bool(cursor.fetchone()[0])

    def _tick(self) -> None:
        due = list(self.calls.due(time.monotonic()))
        with FORK_LOCK:
            for name, is_swept in due:
                life = calling.SWEEP_SECONDS if is_swept else TICK_SECONDS * 2
                app.send_now(name, life_seconds=life)


_ticker: Ticker | None = None
_pulse: Pulse | None = None


@worker_init.connect
def _begin_pulse(**_: Any) -> None:
    global _pulse  # noqa: PLW0603 - one a process, and its children's
    _pulse = Pulse()


@worker_init.connect
def _compare_keys(**_: Any) -> None:
    """Without the database's own key no mail can be written.

    A database that does not answer now is no reason not to start.
    """
    from config.workspace.access import tokens  # noqa: PLC0415 - after the apps have signed in

    try:
        tokens.ensure_readable()
    except tokens.LostKey as error:
        raise SystemExit(str(error)) from None
    except Exception as error:
        log.warning("keys not compared with the database: %s", type(error).__name__)


@celeryd_after_setup.connect
def _sign_first(**_: Any) -> None:
    """It ticks only once the broker lets it in: that it lives is said before, also if never."""
    Ticker(list(app.amqp.queues.consume_from)).sign("")


@worker_process_init.connect
def _end_with_worker(**_: Any) -> None:
    """A process of the pool does not outlive its parent."""
    leftovers.end_with_parent()


@worker_ready.connect
def _start_ticking(sender: Any = None, **_: Any) -> None:
    global _ticker  # noqa: PLW0603 - one a process
    pool = getattr(getattr(sender, "pool", None), "_pool", None)
    _ticker = Ticker(list(app.amqp.queues.consume_from), pool)
    if _pulse is not None:
        _pulse.excuse()
    _ticker.start()


@worker_shutting_down.connect
def _stop_ticking(**_: Any) -> None:
    stopping.ask_all()
    if _ticker is not None:
        _ticker.stopped.set()


@worker_shutdown.connect
def _end_at_once(**_: Any) -> None:
    """All is stopped by now. What Python would still do is join idle threads, for seconds."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


@setup_logging.connect
def _keep_logging(**_: Any) -> None:
    """Django's LOGGING holds for the worker too."""
