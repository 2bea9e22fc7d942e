"""What is wrong with content, for its reader: the processes that find it know no languages.

A limit is named with its number and the way out; all else stays as the compiler says it.
"""

from django.utils.translation import gettext as _

from campaigns.content import markup, masks
from campaigns.content.errors import ContentError
from campaigns.content.sandbox.calls import CRASHED, TOO_LARGE, TOO_LONG, CannotRun
from campaigns.content.templates import limits
from campaigns.content.templates.liquid import MailEnvironment
from config.console.words import capitalised, num


def said(error: ContentError) -> str:
    """The error with its place."""
    if isinstance(error, CannotRun):
        return f"{capitalised(error.message)}. {_ways_out().get(error.code, '')}".strip()
    words = in_words(error.message)
    if error.piece:
        return _("At %(piece)s: %(words)s") % {"piece": error.piece, "words": words}
    if error.line:
        return _("Line %(line)d: %(words)s") % {"line": error.line, "words": words}
    return words


def in_words(message: str) -> str:
    """What the compiler says, or our sentence for one of the limits."""
    plain = message.removeprefix("MJML: ")
    return next((one for begin, one in _limits().items() if plain.startswith(begin)), message)


def _limits() -> dict[str, str]:
    """By how the English words of each begin."""
    words = {
        "a range has": _("A range has more than %(range)s numbers. Let it end earlier."),
        "loop iteration limit": _rounds(),
        "the template loops": _rounds(),
        "block nesting limit": _nested(),
        "the template is nested": _nested(),
        "maximum context depth": _(
            "Partials use each other more than %(depth)s deep. One may use itself: end the circle."
        ),
        "the template uses partials": _(
            "Partials are used more than %(partials)s times. Use them in fewer rounds of a loop."
        ),
        "there is no template": _("There is no such partial. Put its text here itself."),
        "local namespace limit": _(
            "What is assigned and captured takes more than %(kept)s bytes. Keep less of it."
        ),
        "the result is longer": _(
            "It gets longer than %(output)s bytes. Show less, or fewer rows."
        ),
        "a value is longer": _("A value gets longer than %(value)s characters. Cut it before."),
        "a number has": _(
            "A number gets more than %(digits)s digits. Calculate with smaller ones."
        ),
        "the template works on": _(
            "Its filters work on more than %(work)s characters. Use them in fewer rounds of a loop."
        ),
        f"the template has more than {limits.MAX_NODES:,} parts": _(
            "It has more than %(nodes)s tags and values. Put repetitions into a loop."
        ),
        f"the template has more than {masks.MAX_PIECES:,}": _(
            "It has more than %(pieces)s tags and values. Put repetitions into a loop."
        ),
        "the template is longer": _("It is longer than %(source)s characters. Make it shorter."),
        f"more than {markup.MAX_NESTING:,} elements": _(
            "Elements stand more than %(nesting)s deep in each other. Is one never closed?"
        ),
        f"more than {markup.MAX_ELEMENTS:,} elements": _(
            "It has more than %(elements)s elements. Make it shorter, or put repetitions into a"
            " loop."
        ),
    }
    numbers = _numbers()
    return {begin: one % numbers for begin, one in words.items()}


def _numbers() -> dict[str, str]:
    return {
        "range": num(limits.MAX_RANGE),
        "rounds": num(limits.MAX_ITERATIONS),
        "blocks": num(MailEnvironment.block_nesting_limit),
        "depth": num(limits.MAX_DEPTH),
        "partials": num(limits.MAX_PARTIALS),
        "kept": num(limits.MAX_NAMESPACE_BYTES),
        "output": num(limits.MAX_OUTPUT_BYTES),
        "value": num(limits.MAX_VALUE),
        "digits": num(limits.MAX_DIGITS),
        "work": num(limits.MAX_WORK),
        "nodes": num(limits.MAX_NODES),
        "pieces": num(masks.MAX_PIECES),
        "source": num(masks.MAX_SOURCE),
        "nesting": num(markup.MAX_NESTING),
        "elements": num(markup.MAX_ELEMENTS),
    }


def _rounds() -> str:
    return _("Its loops run more than %(rounds)s times, all together. Give each a limit.")


def _nested() -> str:
    return _("Blocks (if, for, case) stand more than %(blocks)s deep in each other. Take some out.")


def _ways_out() -> dict[str, str]:
    return {
        TOO_LONG: _("Shorten its loops."),
        TOO_LARGE: _("Keep and show less in it."),
        CRASHED: _("Take it apart."),
    }
