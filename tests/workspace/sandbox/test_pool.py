"""Whatever a child does: its item is told why, the others get their answers, nothing is left."""

import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.workspace.sandbox.children import ItemStopped, Limits, NoAnswer
from config.workspace.sandbox.pool import ChildPool, PoolBusy

MODULE = "tests.workspace.sandbox.tasks"
ROOT = Path(__file__).resolve().parents[3]
QUICK = Limits(cpu_seconds=1, wall_seconds=2.0, total_seconds=60.0, wait_seconds=30.0)


@pytest.fixture
def pool():
    made = ChildPool(MODULE, size=2)
    yield made
    made.end_idle()


def said(answers):
    return [answer.why if isinstance(answer, ItemStopped) else answer for answer in answers]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(pid)


def test_what_one_item_does_costs_no_other(pool):
    answers = pool.run("act", None, ["a", "crash", "b", "allocate", "c", "hang", "d", "err"], QUICK)
    crashed, large, long, failed = (
        NoAnswer.CRASHED,
        NoAnswer.TOO_LARGE,
        NoAnswer.TOO_LONG,
        NoAnswer.FAILED,
    )
    assert said(answers) == ["a", crashed, "b", large, "c", long, "d", failed]
    assert "ValueError in " in answers[-1].detail
    assert "personal" not in answers[-1].detail


def test_answers_come_many_at_once_and_a_death_is_still_whose_it_was(pool):
    class Counted(socket.socket):
        reads = 0

        def recv_into(self, *given):
            Counted.reads += 1
            return super().recv_into(*given)

    pool.run("act", None, ["warm"], QUICK)
    child = pool.take()
    child._reader._link = Counted(fileno=child.link.detach())
    child.link = child._reader._link
    pool.give_back(child)
    items = [f"{number}" for number in range(2000)]
    assert said(pool.run("act", None, items, QUICK)) == items
    assert Counted.reads < 200, "not one for each"
    found = said(pool.run("act", None, [*items[:9], "crash", *items[9:]], QUICK))
    assert found == [*items[:9], NoAnswer.CRASHED, *items[9:]]


def test_computing_is_counted_by_the_kernel_and_not_tried_again(pool):
    patient = Limits(cpu_seconds=1, wall_seconds=300.0, total_seconds=300.0)
    began = os.times()
    answers = pool.run("act", None, ["a", "compute", "b"], patient)
    ended = os.times()
    assert said(answers) == ["a", NoAnswer.TOO_LONG, "b"]
    assert ended.children_user - began.children_user < 4, "once, and not much longer than allowed"


def test_each_item_has_all_of_its_computing_by_the_count_that_ends_it(pool):
    """What those before it computed takes nothing away, however the kernel counts that."""
    patient = Limits(cpu_seconds=2, wall_seconds=300.0, total_seconds=300.0)
    left = [n for _ in range(2) for n in pool.run("left", 0.5, [0] * 4, patient)]
    assert len(left) == 8 and all(1.5 < n <= 2.1 for n in left), left


def test_after_some_deaths_the_rest_is_not_tried_and_nothing_is_lost(pool):
    crashed, untried = NoAnswer.CRASHED, NoAnswer.NOT_TRIED
    answers = pool.run("act", None, [*["crash"] * 9, "a"], QUICK)
    assert said(answers) == [*[crashed] * 3, *[untried] * 7]
    assert said(pool.run("act", None, ["a"], QUICK)) == ["a"]


def test_the_time_of_a_whole_request_is_bounded_and_its_first_item_gets_an_answer(pool):
    short = Limits(cpu_seconds=1, wall_seconds=300.0, total_seconds=0.5)
    pool.run("act", None, ["warm"], QUICK)
    assert said(pool.run("act", None, ["stop", "a"], short)) == [
        NoAnswer.TOO_LONG,
        NoAnswer.NOT_TRIED,
    ]


def test_a_child_that_somebody_else_ended_costs_nobody_anything(pool, tmp_path):
    mark = tmp_path / "mark"
    mark.touch()
    assert pool.run("once", str(mark), ["a", "b"], QUICK) == ["a", "b"]
    for pid in pool.pids:
        os.kill(pid, 9)
        assert gone(pid)
    assert pool.run("act", None, ["a"], QUICK) == ["a"]


def test_a_child_sees_neither_connections_nor_secrets_nor_django(pool, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "a secret")
    (seen,) = pool.run("look", None, [None], QUICK)
    assert not {"SECRET_KEY", "DATABASE_URL", "HOME"} & set(seen["environment"])
    assert [name for name in seen["files"] if name.startswith("socket:")]
    sockets = {name for name in seen["files"] if name.startswith("socket:")}
    assert len(sockets) == 1, "the one to its parent"
    assert not seen["django"]


def test_threads_share_the_children_and_too_many_are_refused_at_once(pool):
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: tried(pool, n), range(80)))
    assert {answer for answer in found if answer is not None} <= set(range(80))
    assert sum(answer is not None for answer in found) >= 2
    assert len(pool.pids) <= pool.size
    busy = threading.Thread(target=pool.run, args=("act", None, ["hang"], QUICK))
    other = threading.Thread(target=pool.run, args=("act", None, ["hang"], QUICK))
    busy.start(), other.start()
    while pool._busy < pool.size:
        time.sleep(0.001)
    with pytest.raises(PoolBusy):
        pool.run("act", None, ["a"], Limits(wait_seconds=0.05))
    busy.join(), other.join()
    assert pool.run("act", None, ["a"], QUICK) == ["a"]


def tried(pool, number):
    try:
        return pool.run("act", None, [number], QUICK)[0]
    except PoolBusy:
        return None


def test_children_that_nobody_uses_are_ended(pool):
    pool.run("act", None, ["a"], QUICK)
    (pid,) = pool.pids
    pool.end_idle(3600)
    assert is_running(pid)
    pool.end_idle(0)
    assert gone(pid)


def test_a_thread_that_ends_takes_no_child_along(pool):
    thread = threading.Thread(target=pool.run, args=("act", None, ["a"], QUICK))
    thread.start(), thread.join()
    (pid,) = pool.pids
    assert pool.run("act", None, ["b"], QUICK) == ["b"]
    assert pool.pids == [pid]


PARENT = f"""
import os, sys
from config.workspace.sandbox.pool import ChildPool
from config.workspace.sandbox.children import Limits
pool = ChildPool({MODULE!r}, size=1)
pool.run("act", None, ["a"], Limits())
if os.fork() == 0:  # as the worker's own processes are made
    assert pool.pids == [] and pool.run("act", None, ["b"], Limits()) == ["b"]
    print(*pool.pids, flush=True)
    os.kill(os.getpid(), 9)
os.wait()
print(*pool.pids, flush=True)
pool.run("act", None, ["hang"], Limits(wall_seconds=3600, total_seconds=3600))
"""


def test_children_die_with_their_parent_also_amid_their_work():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    forked, own = int(parent.stdout.readline()), int(parent.stdout.readline())
    assert gone(forked), "it was the child of the fork, which is dead"
    assert is_running(own)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(own)
