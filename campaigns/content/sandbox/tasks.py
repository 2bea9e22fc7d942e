"""What a child does with content. Plain values in and out; it sees no Django and no database.

Each answer is `["ok", value]`, `["abort", reason]` or `["content", ...]` with what ContentError
is made of.
"""

from collections.abc import Callable
from dataclasses import astuple
from functools import wraps
from typing import Any

# what a mail may need and Python loads at first use: better now than in the first request
import babel.numbers  # noqa: F401

from campaigns.content.addresses import wire_address
from campaigns.content.compiling.mjml import compile_mjml
from campaigns.content.errors import Abort, ContentError
from campaigns.content.message import build_email
from campaigns.content.names import person_names
from campaigns.content.render import (
    Compiled,
    MessageUrls,
    Rendered,
    compile_content,
    render,
    render_preheader,
)
from campaigns.content.templates import liquid

OK, ABORT, CONTENT = "ok", "abort", "content"
Answer = list[Any]


def _answering(function: Callable[..., Any]) -> Callable[..., Answer]:
    @wraps(function)
    def answer(*args: Any) -> Answer:
        try:
            return [OK, function(*args)]
        except Abort as abort:
            return [ABORT, abort.reason]
        except ContentError as error:
            place = [error.line, error.column, error.part, error.piece]
            return [CONTENT, error.message, *place]
        except RecursionError:
            return [CONTENT, liquid.TOO_DEEP]

    return answer


def _compile(_shared: None) -> Callable[[Any], Answer]:
    @_answering
    def compile_one(item: list[str]) -> dict[str, Any]:
        subject, html, text, mjml, purpose_class = item
        made = compile_content(subject, html, text, mjml=mjml, purpose_class=purpose_class)
        return made.to_dict()

    return compile_one


def _mjml(_shared: None) -> Callable[[Any], Answer]:
    @_answering
    def compile_one(source: str) -> list[Any]:
        html, problems = compile_mjml(source)
        return [html, [problem.to_dict() for problem in problems]]

    return compile_one


def _template(_shared: None) -> Callable[[Any], Answer]:
    @_answering
    def render_one(item: list[Any]) -> tuple[str, list[str]]:
        template, data, escape, templates = item
        return liquid.render_noting(template, data, escape=escape, templates=templates)

    return render_one


def _render(shared: list[Any]) -> Callable[[Any], Answer]:
    compiled, urls = Compiled(**shared[0]), MessageUrls(**shared[1])

    @_answering
    def render_one(data: dict[str, Any]) -> list[Any]:
        rendered = render(compiled, data=data, urls=urls, measuring=False)
        return [_plain(rendered), render_preheader(compiled, data)]

    return render_one


def _plain(rendered: Rendered) -> tuple[Any, ...]:
    return astuple(rendered)


def _write(shared: list[Any]) -> Callable[[Any], Answer]:
    compiled, fixed, headers = Compiled(**shared[0]), shared[1], shared[2]
    sender = headers["sender_address"]

    @_answering
    def write_one(item: list[Any]) -> list[Any]:
        person, data, urls, measuring, own = item
        names = person_names(*person) if person else {}
        # the fixed last: a trait of the same name may come from any web form
        values = {**names, **data, **fixed}
        rendered = render(compiled, data=values, urls=MessageUrls(**urls), measuring=measuring)
        content = build_email(rendered, **headers, **own)
        return [content, wire_address(sender), wire_address(own["to_address"]), rendered.links]

    return write_one


TASKS: dict[str, Callable[[Any], Callable[[Any], Any]]] = {
    "compile": _compile,
    "mjml": _mjml,
    "template": _template,
    "render": _render,
    "write": _write,
}
