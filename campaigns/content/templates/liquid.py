"""Liquid for messages: two environments (mark-up escapes, plain text does not), limited and cached.

Compiled templates are cached by their content, because parsing costs ten renderings.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, TextIO

import liquid
from liquid import BoundTemplate, Node, RenderContext
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import (
    LiquidError,
    OutputStreamLimitError,
    ResourceLimitError,
    TemplateNotFoundError,
)

from campaigns.content.errors import Abort, ContentError, position
from campaigns.content.masks import pieces, unclosed
from campaigns.content.templates import limits
from campaigns.content.templates.context import MailContext, RenderState, output_buffer
from campaigns.content.templates.filters import FILTERS
from campaigns.content.templates.nodes import TAGS

CACHED_TEMPLATES = 512
TOO_DEEP = "the template is nested too deeply"
_make_range = RangeLiteral._make_range


def _short_range(literal: RangeLiteral, start: Any, stop: Any) -> range:
    found = _make_range(literal, start, stop)
    # not len(): that overflows. A range is made by each use of it, and `contains` walks along it
    if found and found[-1] - found[0] >= limits.MAX_RANGE:
        words = f"a range has more than {limits.MAX_RANGE:,} numbers"
        raise ResourceLimitError(words, token=literal.token)
    return found


RangeLiteral._make_range = _short_range  # type: ignore[method-assign, assignment]  # no other hook


class MailTemplate(BoundTemplate):
    """A parsed template; `run` it with the data and the state of one message."""

    context_class = MailContext

    def run(self, data: Mapping[str, object], state: RenderState) -> str:
        """Render. Raises LiquidError and Abort; `liquid.run` is the safe door."""
        context = MailContext(self, globals=data).begin(state)
        buffer = output_buffer(limits.MAX_OUTPUT_BYTES)
        self.render_with_context(context, buffer)
        return buffer.getvalue()

    def render_with_context(
        self, context: RenderContext, buffer: TextIO, *args: Any, partial: bool = False, **rest: Any
    ) -> None:
        """As the library's; each rendering of a partial counts."""
        if partial and isinstance(context, MailContext):
            context.state.use_partial()
        super().render_with_context(context, buffer, *args, partial=partial, **rest)


class MailEnvironment(liquid.Environment):
    """The library's environment with our limits, filters, tags and partials."""

    loop_iteration_limit = limits.MAX_ITERATIONS
    output_stream_limit = limits.MAX_OUTPUT_BYTES
    local_namespace_limit = limits.MAX_NAMESPACE_BYTES
    context_depth_limit = limits.MAX_DEPTH
    template_class = MailTemplate

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """The standard ones, then ours on top."""
        super().setup_tags_and_filters(extra=extra)
        self.filters.update(FILTERS)
        for tag in TAGS:
            self.add_tag(tag)

    def get_template(self, name: str, *, context: Any = None, **_: Any) -> BoundTemplate:
        """A partial of this rendering; there is no other place that templates come from."""
        templates = context.state.templates if isinstance(context, MailContext) else {}
        if name not in templates:
            raise TemplateNotFoundError(f"there is no template '{name}'", filename=str(name))
        return _parse(self.autoescape, templates[name], name)


_ENVIRONMENTS = {
    True: MailEnvironment(autoescape=True),
    False: MailEnvironment(autoescape=False),
}


@lru_cache(maxsize=CACHED_TEMPLATES)
def _parse(escape: bool, source: str, name: str) -> MailTemplate:
    pieces(source)  # refuses what the lexer would choke on
    template = _ENVIRONMENTS[escape].from_string(source, name=name)
    assert isinstance(template, MailTemplate)  # noqa: S101 - template_class says so; for the types
    _count_nodes(template)
    return template


def _count_nodes(template: MailTemplate) -> None:
    """Raise ResourceLimitError where there are too many. One `liquid` tag alone may hold them."""
    context, found = MailContext(template), 0
    waiting = list(template.nodes)
    while waiting:
        node = waiting.pop()
        found += 1
        waiting.extend(node.children(context, include_partials=False))
    if found > limits.MAX_NODES:
        words = f"the template has more than {limits.MAX_NODES:,} parts"
        raise ResourceLimitError(words, token=None)


def parse(source: str, *, escape: bool = True) -> MailTemplate:
    """The compiled template, from the cache where its text was seen. Raises ContentError."""
    try:
        return _parse(escape, source, "")
    except LiquidError as error:
        raise _placed(content_error(error), source) from error
    except RecursionError as error:
        raise ContentError(TOO_DEEP) from error


def _placed(error: ContentError, source: str) -> ContentError:
    """`error` with a place: what is wrong only at the very end began at the block left open."""
    if error.line is None:
        at = unclosed(source)
        error.line, error.column = position(source, len(source) if at is None else at)
    return error


def run(template: MailTemplate, data: Mapping[str, object], state: RenderState) -> str:
    """Render for one person. Raises ContentError and Abort and nothing else, whatever the data."""
    try:
        return template.run(data, state)
    except LiquidError as error:
        raise content_error(error) from error
    except (Abort, ContentError):
        raise
    except RecursionError as error:
        raise ContentError(TOO_DEEP) from error
    except Exception as error:  # odd data must cost one message, never a chunk of them
        raise ContentError(f"the template cannot be rendered: {error}") from error


def render(
    source: str,
    data: Mapping[str, object],
    *,
    escape: bool = True,
    templates: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> str:
    """Parse and render in one go, for previews and the API. Raises ContentError and Abort."""
    return render_noting(source, data, escape=escape, templates=templates, now=now)[0]


def render_noting(
    source: str,
    data: Mapping[str, object],
    *,
    escape: bool = True,
    templates: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> tuple[str, list[str]]:
    """As `render`, with the names written out that this person has no value and no default for."""
    state = RenderState(templates=templates or {})
    if now is not None:
        state.now = now
    text = run(parse(source, escape=escape), data, state)
    return text, list(state.missing)


def variables(source: str) -> set[str]:
    """The names that `source` takes from its data, as `order.total`. Raises ContentError."""
    try:
        found = parse(source).analyze(include_partials=False).globals
    except LiquidError as error:
        raise content_error(error) from error
    except RecursionError as error:
        raise ContentError(TOO_DEEP) from error
    return {str(variable) for uses in found.values() for variable in uses}


def unguarded(source: str) -> set[str]:
    """Of `variables(source)`, those that are used at least once without a `default`."""
    try:
        template = parse(source)
        found = template.analyze(include_partials=False).globals
        context = MailContext(template)
        guarded = {at for node in template.nodes for at in _defaulted(node, context)}
    except LiquidError as error:
        raise content_error(error) from error
    except RecursionError as error:
        raise ContentError(TOO_DEEP) from error
    return {
        str(variable)
        for uses in found.values()
        for variable in uses
        if variable.span.index not in guarded
    }


def _defaulted(node: Node, context: RenderContext) -> Iterator[int]:
    """Where names stand that a `default` follows."""
    for expression in node.expressions():
        if (
            isinstance(expression, FilteredExpression)
            and isinstance(expression.left, Path)
            and any(item.name == "default" for item in expression.filters or ())
        ):
            yield expression.left.token.start_index
    for child in node.children(context, include_partials=False):
        yield from _defaulted(child, context)


def content_error(error: LiquidError) -> ContentError:
    """Our error for one of the library's, with its place in the source."""
    message = str(error.message or type(error).__name__)
    if isinstance(error, OutputStreamLimitError):
        message = f"the result is longer than {limits.MAX_OUTPUT_BYTES:,} bytes"
    if isinstance(error.__cause__, RecursionError):
        message = TOO_DEEP
    if error.template_name:
        message = f"{message} (in template '{error.template_name}')"
    token = error.token
    if token is None or token.start_index < 0:
        return ContentError(message)
    return ContentError(message, *position(token.source, token.start_index))
