"""What runs Rapport elsewhere names what there is: files, queues, ports, versions."""

import re
from pathlib import Path

import pytest

from config import paths
from config.postgres import broker

ROOT = Path(paths.BASE_DIR)


def text(name: str) -> str:
    return (ROOT / name).read_text()


def test_the_image_installs_the_pinned_requirements_by_their_hashes():
    found = text("Dockerfile")
    assert "--require-hashes -r requirements/base.txt" in found
    assert re.search(r"FROM python:3\.1[123]-", found)
    for name in re.findall(r"python (\S+\.py)", found):
        assert (ROOT / name).exists()
    assert "USER rapport" in found


def test_the_services_work_every_queue_off_and_the_ports_agree():
    found = text("compose.yaml")
    assert set(re.findall(r"--queues, (\w+)", found)) == set(broker.QUEUES)
    assert "127.0.0.1:8000:8000" in found and '--port, "8000"' in found
    assert "EXPOSE 8000" in text("Dockerfile") and "--port 8000" in text("deploy/rapport.service")
    assert "config.rsgi:application" in found


@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", "BASE_URL"])
def test_what_has_to_be_set_is_asked_for(name):
    assert f"${{{name}:?}}" in text("compose.yaml")


def test_secrets_stay_out_of_the_image():
    assert {".env", "var", ".venv", ".git"} <= set(text(".dockerignore").split())
