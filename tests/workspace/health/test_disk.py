"""A disk that has no room is named, with what is left of it, before it is full and after."""

import os
import time
from types import SimpleNamespace

import pytest
from django.test import Client

from config import disk
from config.console import health_words
from config.workspace.health import restarts, status
from config.workspace.health.status import HealthLevel

pytestmark = pytest.mark.django_db
MB = 1024 * 1024


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def left(monkeypatch):
    """Say what the file system has left."""

    def say(megabytes: int, files: int = 1_000_000, flag: int = 0) -> None:
        found = SimpleNamespace(
            f_bavail=megabytes, f_frsize=MB, f_favail=files, f_files=2_000_000, f_flag=flag
        )
        monkeypatch.setattr(disk.os, "statvfs", lambda _: found)
        status.forget()

    return say


@pytest.mark.parametrize(
    ("given", "level", "title", "words"),
    [
        ((900,), HealthLevel.BEHIND, "The disk is nearly full", "900 MB are left"),
        ((5000, 9000), HealthLevel.BEHIND, "The disk is nearly full", "9,000 files may"),
        ((12,), HealthLevel.FAILING, "The disk is full", "12 MB are left"),
        ((5000, 3), HealthLevel.FAILING, "The disk is full", "3 files may still be made"),
        ((5000, 1_000_000, os.ST_RDONLY), HealthLevel.FAILING, "The disk is full", "read-only"),
    ],
)
def test_too_little_room_is_a_fault_with_its_figure(left, given, level, title, words):
    left(5000)
    assert status.current().unit("disk") is None
    left(*given)
    unit = status.current().unit("disk")
    assert (unit.level, health_words.title(unit)) == (level, title)
    assert words in health_words.said(unit)
    answer = Client().get("/health/ready")
    assert answer.status_code == (503 if level == HealthLevel.FAILING else 200)


def test_without_a_database_a_full_disk_is_named_as_the_reason(left, monkeypatch):
    left(0)
    monkeypatch.setattr("config.running.health.probe.ask", lambda: (None, "connection refused"))
    answer = Client().get("/health/ready").json()
    assert (answer["unit"], answer["reason"]) == ("disk", "the disk is full (0 MB left)")
    assert [one["unit"] for one in answer["failing"]] == ["disk", "database"]
    left(5000)
    assert Client().get("/health/ready").json()["unit"] == "database"


def test_the_figures_tell_room_and_restarts(folder, left, settings):
    settings.BASE_URL = "http://127.0.0.1:8000"
    left(900, 1000)
    restarts.write(folder, {"web": restarts.Process({"silent": 2, "ended": 1}, "x", ())})
    text = Client().get("/metrics").content.decode()
    assert f'rapport_disk_free_bytes{{place="data"}} {900 * MB}' in text
    assert 'rapport_disk_free_files{place="data"} 1000' in text
    assert 'rapport_process_restarts_total{process="web",reason="silent"} 2' in text


def test_a_process_that_ends_again_and_again_is_a_fault_with_its_reason(folder):
    now = time.time()
    ended = restarts.Process({"ended": 2}, "ended (-9)", (now - 2, now - 1))
    restarts.write(folder, {"web": ended})
    assert status.current().unit("processes") is None
    status.forget()
    restarts.write(folder, {"web": restarts.Process({"ended": 3}, "ended (-9)", (*ended.at, now))})
    unit = status.current().unit("processes")
    assert unit.level == HealthLevel.BEHIND
    assert health_words.said(unit).startswith("web was started again 3 times in ten minutes")


def test_a_folder_that_is_gone_is_named(folder, settings):
    settings.VAR_DIR = folder / "gone"
    assert disk.in_english(disk.trouble(settings.VAR_DIR)) == "VAR_DIR is gone"
