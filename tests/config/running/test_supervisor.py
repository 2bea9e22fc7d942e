"""The supervisor with real processes: whatever happens to whom, and when, nothing stays behind."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import paths
from config.running import leftovers, supervisor, watchdog
from config.running.children import Web, Worker
from config.workspace.health import restarts

# deaf to TERM, INT and HUP as a web server is while it loads; so is its child, in a session of
# its own, which does not care for its parent
DEAF = """
import os, signal, sys, time
from pathlib import Path
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    Path(sys.argv[1], f"child.{os.getppid()}.{os.getpid()}").touch()
time.sleep(600)
"""
PATIENCE = 60


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def _heard() -> None:
    """Under nohup the tests would hand on an ignored HUP, and `up` leaves that ignored."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def run(tmp_path):
    """Starts a supervisor of these commands; kills everything at the end."""
    started = []

    def running(commands, var=tmp_path, port=1, preexec_fn=None) -> subprocess.Popen:
        plan = supervisor.RunPlan(
            commands=commands, url="", port=port, var=str(var), words=["ready"]
        )
        handle = supervisor_plan(plan)
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "config.running.supervisor", str(handle)],
                cwd=paths.BASE_DIR, pass_fds=[handle], stdout=subprocess.PIPE, text=True,
                preexec_fn=preexec_fn or _heard,  # noqa: PLW1509 - pytest has no threads here
            )
        )  # fmt: skip
        os.close(handle)
        return started[-1]

    yield running
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
    for folder in (tmp_path, *tmp_path.iterdir()):
        leftovers.clear(folder)


def supervisor_plan(plan: supervisor.RunPlan) -> int:
    handle = os.memfd_create("plan", 0)
    os.write(handle, json.dumps(plan.__dict__).encode())
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


def family(var: Path) -> tuple[int, int]:
    """The numbers of a deaf process and its child, once they are deaf."""
    (file,) = wait_for(lambda: list(var.glob("child.*")))
    file.unlink()
    parent, child = file.name.split(".")[1:]
    return int(parent), int(child)


def deaf(var: Path) -> dict[str, list[str]]:
    return {"web": [sys.executable, "-c", DEAF, str(var)]}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_the_web_server_loads_ends_all_of_it(run, tmp_path, number):
    process = run(deaf(tmp_path))
    parent, child = family(tmp_path)
    process.send_signal(number)
    assert process.wait(supervisor.TERM_SECONDS - 1) == 0  # nothing is waited for
    assert not lives(parent)
    assert not lives(child)


def test_a_signal_that_came_before_the_supervisor_could_hear_it_is_heard(run, tmp_path):
    def signalled():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # as `up` leaves it
        os.kill(os.getpid(), signal.SIGTERM)

    process = run(deaf(tmp_path), preexec_fn=signalled)
    assert process.wait(PATIENCE) == 0
    assert process.stdout.read() == "stopped\n"
    assert leftovers.processes(tmp_path) == []


def test_a_second_ctrl_c_ends_the_waiting_for_a_deaf_worker(run, tmp_path):
    process = run({"worker": deaf(tmp_path)["web"]})
    _parent, child = family(tmp_path)
    began = time.monotonic()
    while process.poll() is None:  # two at the same moment are one
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    assert process.returncode == 0
    assert time.monotonic() - began < supervisor.TERM_SECONDS
    assert not lives(child)


def test_a_process_that_cannot_start_ends_it_all_in_words(run):
    fails = [sys.executable, "-c", "import sys; sys.exit('the broker lets nobody in')"]
    process = run(
        {"worker": fails, "mailbox": [sys.executable, "-c", "import time; time.sleep(600)"]}
    )
    assert process.wait(PATIENCE) == 1
    said = process.stdout.read().splitlines()
    assert said[-2] == (
        f"worker cannot start (ended (1), {supervisor.TRIES} times): what it wrote above says why. "
        "Mend that and start again."
    )
    assert said[-1] == "stopped"
    assert "ready" not in said


def test_one_that_is_killed_or_has_begun_is_started_again_for_ever(tmp_path):
    worker = Worker(
        "worker", [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], tmp_path
    )
    for _ in range(supervisor.TRIES + 1):
        worker.due_at = 0.0
        worker.keep_running(1.0)
        worker.process.wait()
        worker.keep_running(2.0)
    assert worker.in_vain == 0
    worker.command, worker.has_begun = [sys.executable, "-c", "raise SystemExit(3)"], True
    worker.due_at = 0.0
    worker.keep_running(3.0)
    worker.process.wait()
    worker.keep_running(4.0)
    assert worker.in_vain == 0
    worker.beats.close()


def test_what_a_killed_supervisor_leaves_is_cleared_and_nobody_elses(run, tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "ours-too"
    ours.mkdir()
    theirs.mkdir()
    mine, other = run(deaf(ours), ours), run(deaf(theirs), theirs)
    parent, child = family(ours)
    others = family(theirs)
    mine.kill()
    mine.wait()
    wait_for(lambda: not lives(parent))  # by the kernel, deaf or not
    assert leftovers.processes(ours) == [child]
    assert leftovers.clear(ours) == 1
    assert leftovers.clear(ours) == 0
    assert not lives(child)
    assert other.poll() is None
    assert all(map(lives, others))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has other users at hand")
def test_a_process_of_another_user_is_left_alone_whatever_mark_it_carries(tmp_path):
    nobody = paths.service_user()
    process = subprocess.Popen(
        ["sleep", "600"],
        env=leftovers.marked(tmp_path),
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
    )
    try:
        wait_for(lambda: b"sleep" in Path(f"/proc/{process.pid}/cmdline").read_bytes())
        assert leftovers.processes(tmp_path) == []
        assert leftovers.clear(tmp_path) == 0
        assert not leftovers.kill(process.pid, tmp_path)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_a_child_whose_parent_was_killed_is_ended_before_the_next_one_starts(run, tmp_path):
    process = run(deaf(tmp_path))
    parent, child = family(tmp_path)
    os.kill(parent, signal.SIGKILL)
    wait_for(lambda: not lives(child))
    again, _ = family(tmp_path)
    assert again != parent
    assert process.poll() is None
    wait_for(lambda: restarts.read(tmp_path))
    assert restarts.read(tmp_path)["web"].restarts == {"ended": 1}


def test_a_process_whose_parent_died_before_it_could_ask_for_its_end_ends(tmp_path):
    orphan = """
import os, sys
from pathlib import Path
from config.running import leftovers
reading, writing = os.pipe()
if os.fork():
    os._exit(0)
os.close(writing)
os.read(sys.stdin.fileno(), 1)
leftovers.end_with_parent()
Path(sys.argv[1], "survived").touch()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", orphan, str(tmp_path)], stdin=subprocess.PIPE, cwd=paths.BASE_DIR,
        env=leftovers.marked(tmp_path), start_new_session=True,
    )  # fmt: skip
    process.wait(PATIENCE)
    (left,) = leftovers.processes(tmp_path)
    process.stdin.write(b"x")
    process.stdin.close()
    wait_for(lambda: not lives(left))
    assert not (tmp_path / "survived").exists()


def test_half_files_of_the_dead_are_removed_and_nothing_else(tmp_path):
    (tmp_path / "mailbox").mkdir()
    (tmp_path / "unsettled").mkdir()
    mail = f"{1:020d}-{'a' * 16}"
    gone, kept = [
        ".worker.json.999999999", ".secret_key.999999999", f"mailbox/.{mail}",
        "unsettled/.a.json.999999999",
    ], [
        f".worker.json.{os.getpid()}", "worker.json", f"mailbox/{mail}.eml", ".env", "notes.1",
        f"unsettled/.b.json.{os.getpid()}", "unsettled/c.json",
    ]  # fmt: skip
    for name in gone + kept:
        (tmp_path / name).touch()
    leftovers.clear_files(tmp_path)
    assert {name for name in gone + kept if (tmp_path / name).exists()} == set(kept)


def test_what_the_system_denies_just_now_ends_no_supervisor(tmp_path, monkeypatch, capsys):
    made = supervisor.Supervisor(
        supervisor.RunPlan(commands={"worker": ["true"]}, url="", port=1, var=str(tmp_path),
                        database=str(tmp_path))
    )  # fmt: skip
    (worker,) = made.children

    def denied(*_, **__):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    with monkeypatch.context() as broken:
        for owner, name in ((subprocess, "Popen"), (os, "pipe2")):
            broken.setattr(owner, name, denied)
            tries = []
            for second in range(1, 101):
                made._look_around(float(second))
                if second >= worker.due_at:
                    tries.append(second)
                made._watch(worker, float(second), slept=False)
            worker.due_at = 0.0
            assert len(tries) <= 15
    said = capsys.readouterr().out
    assert said.count("cannot be looked at") == 1
    assert said.count("worker cannot be started") <= 30
    made._watch(worker, 200.0, slept=False)
    assert worker.is_running() or worker.process.returncode == 0
    worker.kill_group()


# --- the watchdog -------------------------------------------------------------------------------

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *words): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def web(tmp_path, port):
    made = Web("web", [sys.executable, "-c", SERVER, str(port)], tmp_path, "127.0.0.1", port)
    made.start(0.0)
    yield made
    made.kill_group()


def until_answered(web: Web, now: float) -> None:
    wait_for(lambda: web.look(now, False) or web.patience.answered)


def silence(child, begin: float, seconds: float) -> float:
    """Look for so long, on a clock of ours; when it was ended."""
    now = begin
    while now < begin + seconds and child.process is not None:
        now += 2.0
        child.look(now, False)
        time.sleep(0.001)
    return now - begin


def test_a_web_process_that_answers_no_more_is_replaced_within_bounds(web):
    until_answered(web, 1.0)
    os.kill(web.process.pid, signal.SIGSTOP)
    stopped = web.process.pid
    took = silence(web, 1.0, 600)
    bound = watchdog.SILENT_SECONDS["web"]
    assert bound <= took <= bound + 4 * watchdog.ANSWER_SECONDS
    assert not lives(stopped)
    assert web.restarts == {"silent": 1}
    web.keep_running(1000.0)
    until_answered(web, 1001.0)


def test_one_that_answers_is_left_alone_and_a_silence_of_ours_is_no_silence_of_its(web):
    until_answered(web, 1.0)
    for now in range(2, 300, 10):
        web.look(float(now), False)
        wait_for(lambda now=now: web.question is None or web.look(float(now), False))
    os.kill(web.process.pid, signal.SIGSTOP)
    web.look(10_000.0, True)  # the machine slept
    assert web.process is not None
    assert silence(web, 10_000.0, watchdog.SILENT_SECONDS["web"] - 4) > 30
    assert web.process is not None


def test_one_that_is_replaced_again_and_again_gets_ever_more_time(tmp_path, port):
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    web = Web("web", command, tmp_path, "127.0.0.1", port)
    took, now = [], 0.0
    for _ in range(5):
        web.keep_running(now)
        took.append(round(silence(web, now, 1e6)))
        now += 1e6
    web.kill_group()
    start = watchdog.START_SECONDS["web"]
    for factor, seconds in zip((1, 2, 4, 8, 8), took, strict=True):
        assert factor * start <= seconds <= factor * start + 40


BEATING = """
import os, sys
from pathlib import Path
from config.workspace.health import alive
alive.beat()
sys.stdin.read()
"""


def test_a_worker_that_ticks_no_more_is_replaced_and_one_that_never_did_is_not(tmp_path):
    silent = Worker("worker", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path)
    ticking = Worker("worker", [sys.executable, "-c", BEATING + "import time; time.sleep(60)"],
                     tmp_path)  # fmt: skip
    try:
        for worker in (silent, ticking):
            worker.start(0.0)
        wait_for(lambda: ticking.look(1.0, False) or ticking.patience.answered)
        bound = watchdog.SILENT_SECONDS["worker"]
        assert bound <= silence(ticking, 1.0, 1e4) <= bound + 20
        assert ticking.restarts == {"silent": 1}
        silence(silent, 1.0, 1e4)
        assert silent.restarts == {}
    finally:
        silent.kill_group()
        ticking.kill_group()


HANGING = """
import sys, time
from pathlib import Path
def hangs_here():
    Path(sys.argv[1], "hangs").touch()
    time.sleep(600)
hangs_here()
"""


def test_where_it_hung_is_written_before_it_is_killed(tmp_path, port, capfd):
    web = Web("web", [sys.executable, "-c", HANGING, str(tmp_path)], tmp_path, "127.0.0.1", port)
    web.start(0.0)
    wait_for((tmp_path / "hangs").exists)
    silence(web, 0.0, 1e4)
    assert web.restarts == {"silent": 1}
    assert "in hangs_here" in capfd.readouterr().err


def test_restarts_of_late_are_told_from_those_of_long_ago(tmp_path):
    now = 1_000_000.0
    restarts.write(tmp_path, {
        "web": restarts.Process({"silent": 3}, "x", (now - 30, now - 20, now - 10)),
        "worker": restarts.Process({"ended": 3}, "y", (now - 3000, now - 20, now - 10)),
    })  # fmt: skip
    assert set(restarts.lately(tmp_path, now)) == {"web"}
    (tmp_path / "supervisor.json").write_text("{")
    assert restarts.read(tmp_path) == {}
