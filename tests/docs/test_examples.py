"""Examples of the documentation, run as they stand, page by page, against a live server.

Right above a block stands what becomes of it: `run` (in bash or Python, with RAPPORT, WRITE_KEY and
API_KEY set), `run, then drain`, `run: first` (lines that all later ones of the page begin with),
`run: refused` (whose answer is an error), `answers` (what the call before it answered with last,
at least, "..." being anything), or `not run: REASON`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from standardwebhooks.webhooks import Webhook

from tests.api.conftest import stranger  # noqa: F401 - a fixture
from tests.docs.pages import DOCS, Block, blocks, table

RUNNING = ("sh", "python")
# the languages of blocks that somebody might copy; others are pictures and lists
LANGUAGES = {*RUNNING, "bash", "js", "json", "liquid", "yaml", "nginx", "html", "django", "sql"}
KNOWN = re.compile(
    r"run(, then drain|: first|: refused|: data|: webhook|: alerts|: rule)?|answers|gives"
    r"|not run: .{8,}"
)
PAGES = sorted(
    page
    for page in DOCS.rglob("*.md")
    if any(one.kind in RUNNING and one.said in ("run", "run, then drain") for one in blocks(page))
)
SHELL = 'set -euo pipefail\ncurl() {{ command curl -sS {failing} "$@"; }}\n'


ELSEWHERE = DOCS / "integrators" / "rules.md"  # tests/segments/test_documenting.py asks all of it


@pytest.mark.parametrize(
    "page", sorted({*DOCS.rglob("*.md")} - {ELSEWHERE}), ids=lambda one: one.stem
)
def test_of_every_example_it_is_said_whether_it_is_run(page):
    asked = [one for one in blocks(page) if one.kind in LANGUAGES]
    assert [one.place for one in asked if not KNOWN.fullmatch(one.said)] == []


def ran(block: Block, first: str, environment: dict[str, str], folder: Path) -> str:
    """What it prints. Fails where it ends with another code than 0."""
    if block.kind == "python":
        command = [sys.executable, "-c", block.text]
    else:
        failing = "" if block.said == "run: refused" else "--fail-with-body"
        command = ["bash", "-c", SHELL.format(failing=failing) + first + block.text]
    done = subprocess.run(
        command, env=os.environ | environment, cwd=folder, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{block.place}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def last_value(text: str) -> Any:
    """The last JSON value of those that stand one behind the other."""
    decoder, at, value = json.JSONDecoder(), 0, None
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return value


def holds(expected: Any, found: Any) -> bool:
    """Whether `found` has at least what is expected of it."""
    if expected == "...":
        return True
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(
            key in found and holds(value, found[key]) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(expected) == len(found)
            and all(holds(*pair) for pair in zip(expected, found, strict=True))
        )
    return bool(expected == found)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not on this machine")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_run_as_they_stand(page, stranger, live_server, tmp_path):  # noqa: F811
    environment = {
        "RAPPORT": live_server.url,
        "WRITE_KEY": stranger.write_key,
        "API_KEY": stranger.http.headers["Authorization"].removeprefix("Bearer "),
    }
    first = printed = ""
    for block in blocks(page):
        if block.said == "answers":
            found = last_value(printed)
            assert holds(json.loads(block.text), found), (block.place, found)
        elif block.said == "run: first":
            first += block.text
        elif block.said.startswith("run") and block.kind in RUNNING:
            printed = ran(block, first, environment, tmp_path)
            if block.said.endswith("drain"):
                stranger.drain()


def test_the_check_of_a_signature_takes_ours_and_no_other():
    (block,) = [
        one for one in blocks(DOCS / "integrators" / "webhooks.md") if one.said == "run: webhook"
    ]
    names: dict[str, Any] = {}
    exec(block.text, names)
    is_ours = names["is_ours"]
    secret, body = "whsec_" + "c2VjcmV0IG9mIGEgdGVzdA==", b'{"type": "webhook.ping"}'
    import datetime  # noqa: PLC0415

    now = datetime.datetime.now(tz=datetime.UTC)
    signed = Webhook(secret).sign("msg_1", now, body.decode())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": f"v1,AAAA {signed}",
    }
    assert is_ours(secret, headers, body)
    assert not is_ours(secret, headers, body + b" ")
    assert not is_ours("whsec_b3RoZXI=", headers, body)
    assert not is_ours(secret, headers | {"webhook-id": "msg_2"}, body)
    old = now - datetime.timedelta(minutes=6)
    signed = Webhook(secret).sign("msg_1", old, body.decode())
    late = {"webhook-timestamp": str(int(old.timestamp())), "webhook-signature": signed}
    assert not is_ours(secret, headers | late, body)


def test_alarms_ask_for_figures_that_there_are():
    page = DOCS / "operators" / "monitoring.md"
    (block,) = [one for one in blocks(page) if one.said == "run: alerts"]
    rules = [rule for group in yaml.safe_load(block.text)["groups"] for rule in group["rules"]]
    named = {name for rule in rules for name in re.findall(r"\brapport_\w+", rule["expr"])}
    known = {
        f"rapport_{name}" for row in table("operators/monitoring.md", "of code: figures")
        for name in re.findall(r"`rapport_(\w+)`", row[0])
    }  # fmt: skip
    assert len(named) > 5 and named <= known
