"""kill -9 at random over all processes of an installation: nothing lost, doubled or left behind.

`make soak` runs 20 rounds; `make soak ARGS="--rounds 2 --events 2000 --mails 300"` takes a few
minutes; `--seed N --rounds 1` repeats a round's kills. In each round `manage.py up` runs a fresh
copy of one installation, clients send events as SDKs do (again, with the same ids, until they are
told 200), a campaign sends to an SMTP server that counts, and processes are killed: web server,
workers, PostgreSQL and its backends, the supervisor, `up` in its first seconds, and children that
write mails, amid that. Then it must come to rest by itself: accepted equals stored, no mail twice,
everyone of the audience accounted for, and after TERM no process, no lock and no half file of it.
"""

import argparse
import fcntl
import http.client
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.scale.soak_counts import LEFT, Clients, Sink, Violation, account
from tests.scale.soak_installation import Installation, clear, command_of
from tests.scale.soak_kills import AT_START, LEAST_RENDER, RENDER, RENDERER, STOP_SECONDS, Killer

LOOPS = 300  # in a mail: some milliseconds of rendering, so that it can be met
CALM_SECONDS = 400.0  # to come to rest after the last kill
SET_UP = """
import django; django.setup()
from config.workspace.digests import key_digest
from profiles.models import Source
from tests.campaigns.builders import HTML, make_campaign
from tests.campaigns.delivery.test_killed_worker import make_audience
Source.objects.create(name="sdk", kind="server", write_key_digest=key_digest("sdk-write-key"))
long = "{{% for n in (1..{loops}) %}}{{{{ first_name | upcase | append: n }}}} {{% endfor %}}"
content = {{"subject": "Tents", "html": HTML.replace("<p>", f"<p>{{long}}", 1)}}
make_campaign(make_audience({mails}), step={{"content": content}})
"""
LAUNCH = """
import django; django.setup()
from campaigns.models import Campaign
from campaigns.services.launching import launch
launch(Campaign.objects.get())
"""


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


def play(made: Installation, sink: Sink, seed: int, given: argparse.Namespace) -> str:
    """One round; what it came to. Raises Violation."""
    made.start()
    killer = Killer(made, seed)
    clients = Clients(made.port, given.events, given.seconds)
    launching = threading.Thread(target=launch, args=[made], daemon=True)
    launching.start()
    killer.hunt.start()
    killer.run(given.seconds)
    made.keep_up()
    wait_for("the events are taken", CALM_SECONDS,
             lambda: made.keep_up() or not any(t.is_alive() for t in clients.threads))  # fmt: skip
    launching.join(CALM_SECONDS)
    wait_for("all is worked off", CALM_SECONDS, lambda: set(made.rows(LEFT)[0]) == {0})
    killer.over.set()
    killer.hunt.join()
    said = account(made.rows, sink, given.events, clients.accepted, given.mails)
    if killer.kills[RENDER] < LEAST_RENDER:  # the round would prove less than it says
        raise Violation(f"only {killer.kills[RENDER]} killed amid rendering")
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
    made = Installation(template, Sink().url)
    made.manage("migrate", "--verbosity=0")
    if made.python(SET_UP.format(mails=mails, loops=LOOPS)):
        raise SystemExit((template / "up.log").read_text())
    made.manage("dbserver", "stop")


def one(home: Path, template: Path, number: int, given: argparse.Namespace) -> bool:
    """One round and its line; whether all went well."""
    seed, var, began = given.seed + number, home / f"round-{given.seed + number}", time.monotonic()
    shutil.rmtree(var, ignore_errors=True)
    subprocess.run(["cp", "-a", str(template), str(var)], check=True)
    sink = Sink()
    made = Installation(var, sink.url)
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
