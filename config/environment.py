"""Reading the environment: what is wrong in it ends the program in one sentence, at its start."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import environ

from config import connections, paths

Value = TypeVar("Value")


_LINE = re.compile(r"\s*(#|(export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=)")


class BadSetting(SystemExit):
    """A setting that is not understood. As a SystemExit it ends commands, workers and servers
    alike, without a traceback: none of them can go on."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}.")


class Environment(environ.Env):  # type: ignore[misc]
    """As django-environ's, with bounds; an empty variable is an unset one. Raises BadSetting."""

    def read_file(self, path: Path) -> None:
        """What the file says and the environment does not. A line that says nothing is refused:
        whoever wrote it takes it for set.
        """
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not in UTF-8"
            raise BadSetting(str(path), f"cannot be read ({reason})") from None
        for number, line in enumerate(lines, 1):
            if line.strip() and not _LINE.match(line):
                raise BadSetting(str(path), f"line {number} is neither NAME=value nor a # comment")
        self.read_env(str(path))

    def parsed(self, name: str, parse: Callable[[str], Value], default: str = "") -> Value:
        """What `parse` makes of the text; its ValueError says what is wrong."""
        text = self.str(name, default="") or default
        try:
            return parse(text.strip())
        except ValueError as error:
            raise BadSetting(name, str(error)) from None

    def flag(self, name: str, default: bool) -> bool:
        """true or false, and nothing that only looks like it."""
        return self.parsed(name, connections.is_true, str(default))

    def number(self, name: str, default: int, least: int = 0, most: int = 1_000_000) -> int:
        """A whole number within its bounds."""
        return self.parsed(name, lambda text: connections.number(text, least, most), str(default))

    def days(self, name: str, default: int, least: int = 1) -> int:
        """For how many days something is kept: 0 is for ever, else at least so many."""
        found = self.number(name, default, most=100_000)
        if 0 < found < least:
            raise BadSetting(name, f"{found} is neither 0 (for ever) nor at least {least}")
        return found

    def one_of(self, name: str, known: tuple[Any, ...], default: str) -> str:
        """One of these words, in whatever case."""
        word = self.parsed(name, str.upper, default)
        if word not in known:
            raise BadSetting(name, f"{word!r} is none of {', '.join(known)}")
        return word


def kept_secret(var: Path, name: str) -> str:
    """As `paths.kept_secret`. Raises BadSetting where the folder cannot be written."""
    try:
        return paths.kept_secret(var, name)
    except OSError as error:
        raise BadSetting("VAR_DIR", f"{var} cannot be used ({error.strerror})") from None
