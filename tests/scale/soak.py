"""kill -9 at random over all processes of an installation: nothing lost, doubled or left behind.

`make soak` runs 20 rounds; `make soak ARGS="--rounds 2 --events 2000 --mails 300"` takes a few
minutes; `--seed N --rounds 1` repeats a round's kills. In each round `manage.py up` runs a fresh
copy of one installation, clients send events as SDKs do (again, with the same ids, until they are
told 200), a campaign sends to an SMTP server that counts, and processes are killed: web server,
workers, PostgreSQL and its backends, the supervisor, and `up` in its first seconds. Then it must
come to rest by itself: accepted equals stored, no mail twice, everyone of the audience accounted
for, and after TERM no process, no lock and no half file of it.
"""

import argparse
import fcntl
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from email import message_from_bytes
from pathlib import Path
from typing import Any

import psycopg
from aiosmtpd.controller import Controller

from config import leftovers, paths
from tests.profiles.installation import KEY, is_taken

SIZE, CLIENTS = 50, 4  # messages a batch; threads that send
CALM_SECONDS = 400.0  # to come to rest after the last kill
STOP_SECONDS = 90.0
RENDERER = "config.workspace.sandbox"
MOSTLY, PATIENCE_SECONDS = 0.7, 30.0
SET_UP = """
import django; django.setup()
from config.workspace.digests import key_digest
from profiles.models import Source
from tests.campaigns.builders import make_campaign
from tests.campaigns.delivery.test_killed_worker import make_audience
Source.objects.create(name="sdk", kind="server", write_key_digest=key_digest("sdk-write-key"))
make_campaign(make_audience({mails}))
"""
LAUNCH = """
import django; django.setup()
from campaigns.models import Campaign
from campaigns.services.launching import launch
launch(Campaign.objects.get())
"""
# target -> weight
TARGETS = {
    "web": 3, "web child": 3, "worker": 3, "worker child": 4, "postgres": 2, "backend": 3,
    "supervisor": 1, "start": 1, "render": 1,
}  # fmt: skip
AT_START = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Violation(Exception):
    """A promise that was broken."""


class Sink:
    """An SMTP server that counts what it took, by recipient."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self.controller.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.controller.port}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.counts.update(envelope.rcpt_tos)
        self.ids.update([message_from_bytes(envelope.original_content)["Message-ID"]])
        return "250 taken"


class Installation:
    """A folder, and the `up` that runs it."""

    def __init__(self, var: Path, sink: Sink) -> None:
        self.var, self.port = var, free_port()
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = kept | {
            "VAR_DIR": str(var), "EMAIL_URL": sink.url, "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "tests.scale.soak_settings", "PYTHONWARNINGS": "ignore",
        }  # fmt: skip
        self.up: subprocess.Popen[bytes] | None = None
        self.signalled = False

    def start(self) -> None:
        """`manage.py up`."""
        self.signalled = False
        with (self.var / "up.log").open("a") as log:
            self.up = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(self.port)],
                cwd=paths.BASE_DIR, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip

    def keep_up(self) -> None:
        """Start it again if it ended. Raises Violation where nobody told it to."""
        if self.up is None or self.up.poll() is not None:
            if self.up is not None and not self.signalled:
                raise Violation(f"up ended by itself with {self.up.returncode}")
            self.start()

    def signal(self, number: signal.Signals) -> None:
        """To `up`, or the supervisor that it became."""
        assert self.up is not None
        self.signalled = True
        self.up.send_signal(number)
        if number == signal.SIGKILL:
            self.up.wait()

    def python(self, script: str, timeout: float = 300) -> int:
        """Run a script to its end."""
        with (self.var / "up.log").open("a") as log:
            return subprocess.run(
                [sys.executable, "-c", script], env=self.environment, cwd=paths.BASE_DIR,
                timeout=timeout, stdout=log, stderr=log, check=False,
            ).returncode  # fmt: skip

    def manage(self, *arguments: str) -> None:
        """Run a management command."""
        with (self.var / "up.log").open("a") as log:
            subprocess.run(
                [sys.executable, "manage.py", *arguments], env=self.environment, check=True,
                cwd=paths.BASE_DIR, timeout=300, stdout=log, stderr=log,
            )  # fmt: skip

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Raises psycopg.OperationalError."""
        host = str(paths.socket_dir(self.var))
        with psycopg.connect(
            host=host, user="rapport", dbname="rapport", connect_timeout=5
        ) as link:
            return link.execute(query).fetchall()

    def processes(self, *words: str) -> list[int]:
        """Of this installation, whose command line has one of these words."""
        found = []
        for pid in leftovers.processes(self.var):
            with suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_text()
                if any(word in command for word in words) or not words:
                    found.append(pid)
        return found

    def answers(self) -> bool:
        """Does its web server?"""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            link.request("GET", "/health/live")
            return link.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()

    def is_supervised(self) -> bool:
        """Has `up` become the supervisor?"""
        with suppress(OSError):
            return (
                self.up is not None
                and "config.supervisor" in Path(f"/proc/{self.up.pid}/cmdline").read_text()
            )
        return False

    def postmaster(self) -> int | None:
        """Its number."""
        file = paths.database_home(self.var) / "postgres" / "postmaster.pid"
        with suppress(OSError, ValueError):
            return int(file.read_text().split("\n", 1)[0])
        return None


class Clients:
    """Send every batch until it is taken, over the time of the kills."""

    def __init__(self, port: int, events: int, seconds: float) -> None:
        self.port, self.batches = port, list(range(events // SIZE))
        self.pause = seconds * CLIENTS / max(len(self.batches), 1)
        self.lock, self.accepted, self.refused = threading.Lock(), 0, 0
        self.threads = [threading.Thread(target=self._send, daemon=True) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def _send(self) -> None:
        while True:
            with self.lock:
                if not self.batches:
                    return
                batch = self.batches.pop()
            body = json.dumps({"batch": [message(batch, n) for n in range(SIZE)], "writeKey": KEY})
            while not is_taken(self.port, body, seconds=15):
                with self.lock:
                    self.refused += 1
                time.sleep(0.2)
            with self.lock:
                self.accepted += SIZE
            time.sleep(self.pause)


def message(batch: int, n: int) -> dict[str, Any]:
    """One event, of few people and shared devices, so that batches meet."""
    found: dict[str, Any] = {
        "type": "identify" if n % 10 == 0 else "track",
        "userId": f"soak-{(batch + n) % 200}",
        "messageId": f"soak-{batch}-{n}",
    }
    if n % 5 == 0:
        found["anonymousId"] = f"device-{(n + batch) % 400}"
    if n % 10 == 0:
        return {**found, "traits": {"batch": batch}}
    return {**found, "event": "Order Completed", "properties": {"revenue": 1}}


class Killer:
    """Kills by a seed: what, when, and with which signal."""

    def __init__(self, made: Installation, seed: int) -> None:
        self.made, self.dice = made, random.Random(seed)  # noqa: S311 - to be repeated
        self.kills: Counter[str] = Counter()
        self.renderers: set[int] = set()  # that were ever seen

    def run(self, seconds: float) -> None:
        """Until the time is over; a killed supervisor is started again."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            time.sleep(self.dice.uniform(0.1, 3.0))
            self.made.keep_up()
            self.renderers.update(renderers(self.made))
            names, weights = list(TARGETS), list(TARGETS.values())
            self.kill(self.dice.choices(names, weights)[0])

    def kill(self, target: str) -> None:
        """One of its kind, where there is one."""
        made = self.made
        if target in ("supervisor", "start"):
            self._whole(target)
            return
        if target in ("postgres", "backend"):
            if not made.is_supervised():  # who migrates without a database may give up
                return
            pid = made.postmaster()
            pids = [pid] if pid else []
            pids = pids if target == "postgres" else [c for one in pids for c in children(one)]
        elif target == "render":
            pids = renderers(made)
        else:
            word = "granian" if target.startswith("web") else "celery"
            everyone = made.processes(word)
            heads = [pid for pid in everyone if parent(pid) not in everyone]
            pids = [p for p in everyone if p not in heads] if "child" in target else heads
        if pids:
            with suppress(OSError):
                os.kill(self.dice.choice(sorted(pids)), signal.SIGKILL)
                self.kills[target] += 1

    def _whole(self, target: str) -> None:
        """The supervisor; or `up` again in its first seconds, by any signal."""
        self.made.signal(signal.SIGKILL)
        self.kills["supervisor"] += 1
        time.sleep(self.dice.uniform(0.0, 1.0))
        self.made.keep_up()
        if target == "start":
            time.sleep(self.dice.uniform(0.0, 5.0))
            number = self.dice.choice(AT_START)
            self.made.signal(number)
            self.kills["start"] += 1
            assert self.made.up is not None
            try:
                self.made.up.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                raise Violation(f"up is deaf to {number.name} at its start") from None
            self.made.keep_up()
        if self.dice.random() < MOSTLY:  # else the next kill meets it half started
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not self.made.answers() and time.monotonic() < deadline:
                time.sleep(0.2)


def command_of(pid: int) -> str:
    """ "" where it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def renderers(made: Installation) -> list[int]:
    """Those that render what users wrote; their environment is empty."""
    found = [child for pid in made.processes() for child in children(pid)]
    return [pid for pid in found if RENDERER in command_of(pid)]


def parent(pid: int) -> int:
    """0 where it is gone."""
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return 0


def children(pid: int) -> list[int]:
    """Direct ones."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, seconds: float, condition: Callable[[], Any]) -> Any:
    """What `condition` gives once it gives something. Raises Violation."""
    deadline = time.monotonic() + seconds
    said: Any = ""
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except (psycopg.Error, OSError, http.client.HTTPException) as error:
            said = type(error).__name__
        time.sleep(0.3)
    raise Violation(f"{what}: not within {seconds:.0f} s {said}")


LEFT = """SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM merge_pending),
    (SELECT count(*) FROM message_chunk),
    (SELECT count(*) FROM campaign WHERE status <> 'finished'),
    (SELECT count(*) FROM message WHERE state IN ('queued', 'handing_over'))"""


def play(made: Installation, sink: Sink, seed: int, given: argparse.Namespace) -> str:
    """One round; what it came to. Raises Violation."""
    made.start()
    killer = Killer(made, seed)
    clients = Clients(made.port, given.events, given.seconds)
    launching = threading.Thread(target=launch, args=[made], daemon=True)
    launching.start()
    killer.run(given.seconds)
    made.keep_up()
    wait_for("the events are taken", CALM_SECONDS,
             lambda: made.keep_up() or not any(t.is_alive() for t in clients.threads))  # fmt: skip
    launching.join(CALM_SECONDS)
    wait_for("all is worked off", CALM_SECONDS, lambda: set(made.rows(LEFT)[0]) == {0})
    said = account(made, sink, given.events, clients.accepted, given.mails)
    made.signal(signal.SIGTERM)
    assert made.up is not None
    try:
        code = made.up.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        raise Violation("up does not stop") from None
    if code:
        raise Violation(f"up ended with {code}")
    nothing_left(made.var)
    if left := [pid for pid in killer.renderers if RENDERER in command_of(pid)]:
        raise Violation(f"left behind: {len(left)} that render")
    kinds = ", ".join(f"{name} {count}" for name, count in sorted(killer.kills.items()))
    return f"{killer.kills.total()} kills ({kinds}), {said}, {clients.refused} refusals"


def launch(made: Installation) -> None:
    """Until it is launched: a kill in the middle leaves it a draft."""
    while True:
        with suppress(psycopg.Error, subprocess.TimeoutExpired):
            if made.rows("SELECT count(*) FROM campaign WHERE status <> 'draft'") == [(1,)]:
                return
            made.python(LAUNCH, timeout=120)
        time.sleep(0.5)


def account(made: Installation, sink: Sink, events: int, accepted: int, mails: int) -> str:
    """Accepted is stored once; everyone has one message with an outcome; nobody got two mails."""
    like = "SELECT count(*), count(DISTINCT message_id) FROM event WHERE message_id LIKE 'soak-%'"
    ((stored, distinct),) = made.rows(like)
    if not accepted == stored == distinct == events // SIZE * SIZE:
        raise Violation(f"{accepted} accepted, {stored} stored, {distinct} distinct")
    ((rows, people),) = made.rows("SELECT count(*), count(DISTINCT profile_id) FROM message")
    states = Counter(dict(made.rows("SELECT state, count(*) FROM message GROUP BY 1")))
    if not rows == people == mails or set(states) - {"sent", "unknown"}:
        raise Violation(f"{mails} in the audience, {rows} messages of {people}: {dict(states)}")
    twice = [address for address, count in sink.counts.items() if count > 1]
    if twice or any(count > 1 for count in sink.ids.values()):
        raise Violation(f"{len(twice)} got a mail twice")
    sent = {row[0] for row in made.rows("SELECT address FROM message WHERE state = 'sent'")}
    if missing := sent - set(sink.counts):
        raise Violation(f"{len(missing)} are said to be sent and were not")
    if len(sink.counts) - len(sent) > states["unknown"]:
        raise Violation("more came in than is accounted for")
    return f"{stored:,} stored, {states['sent']:,} sent, {states['unknown']:,} unknown"


def nothing_left(var: Path) -> None:
    """No process, no lock, no half file. Raises Violation."""
    sign = f"VAR_DIR={var}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            of_it = sign in (entry / "environ").read_bytes().split(b"\0")
            if of_it or (entry / "cwd").resolve().is_relative_to(var):
                raise Violation(f"left behind: {(entry / 'cmdline').read_text()[:200]!r}")
    for name in ("up.lock", "postgres.lock"):
        with (var / name).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Violation(f"{name} is held") from None
    patterns = (".*", "mailbox.*[0-9]", "postgres.new", "*.part", "mailbox/.*", "media/**/*.part",
                "postgres/postmaster.pid", "run/.s*")  # fmt: skip
    if found := [str(path) for pattern in patterns for path in var.glob(pattern)]:
        raise Violation(f"left behind: {', '.join(found)}")


def clear(made: Installation) -> None:
    """After a violation: nothing of a round meets the next."""
    if made.up is not None and made.up.poll() is None:
        made.up.kill()
        made.up.wait()
    leftovers.clear(made.var)
    with suppress(Exception):
        made.manage("dbserver", "stop")


def main() -> int:
    """0 when no round broke a promise."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--mails", type=int, default=3_000)
    parser.add_argument("--seconds", type=float, default=60.0, help="of kills in a round")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first round")
    parser.add_argument("--folder", type=Path, help="where (default: a temporary one)")
    given = parser.parse_args()
    hear_signals()
    home = given.folder or Path(tempfile.mkdtemp(prefix="rapport-soak-"))
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    template = home / "template"
    shutil.rmtree(template, ignore_errors=True)
    template.mkdir()
    prepare(template, given.mails)
    broken = 0
    for number in range(given.rounds):
        broken += not one(home, template, number, given)
    shutil.rmtree(template)
    if not broken and given.folder is None:
        shutil.rmtree(home)
    words = "no promise broken" if not broken else f"{broken} broke a promise; kept in {home}"
    say(f"{given.rounds} rounds of {given.events:,} events and {given.mails:,} mails: {words}")
    return 1 if broken else 0


def hear_signals() -> None:
    """A shell has what it runs in the background ignore some; what ignores them is deaf to them."""
    for number in AT_START:
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)


def prepare(template: Path, mails: int) -> None:
    """Tables, a source, an audience and a campaign that is a draft."""
    made = Installation(template, Sink())
    made.manage("migrate", "--verbosity=0")
    if made.python(SET_UP.format(mails=mails)):
        raise SystemExit((template / "up.log").read_text())
    made.manage("dbserver", "stop")


def one(home: Path, template: Path, number: int, given: argparse.Namespace) -> bool:
    """One round and its line; whether all went well."""
    seed, var, began = given.seed + number, home / f"round-{given.seed + number}", time.monotonic()
    shutil.rmtree(var, ignore_errors=True)
    subprocess.run(["cp", "-a", str(template), str(var)], check=True)
    sink = Sink()
    made = Installation(var, sink)
    try:
        said = play(made, sink, seed, given)
    except Violation as violation:
        clear(made)
        say(f"round {number + 1} seed {seed}: BROKEN: {violation} (see {var}/up.log)")
        return False
    finally:
        sink.controller.stop()
    shutil.rmtree(var)
    say(f"round {number + 1} seed {seed}: {said}, {time.monotonic() - began:.0f} s: well")
    return True


def say(words: str) -> None:
    print(words, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
