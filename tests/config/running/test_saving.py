"""A backup in an empty place is the same installation; over data it goes only where said."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from config import paths
from config.postgres import server

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


def test_what_was_saved_is_the_same_installation_elsewhere(tmp_path):
    tmp_path.chmod(0o755)
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "kept.tar"
    try:
        assert manage(old, "migrate", "-v", "0").returncode == 0
        assert manage(old, "source", "create", "shop", "--kind", "server").returncode == 0
        (old / "archives").mkdir()
        (old / "archives" / "one.jsonl").write_text("{}\n")
        saved = manage(old, "backup", str(file), "--with-keys")
        assert saved.returncode == 0, saved.stderr
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

        file.write_bytes(file.read_bytes()[:700])
        damaged = manage(new, "restore", str(file), "--over-data")
        assert damaged.returncode == 1 and damaged.stderr.count("\n") == 1, damaged.stderr
        assert counts(new) == counts(old), "nothing was taken away for it"
    finally:
        for var in (old, new):
            server.stop(var)
