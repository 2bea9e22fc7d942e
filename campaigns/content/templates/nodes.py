"""Our own tags: output that notes what is missing, abort_message, and the prepared links."""

import html
import re
from collections.abc import Iterable
from typing import TextIO

from liquid import Node, RenderContext, Token, TokenStream
from liquid.ast import BlockNode
from liquid.builtin.expressions import FilteredExpression, Path, tokenize
from liquid.builtin.output import Output, OutputNode
from liquid.expression import Expression
from liquid.parser import get_parser
from liquid.stringify import to_liquid_string
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG
from liquid.undefined import Undefined

from campaigns.content.errors import Abort
from campaigns.content.templates.context import MailContext

LINK, HREF, END_HREF, PIXEL = "__link", "__href", "end__href", "__pixel"
_SAFE_SCHEMES = ("http:", "https:", "mailto:", "tel:", "sms:")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_BLANKS = re.compile(r"[\x00-\x20\x7f-\x9f]+")


class NotingOutputNode(OutputNode):
    """`{{ name }}`: a value that this person lacks, and that has no default, is noted."""

    __slots__ = ("head", "name")

    def __init__(self, token: Token, expression: Expression) -> None:
        super().__init__(token, expression)
        self.name, self.head = _watched(expression)

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Write the value; note the name where there is none."""
        expression = self.expression
        if type(expression) is not FilteredExpression:
            return super().render_to_output(context, buffer)
        value = expression.left.evaluate(context)
        if self.name and (value is None or value == "" or isinstance(value, Undefined)):
            self._note(context)
        for item in expression.filters or ():
            value = item.evaluate(value, context)
        return buffer.write(to_liquid_string(value, context.autoescape))

    def _note(self, context: RenderContext) -> None:
        if isinstance(context, MailContext) and self.head not in context.locals:
            context.state.missing[self.name] = None


def _watched(expression: Expression) -> tuple[str, str]:
    """Name and first word of what is written out, or two blanks where a default stands in."""
    if type(expression) is not FilteredExpression or not isinstance(expression.left, Path):
        return "", ""
    if any(item.name == "default" for item in expression.filters or ()):
        return "", ""
    return str(expression.left), str(expression.left.path[0])


class NotingOutput(Output):
    """Makes `{{ }}` a NotingOutputNode."""

    node_class = NotingOutputNode


class AbortNode(Node):
    """Raises Abort with its text."""

    __slots__ = ("expression",)

    def __init__(self, token: Token, expression: Expression | None) -> None:
        super().__init__(token)
        self.expression = expression
        self.blank = False  # a block that holds only this tag must not be skipped

    def render_to_output(self, context: RenderContext, _buffer: TextIO) -> int:
        """Stop. Raises Abort."""
        value = self.expression.evaluate(context) if self.expression else "aborted"
        raise Abort(str(to_liquid_string(value, False))[:200])

    def expressions(self) -> Iterable[Expression]:
        """For the static analysis."""
        return (self.expression,) if self.expression else ()


class AbortTag(Tag):
    """`{% abort_message "reason" %}`, also in Braze's spelling `abort_message("reason")`."""

    name = "abort_message"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Read the optional reason."""
        token = stream.current
        if stream.peek.kind != TOKEN_EXPRESSION:
            return AbortNode(token, None)
        next(stream)
        text = stream.current.value.strip()
        if text.startswith("(") and text.endswith(")"):
            text = text[1:-1]
        if not text.strip():
            return AbortNode(token, None)
        tokens = TokenStream(tokenize(text, stream.current))
        return AbortNode(token, FilteredExpression.parse(self.env, tokens))


class LinkNode(Node):
    """The address of a link that is the same for everybody."""

    __slots__ = ("index",)

    def __init__(self, token: Token, index: int) -> None:
        super().__init__(token)
        self.index = index
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Write the tracked or plain address."""
        url = context.state.links.href(self.index)  # type: ignore[attr-defined]  # our context
        return buffer.write(html.escape(url) if context.autoescape else url)


class LinkTag(Tag):
    """`{% __link 3 %}`: made by `html.prepare`, refused in what people write."""

    name = LINK
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Read the number."""
        return LinkNode(stream.eat(TOKEN_TAG), int(stream.expect(TOKEN_EXPRESSION).value))


class HrefNode(Node):
    """The address of a link that has Liquid in it; only known once rendered."""

    __slots__ = ("block", "index")

    def __init__(self, token: Token, index: int, block: BlockNode) -> None:
        super().__init__(token)
        self.index, self.block = index, block
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Render the inside, then write the tracked or plain address."""
        inner = context.get_buffer(buffer)
        self.block.render(context, inner)
        text = inner.getvalue()
        url = safe_url(html.unescape(text) if context.autoescape else text)
        if url.lower().startswith(("http://", "https://")):
            url = context.state.links.href(self.index, url)  # type: ignore[attr-defined]
        return buffer.write(html.escape(url) if context.autoescape else url)

    def children(
        self, _static_context: RenderContext, *, include_partials: bool = True
    ) -> Iterable[Node]:
        """For the static analysis."""
        return (self.block,)


def safe_url(url: str) -> str:
    """`url`, or '#' where its scheme could run a script: the value may come from outside."""
    bare = _BLANKS.sub("", url)
    if _SCHEME.match(bare) and not bare.lower().startswith(_SAFE_SCHEMES):
        return "#"
    return url.strip()


class HrefTag(Tag):
    """`{% __href 3 %}...{% end__href %}`: made by `html.prepare`."""

    name = HREF
    end = END_HREF

    def parse(self, stream: TokenStream) -> Node:
        """Read the number and the block."""
        token = stream.eat(TOKEN_TAG)
        index = int(stream.expect(TOKEN_EXPRESSION).value)
        next(stream)
        block = get_parser(self.env).parse_block(stream, end=frozenset({self.end}))
        stream.expect(TOKEN_TAG, value=self.end)
        return HrefNode(token, index, block)


class PixelNode(Node):
    """The open pixel, or nothing."""

    def __init__(self, token: Token) -> None:
        super().__init__(token)
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Write the image where this person may be measured."""
        url = context.state.links.pixel()  # type: ignore[attr-defined]  # our context
        if not url:
            return 0
        style = "display:block;border:0;width:1px;height:1px"
        return buffer.write(
            f'<img src="{html.escape(url)}" width="1" height="1" alt="" style="{style}">'
        )


class PixelTag(Tag):
    """`{% __pixel %}`: made by `html.prepare`."""

    name = PIXEL
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Nothing to read."""
        return PixelNode(stream.current)


TAGS: tuple[type[Tag], ...] = (NotingOutput, AbortTag, LinkTag, HrefTag, PixelTag)
