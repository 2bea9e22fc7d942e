"""Passwords are hashed one at a time; who comes when too many wait is told, and not counted."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.urls import reverse

from config.settings import PASSWORD_HASHERS
from config.workspace.access import hashing
from config.workspace.access.hashing import MOST_WAITING, HashingBusy, Wall, WalledHasher
from config.workspace.health import counters
from config.workspace.models import User


@pytest.fixture
def walled(settings, monkeypatch):
    """The hasher of real installations, which does it all a thousand times faster."""
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS
    monkeypatch.setattr(WalledHasher, "iterations", 1000)
    monkeypatch.setattr(hashing, "wall", Wall(seconds=60))


@pytest.fixture
def full(walled):
    """A wall with one hash under way, which does not end, and as many waiting as may."""
    gate, began = threading.Event(), threading.Event()

    def hold():
        began.set()
        gate.wait(60)

    with ThreadPoolExecutor(1 + MOST_WAITING) as callers:
        held = [callers.submit(hashing.wall.run, hold) for _ in range(1 + MOST_WAITING)]
        assert began.wait(60)
        while hashing.wall._inside < 1 + MOST_WAITING:
            threading.Event().wait(0.01)
        yield
        gate.set()
        assert [one.result(60) for one in held] == [None] * len(held)


def test_a_hash_is_djangos_own_whoever_makes_it(walled, settings):
    made = make_password("secret words")
    assert made.startswith("pbkdf2_sha256$1000$")
    assert check_password("secret words", made)
    assert not check_password("other words", made)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    assert check_password("secret words", made)


def test_one_hash_runs_at_a_time_in_a_thread_that_steps_back():
    wall, inside, seen = Wall(most_waiting=7), threading.Semaphore(1), []

    def hash_something():
        assert inside.acquire(blocking=False), "two at a time"
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        threading.Event().wait(0.002)
        inside.release()

    with ThreadPoolExecutor(8) as callers:
        for one in [callers.submit(wall.run, hash_something) for _ in range(8)]:
            one.result(60)
    assert seen == [os.getpriority(os.PRIO_PROCESS, 0) + hashing.NICE] * 8


def test_what_waits_too_long_for_its_turn_is_let_go():
    wall, gate, began = Wall(seconds=0.01), threading.Event(), threading.Event()

    def hold():
        began.set()
        return gate.wait(60)

    with ThreadPoolExecutor(1) as caller:
        held = caller.submit(wall.run, hold)
        assert began.wait(60)
        with pytest.raises(HashingBusy):
            wall.run(hold)
        gate.set()
        assert held.result(60) is True, "what has begun is waited for"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_a_login_that_finds_the_wall_full_gets_a_page_that_says_so(client, full, name, settings):
    settings.AXES_ENABLED = True
    User(username="ada", password="pbkdf2_sha256$1000$salt$x").save()
    counters.forget()
    form = {"username": name, "password": "secret words"}
    page = client.post(reverse("admin:login"), form)
    assert page.status_code == 503
    assert int(page["Retry-After"]) > 0
    assert "Your password was not checked" in page.content.decode()
    assert counters.counted("turned_away_total") == {(("area", "login"), ("reason", "hashing")): 1}
    assert client.get(reverse("admin:login")).status_code == 200
