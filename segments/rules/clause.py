"""How a kind of condition reads and is changed on a screen: words and pickers, as plain data.

A kind gives a `Clause`; the builder's script draws any of them and knows none. Each part below is
one word or one group of words of the sentence; `name` tells the words of a clause apart (for focus
and tests), `field` is where in the condition its value stands.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy

from config.workspace.models import User
from config.workspace.registry import Registry

Spec = dict[str, Any]
# the look of a word: of an event, a name, a value, a number, an operator
EVENT, NAME, VALUE, NUMBER = "is-ev", "is-tr", "is-v", "is-n"
# what somebody wants to say with a clause; pickers are grouped by it, in this order
DID, IS, IS_IN, MAY, GOT = "did", "is", "is_in", "may", "got"
INTENTS = {
    DID: gettext_lazy("Did"),
    IS: gettext_lazy("Is"),
    IS_IN: gettext_lazy("Is in"),
    MAY: gettext_lazy("May be written to"),
    GOT: gettext_lazy("Got a message"),
}


@dataclass(frozen=True)
class Choice:
    """One line of a picker. `count` and `share`: how common; `note`: a doubt, as a chip.

    `detail`: what tells it from others that are called alike; `also`: further words that find it;
    `op`: the operator to begin with, of what compares; `rare`: one press further away; `intent`:
    where it is not that of its kind.
    """

    value: Any
    label: str
    kind: str = ""
    count: str = ""
    share: float | None = None
    note: str = ""
    detail: str = ""
    also: str = ""
    op: str = ""
    rare: bool = False
    intent: str = ""


@dataclass(frozen=True)
class Choices:
    """The lines, and what their numbers are of."""

    items: list[Choice]
    of: str = ""


# what pickers offer: name -> function(user, what is asked of the request)
SOURCES: Registry[Callable[[User, Mapping[str, str]], Choices]] = Registry("pickers")


@dataclass(frozen=True)
class Clause:
    """What the builder draws of a kind.

    `label`: what the kind is called beside a name; `intent`: what one says with it, of INTENTS;
    `also`: what others call it, by which it is found too; `start`: a new one, in which `$value`
    stands for the name that was picked; `offers`: the source of such names (without one the label
    itself is offered); `free`: whether a name may be typed; `focus`: the word to go on with.
    """

    label: str
    parts: Sequence[Spec]
    start: Mapping[str, Any]
    intent: str = IS
    also: str = ""
    order: int = 100
    offers: str = ""
    free: bool = False
    focus: str = ""
    extras: Sequence[Spec] = field(default_factory=tuple)


def text(words: str) -> Spec:
    """Words that stay."""
    return {"part": "text", "text": words}


def pick(field: str, source: str, *, name: str, look: str = "", **more: Any) -> Spec:
    """A name out of a source.

    `ask`: what the source is asked by, as {parameter: field} (`..name` of the condition around);
    `free`: whether one may be typed; `known`: labels and types of some, as {value: [label, type]};
    `named`: whether the source says what the value is called; `begins`: whether another name
    begins the comparison beside it anew, by what its values look like.
    """
    return {"part": "pick", "field": field, "source": source, "name": name, "look": look, **more}


def choose(field: str, options: Mapping[str, str], *, name: str, look: str = "") -> Spec:
    """One of a few."""
    return {"part": "choose", "field": field, "options": dict(options), "name": name, "look": look}


def compare(*, type_: str = "json", prefix: str = "", typed_by: str = "", **values: Any) -> Spec:
    """An operator and its operand, under `op` and `value`.

    `typed_by`: the field whose known type holds instead of `type_`; `source` and `ask`: values that
    are offered, `given` what they are asked by whatever the condition says.
    """
    return {"part": "compare", "type": type_, "prefix": prefix, "typed_by": typed_by, **values}


def mode(name: str, *ways: Spec) -> Spec:
    """One of some ways: {"label", "set": fields that it has, "drop": fields that it has not}."""
    return {"part": "mode", "name": name, "ways": ways}


def count(field: str, *, unless: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Spec:
    """How often; absent is at least once. `unless`: as of `optional`."""
    return {"part": "count", "field": field, "unless": unless}


def window(field: str) -> Spec:
    """When; absent is ever."""
    return {"part": "window", "field": field}


def span(field: str, *, name: str) -> Spec:
    """How long."""
    return {"part": "span", "field": field, "name": name}


def several(field: str, first: str, parts: Sequence[Spec], *, prefix: str, **more: Any) -> Spec:
    """Some alike, `first` before the first of them. `add`: the words of what adds one.

    `start`: a new one; `between`: the words between two, "and" without; `least`: how many stay. The
    names of the parts' words begin with `prefix` and its number.
    """
    shape = {"part": "several", "field": field, "first": first, "parts": parts, "prefix": prefix}
    return shape | more


def property_words() -> list[Spec]:
    """A property that compares, of the event around."""
    event = {"event": "..name"}
    return [
        pick("property", "properties", name="p", free=True, begins=True, ask=event),
        compare(source="property-values", ask=event | {"property": "property"}),
    ]


def optional(field: str, parts: Sequence[Spec], **more: Any) -> Spec:
    """What may be there: its parts, and what takes it away. `after`: parts behind that.

    `add`: the words of what adds it, as `start`; `unless`: not where the condition has these
    fields, or one of several such; `own`: its parts are of the condition itself, since the field is
    a plain value; `needs`: of one of several, a field that the condition around must have.
    """
    return {"part": "optional", "field": field, "parts": parts, **more}
