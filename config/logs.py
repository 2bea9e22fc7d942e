"""What a log line looks like, and what it never holds: anybody's data.

Above DEBUG an exception is written as its class, a phrase of ours where one is known, and the lines
of code that it passed; its own words may quote a person's value (PostgreSQL's "Key (email)=...").
Addresses of pages are written as their route. What else is written loses mail addresses and phone
numbers.
"""

import json
import logging
import re
import threading
import time
import traceback
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied

from config.answers import request_ids
from config.workspace.health import counters
from config.workspace.work.reasons import reason_of, without_people

# their words are about the code
PLAIN = (ImportError, NameError, AttributeError, NotImplementedError)
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FORMATTERS = {"LINE": "LineFormatter", "JSON": "JsonFormatter"}
LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"
OTHER_NAME = "django.security.DisallowedHost"
OTHER_NAME_WORDS = "asked for by a name that ALLOWED_HOSTS does not list"
REFUSALS = ("django.request", "django.security")
MOST_LINES = 60  # on refused requests, of a process in a window
WINDOW_SECONDS = 60.0
LONGEST_PART = 60  # characters of an unknown address that are written down
_GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)")
_SIGNS = re.compile(r"\\Z|[\^$?\\]|(?<=<)\w+:")


class Fewer(logging.Filter):
    """Of the lines that anybody can cause by asking (what is refused, not what fails) a few pass.

    The others are counted, for `/metrics` and in the next line that passes: nobody who asks for
    what is not there fills a disk with it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._since, self._passed, self._left_out = -WINDOW_SECONDS, 0, 0

    def filter(self, record: logging.LogRecord) -> bool:
        """False for one too many. What several handlers ask about is counted once."""
        if not _anybody_can_cause(record) or hasattr(record, "passes"):
            return bool(getattr(record, "passes", True))
        now = time.monotonic()
        with self._lock:
            if now - self._since >= WINDOW_SECONDS:
                self._since, self._passed = now, 0
            passes = record.__dict__["passes"] = self._passed < MOST_LINES
            left_out, self._left_out = self._left_out, 0 if passes else self._left_out + 1
            self._passed += passes
        if not passes:
            counters.count("log_lines_left_out_total")
        elif left_out:
            record.msg = f"({left_out} lines on refused requests left out) {record.msg}"
        return passes


def _anybody_can_cause(record: logging.LogRecord) -> bool:
    """Django's lines on answers 400 to 499."""
    status = getattr(record, "status_code", 0)
    return (
        record.name.startswith(REFUSALS)
        and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    )


class WithoutPeople(logging.Filter):
    """Sets `request_id`, and takes persons out of the message before any formatter sees it."""

    def __init__(self, personal: bool = False) -> None:
        super().__init__()
        self.personal = personal  # LOG_LEVEL=DEBUG: everything, to whoever asked for it

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record pass."""
        request = getattr(record, "request", None)
        record.request_id = getattr(request, "request_id", "") or request_ids.current.get()
        if self.personal or getattr(record, "is_without_people", False):
            return True
        record.is_without_people = True  # several handlers may ask
        if record.exc_info and isinstance(record.exc_info[1], PermissionDenied):
            record.exc_info = None  # an answer of ours, no fault
        if record.name == OTHER_NAME:  # its words are the header, which is anybody's
            record.msg, record.args, record.exc_info = OTHER_NAME_WORDS, (), None
        if request is None or not isinstance(record.args, tuple):
            record.msg, record.args = without_people(_message(record)), ()
            return True
        # Django escapes what it logs against forged lines
        record.msg = without_people(str(record.msg))
        paths = (request.path, request.path.encode("unicode_escape").decode("ascii"))
        record.args = tuple(
            route_of(request) if arg in paths else _without_people(arg) for arg in record.args
        )
        return True


def _without_people(value: Any) -> Any:
    return value if isinstance(value, int | float) else without_people(str(value))


class _Formatter(logging.Formatter):
    """Exceptions without their words."""

    def __init__(self, *args: Any, personal: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.personal = personal

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """Frames and classes; with `personal` as Python writes it."""
        if self.personal or ei[1] is None:
            return super().formatException(ei)
        return "\n".join(_chain(ei[1]))


class LineFormatter(_Formatter):
    """Time, level, logger, message; the request's id at the end."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, then the frames of an exception."""
        record.exc_text = None  # what another formatter has kept there
        number = getattr(record, "request_id", "")
        line = super().format(record)
        if not number:
            return line
        first, *rest = line.split("\n", 1)
        return "\n".join([f"{first} [{number}]", *rest])


class JsonFormatter(_Formatter):
    """One JSON object a line: time, level, logger, message, request_id, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; nothing in it breaks the line."""
        at = datetime.fromtimestamp(record.created, UTC)
        said: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if number := getattr(record, "request_id", ""):
            said["request_id"] = number
        if record.exc_info and record.exc_info[1] is not None:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)


def configuration(level: str, shape: str) -> dict[str, Any]:
    """Django's LOGGING: everything to standard error through one handler."""
    personal = level == "DEBUG"
    formatter = {"()": f"config.logs.{FORMATTERS[shape]}", "fmt": LINE, "personal": personal}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "fewer": {"()": "config.logs.Fewer"},
            "people": {"()": "config.logs.WithoutPeople", "personal": personal},
        },
        "formatters": {"chosen": formatter},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "chosen",
                "filters": ["people", "fewer"],
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Django gives both handlers of their own, which would write what ours leaves out
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
        },
    }


def route_of(request: Any) -> str:
    """The pattern that the path fits, or its first part: what follows may be anybody's."""
    match = getattr(request, "resolver_match", None)
    if match is not None:
        return "/" + _SIGNS.sub("", _GROUP.sub(r"<\1>", match.route))
    first = str(request.path).split("/", 2)[1] if str(request.path).startswith("/") else ""
    shown = without_people(first).encode("unicode_escape").decode("ascii")
    return f"/{shown[:LONGEST_PART]}/…"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit
        return str(record.msg)


def _chain(error: BaseException) -> list[str]:
    lines = []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        lines += [*_chain(cause), "", "which led to:", ""]
    lines += ["".join(traceback.format_tb(error.__traceback__)).rstrip(), _named(error)]
    return [line for line in lines if line is not None]


def _named(error: BaseException) -> str:
    if isinstance(error, PLAIN):
        return f"{type(error).__name__}: {without_people(str(error))}"
    state = getattr(error, "sqlstate", None)
    return f"{reason_of(error)} ({state})" if state else reason_of(error)
