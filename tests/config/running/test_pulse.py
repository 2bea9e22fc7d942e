"""A worker whose processes take no work any more is told from one that has none."""

import os

import pytest

from config.running import pulse


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def felt(clock):
    return pulse.Pulse(clock)


def tick(felt, clock, seconds: float, pids, works: bool) -> bool:
    """Tick for so long; whether it was found deaf."""
    for _ in range(int(seconds)):
        clock.now += 1
        if works:
            felt.began()
        if felt.is_deaf(pids):
            return True
    return False


def test_one_that_works_is_well_whoever_of_its_processes_comes_and_goes(felt, clock):
    for pids in ([1, 2], [2, 3], [4, 5]):
        assert not tick(felt, clock, 400, pids, works=True)


def test_after_a_lost_process_no_work_for_some_seconds_is_deafness(felt, clock):
    assert not tick(felt, clock, 100, [1, 2], works=False)  # it had none: no sign by itself
    assert not tick(felt, clock, pulse.SUSPECT_SECONDS - 1, [2, 3], works=False)
    assert tick(felt, clock, 3, [2, 3], works=False)


def test_work_that_is_taken_after_the_loss_is_the_all_clear(felt, clock):
    tick(felt, clock, 1, [1, 2], works=True)
    assert not tick(felt, clock, 5, [2, 3], works=False)
    assert not tick(felt, clock, 1, [2, 3], works=True)
    assert not tick(felt, clock, pulse.SILENT_SECONDS - 5, [2, 3], works=False)


def test_no_work_for_longer_than_any_run_may_take_is_deafness(felt, clock):
    assert tick(felt, clock, pulse.SILENT_SECONDS + 2, [1, 2], works=False)


def test_with_the_database_away_nobody_can_take_work(felt, clock):
    tick(felt, clock, 1, [1, 2], works=True)
    tick(felt, clock, 1, [2, 3], works=False)
    clock.now += 1000
    felt.excuse()
    assert not tick(felt, clock, pulse.SUSPECT_SECONDS - 1, [2, 3], works=False)
    assert tick(felt, clock, 3, [2, 3], works=False)


def test_a_forked_process_is_heard_and_a_full_pipe_stops_nobody(felt, clock):
    felt.is_deaf([1])
    if os.fork() == 0:
        for _ in range(100_000):
            felt.began()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
    clock.now += pulse.SILENT_SECONDS
    assert not felt.is_deaf([1])
