"""A backup in an empty place is the same installation; over data it goes only where said."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import psycopg
import pytest

from config import paths
from config.postgres import server
from config.running.saving import Backup
from tests.profiles.installation import begin, end

pytestmark = pytest.mark.slow
COUNTS = """
    SELECT (SELECT count(*) FROM source), (SELECT count(*) FROM audit_entry),
           (SELECT count(*) FROM django_migrations),
           (SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'),
           (SELECT count(*) FROM information_schema.role_table_grants
            WHERE grantee LIKE 'rapport_%'),
           (SELECT count(*) FROM pgmq.meta)
"""


def manage(var: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VAR_DIR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"}
    for name in ("DATABASE_URL", "SECRET_KEY", "SECRETS_KEY"):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=paths.BASE_DIR, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def counts(var: Path) -> tuple[int, ...]:
    place = str(paths.socket_dir(var))
    with psycopg.connect(host=place, user=server.ROLE, dbname=server.DATABASE) as connection:
        return connection.execute(COUNTS).fetchone()


def _spoil_the_rows(file: Path) -> None:
    """The last third of the dump is noughts, as on a disk that was full; its contents are whole."""
    with tarfile.open(file) as tar:
        dump = tar.getmember("database.dump")
    with file.open("r+b") as opened:
        opened.seek(dump.offset_data + dump.size * 2 // 3)
        opened.write(bytes(dump.size // 3))


def test_neither_a_key_nor_a_path_comes_with_the_files_of_a_backup(tmp_path, settings):
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir()
    with tarfile.open(tmp_path / "made.tar", "w") as tar:
        names = ("archives/one.jsonl", "secrets_key.txt", "archives/../secret_key.txt", "../out")
        for name in (*names, "archives/../../out", "postgres/PG_VERSION", ""):
            tar.addfile(tarfile.TarInfo(f"files/{name}"))
        link = tarfile.TarInfo("files/media")
        link.type, link.linkname = tarfile.SYMTYPE, "."
        tar.addfile(link)
    with tarfile.open(tmp_path / "made.tar") as tar:
        assert Backup(tar, tmp_path, {"keys": {}}).restore_files() == 1
    assert [one.name for one in settings.VAR_DIR.rglob("*")] == ["archives", "one.jsonl"]
    assert not (tmp_path / "out").exists()


def test_what_was_saved_is_the_same_installation_elsewhere(tmp_path):
    tmp_path.chmod(0o755)
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "kept.tar"
    try:
        begin(old)
        assert manage(old, "source", "create", "shop", "--kind", "server").returncode == 0
        (old / "archives").mkdir()
        (old / "archives" / "one.jsonl").write_text("{}\n")
        saved = manage(old, "backup", str(file), "--with-keys")
        assert saved.returncode == 0, saved.stderr
        assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
        assert file.stat().st_mode & 0o777 == 0o600
        assert "already" in manage(old, "backup", str(file)).stderr

        restored = manage(new, "restore", str(file))
        assert restored.returncode == 0, restored.stderr
        assert "go on working" in restored.stdout
        assert counts(new) == counts(old)
        assert (new / "archives" / "one.jsonl").read_text() == "{}\n"
        assert (new / "secrets_key.txt").read_text() == (old / "secrets_key.txt").read_text()

        again = manage(new, "restore", str(file))
        assert again.returncode == 1 and "--over-data" in again.stderr
        assert manage(new, "restore", str(file), "--over-data").returncode == 0
        assert counts(new) == counts(old)

        _spoil_the_rows(file)
        damaged = manage(new, "restore", str(file), "--over-data")
        assert damaged.returncode == 1 and "damaged" in damaged.stderr, damaged.stderr
        assert counts(new) == counts(old), "what was there is there"

        file.write_bytes(file.read_bytes()[:700])
        damaged = manage(new, "restore", str(file), "--over-data")
        assert damaged.returncode == 1 and damaged.stderr.count("\n") == 1, damaged.stderr
        assert counts(new) == counts(old), "nothing was taken away for it"
    finally:
        for var in (old, new):
            end(var)
