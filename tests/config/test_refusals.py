"""What stands in the way from outside is said in one sentence, and a fault of ours stays one."""

import errno
import os
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import psycopg
import pytest
from django.core.management.base import CommandError
from django.db.utils import OperationalError

from config import disk, paths, refusals
from config.environment import BadSetting, Environment
from config.postgres import server
from config.running.taking_over import ensure_free

HERE = "DATABASE_URL: the server of x@db/shop"


def wrapped(cause: BaseException) -> OperationalError:
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('FATAL:  password authentication failed for user "x"', "check user and password"),
        ('FATAL:  database "shop" does not exist', "create it"),
        ("failed to resolve host 'db'", "nobody knows"),
        ("connection timeout expired", "firewall"),
        ("connection failed: something new", "cannot be reached"),
    ],
)
def test_a_connection_that_fails_is_said_with_its_remedy(words, said):
    found = refusals.in_words(wrapped(psycopg.OperationalError(words)), "/var/x", HERE)
    assert found.startswith(HERE) and said in found and "\n" not in found


def test_a_missing_right_and_a_full_disk_are_said():
    lacks = psycopg.errors.InsufficientPrivilege("permission denied for schema public")
    assert "lacks a right" in refusals.in_words(wrapped(lacks), "/var/x", HERE)
    full = psycopg.errors.DiskFull("could not extend file")
    assert "make room" in refusals.in_words(wrapped(full), "/var/x", HERE)


def test_a_file_of_ours_is_said_and_any_other_is_not():
    denied = OSError(errno.EACCES, "Permission denied", "/var/x/mail")
    assert refusals.in_words(denied, "/var/x", HERE).startswith("/var/x/mail may not be used")
    elsewhere = OSError(errno.EACCES, "Permission denied", "/etc/shadow")
    assert refusals.in_words(elsewhere, "/var/x", HERE) == ""
    assert refusals.in_words(ValueError("a fault of ours"), "/var/x", HERE) == ""


@pytest.mark.parametrize("command", ["migrate", "drain", "up"])
def test_a_command_whose_database_is_not_there_ends_in_one_line(tmp_path, command):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        url = f"postgres://x:hidden@127.0.0.1:{nobody.getsockname()[1]}/shop"
        environment = {**os.environ, "DATABASE_URL": url, "VAR_DIR": str(tmp_path)}
        environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
        ended = subprocess.run(
            [sys.executable, "manage.py", command, *(["--port", "0"] if command == "up" else [])],
            cwd=paths.BASE_DIR, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert "does not listen there" in ended.stderr and "hidden" not in ended.stderr


@pytest.mark.parametrize("line", ["BASE_URL https://x", "just words", "=x"])
def test_a_line_of_env_that_says_nothing_is_refused(tmp_path, line):
    file = tmp_path / ".env"
    file.write_text(f"# a comment\n\nexport A=1\n{line}\n")
    with pytest.raises(BadSetting, match="line 4 is neither"):
        Environment().read_file(file)


def test_where_up_cannot_listen_it_says_why():
    with socket.socket(socket.AF_INET6) as taken:
        taken.bind(("::1", 0))
        taken.listen()
        with pytest.raises(CommandError, match="is taken"):
            ensure_free("::1", taken.getsockname()[1])
    ensure_free("::", 0)
    ensure_free("0.0.0.0", 0)  # noqa: S104 - nothing listens
    with pytest.raises(CommandError, match="no address of this machine"):
        ensure_free("192.0.2.1", 8000)
    with pytest.raises(CommandError, match="is no address"):
        ensure_free("no such host", 8000)


def test_a_new_database_is_not_begun_without_room(tmp_path, monkeypatch):
    free = SimpleNamespace(free=48 * disk.MEGABYTE)
    monkeypatch.setattr(server.shutil, "disk_usage", lambda path: free)
    with pytest.raises(server.ServerError, match=r"needs 256 MB.* has 48 MB"):
        server._create(server._Place(tmp_path, tmp_path / "run"), None, None)


def test_a_server_of_ours_that_ended_for_want_of_room_is_said_so(tmp_path, monkeypatch):
    full = disk.Space("data", free_bytes=0)
    monkeypatch.setattr(disk, "trouble", lambda var, embedded: full)
    missed = wrapped(psycopg.OperationalError("connection failed: Connection refused"))
    assert "the disk is full" in refusals._of_the_disk(missed, tmp_path, True)
    assert refusals._of_the_disk(missed, tmp_path, False) == ""
    assert refusals._of_the_disk(ValueError("a fault of ours"), tmp_path, True) == ""


INTERRUPTED = """
import os, signal, sys
class Reads:
    def find_spec(self, name, path=None, target=None):
        if name == "django.core.management":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Reads())
signal.signal(signal.SIGINT, signal.default_int_handler)
import manage
manage.main()
"""


def test_ctrl_c_while_modules_are_read_says_nothing():
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        cwd=paths.BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")
