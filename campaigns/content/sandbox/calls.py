"""Compile, render and write mails in a child process: what everybody but the child calls.

What takes too long, needs too much or crashes is an error of that content (ContentError), and of
no other. Where no child is to be had it is nobody's: Unavailable.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from campaigns.content.errors import Abort, ContentError, ContentProblem
from campaigns.content.render import MARKETING, Compiled, MessageUrls, Rendered
from campaigns.content.sandbox import tasks
from config.workspace.sandbox.children import ItemStopped, Limits, NoAnswer, Unavailable
from config.workspace.sandbox.pool import ChildPool

SCREEN = Limits(total_seconds=20.0, most_deaths=1)  # somebody waits for the answer
DELIVERY = Limits(total_seconds=40.0, wait_seconds=30.0)  # well within the lease of a chunk
TOO_LONG, TOO_LARGE, CRASHED = "content_too_long", "content_too_large", "content_crashed"
POOL = ChildPool(tasks.__name__, size=max(2, min(os.cpu_count() or 2, 4)))

__all__ = ["NotTried", "Unavailable", "WrittenMail", "compile_content", "compile_mjml", "render"]


class NotTried(Exception):
    """Others of the same batch used up its time: it can be tried again."""


class CannotRun(ContentError):
    """Content that was stopped. Its text says what it took too much of, its code is for the row."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class Unexpected(Exception):
    """An error of our own code in the child: its kind and place."""


class NoPlace(ContentError):
    """No child was free: nothing is wrong with the content."""


@dataclass(frozen=True, slots=True)
class WrittenMail:
    """A finished mail with its envelope, and the links that are this person's own."""

    content: bytes
    sender: str
    recipient: str
    links: list[tuple[int, int, str]]


def compile_content(
    subject: str,
    html: str = "",
    text: str = "",
    *,
    mjml: str = "",
    purpose_class: str = MARKETING,
) -> Compiled:
    """As `render.compile_content`. Raises ContentError."""
    value = _one("compile", None, [subject, html, text, mjml, purpose_class])
    return Compiled(**value)


def compile_mjml(source: str) -> tuple[str, list[ContentProblem]]:
    """As `mjml.compile_mjml`. Raises ContentError."""
    html, problems = _one("mjml", None, source)
    return html, [ContentProblem(**problem) for problem in problems]


def render_template(
    template: str,
    data: Mapping[str, Any],
    *,
    escape: bool = True,
    templates: Mapping[str, str] | None = None,
) -> tuple[str, list[str]]:
    """The text of a bare template, and the names it found no value for.

    Raises ContentError, Abort.
    """
    text, missing = _one("template", None, [template, dict(data), escape, dict(templates or {})])
    return text, missing


def render(
    compiled: Compiled, *, data: Mapping[str, Any], urls: MessageUrls
) -> tuple[Rendered, str]:
    """One person's mail as a preview shows it, unmeasured, and its preheader.

    Raises ContentError, Abort.
    """
    found = render_many(compiled, [data], urls=urls)[0]
    if isinstance(found, Exception):
        raise found
    return found


def render_many(
    compiled: Compiled, people: Sequence[Mapping[str, Any]], *, urls: MessageUrls
) -> list[tuple[Rendered, str] | Exception]:
    """The same for several, in order; an exception (ContentError, Abort) for whom there is none."""
    shared = [compiled.to_dict(), asdict(urls)]
    found: list[tuple[Rendered, str] | Exception] = []
    for value in _screen("render", shared, [dict(data) for data in people]):
        found.append(value if isinstance(value, Exception) else (Rendered(*value[0]), value[1]))
    return found


def write_mails(
    compiled: Compiled,
    fixed: Mapping[str, Any],
    headers: Mapping[str, Any],
    orders: Sequence[list[Any]],
) -> list[WrittenMail | Exception]:
    """Finished mails in the order of `orders`, each with what is this person's alone:
    `[arguments of person_names or None, data, keywords of MessageUrls, measuring, keywords of
    build_email]`; `headers` are the others.

    For a mail that there is none of: ContentError, Abort, Unexpected or NotTried. Raises
    Unavailable.
    """
    shared = [compiled.to_dict(), dict(fixed), dict(headers)]
    results = POOL.run("write", shared, orders, DELIVERY)
    values = [_value(result, DELIVERY) for result in results]
    return [value if isinstance(value, Exception) else WrittenMail(*value) for value in values]


def _one(task: str, shared: Any, item: Any) -> Any:
    value = _screen(task, shared, [item])[0]
    if isinstance(value, Exception):
        raise value
    return value


def _screen(task: str, shared: Any, items: Sequence[Any]) -> list[Any]:
    """Values or exceptions, for somebody who waits. Raises NoPlace."""
    try:
        results = POOL.run(task, shared, items, SCREEN)
    except Unavailable as error:
        words = _("The console is busy with other content. Try again in a moment.")
        raise NoPlace(words) from error
    values = [_value(result, SCREEN) for result in results]
    return [_too_long(SCREEN) if isinstance(value, NotTried) else value for value in values]


def _value(result: Any, limits: Limits) -> Any:
    if isinstance(result, ItemStopped):
        return _stopped(result, limits)
    kind, *rest = result
    if kind == tasks.OK:
        return rest[0]
    return Abort(rest[0]) if kind == tasks.ABORT else ContentError(*rest)


def _stopped(stopped: ItemStopped, limits: Limits) -> Exception:
    if stopped.why == NoAnswer.NOT_TRIED:
        return NotTried()
    if stopped.why == NoAnswer.FAILED:
        return Unexpected(stopped.detail)
    if stopped.why == NoAnswer.TOO_LONG:
        return _too_long(limits)
    if stopped.why == NoAnswer.TOO_LARGE:
        return CannotRun(TOO_LARGE, _("this content needs too much memory: make it smaller"))
    return CannotRun(
        CRASHED, _("this content cannot be read: it is nested too deeply, or too large")
    )


def _too_long(limits: Limits) -> CannotRun:
    words = _("this content takes too long: more than %(n)d seconds of computing are not allowed")
    return CannotRun(TOO_LONG, words % {"n": limits.cpu_seconds})
