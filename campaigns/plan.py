"""What a campaign does, read in one place: its steps as a tree, of what was launched or a draft.

Steps are lists of objects. A step may hold further lists, each a way to take:
`branches[].steps`, `then`, `else`; whoever comes to the end of a way goes on behind the step that
holds it. Nothing here knows what a kind of step does (`campaigns.engine.steps`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from campaigns.models import Campaign, CampaignVersion
from consent.models.purpose import MARKETING

MESSAGE: Final = "message"
WAYS: Final = ("then", "else")
Step = Mapping[str, Any]


@dataclass(frozen=True)
class Node:
    """A step at its place. `key` is its id, or where it stands for one without; `after` is the key
    of what comes behind it, "" at the end. `ways` begin at these keys (or at `after`).
    """

    step: Step
    key: str
    path: str
    after: str
    depth: int
    way: str = ""  # what leads to the list that it stands in, for the first of it
    ways: tuple[tuple[str, str], ...] = ()  # name of each way, and the key where it leads

    @property
    def kind(self) -> str:
        """What kind of step it is."""
        return str(self.step.get("kind", ""))


def key_of(step: Step, path: str) -> str:
    """Its id; only messages must have one, since reports name them by it."""
    given = step.get("id")
    return given if isinstance(given, str) and given else path


def purpose_slug(step: Step) -> Any:
    """The slug of the purpose that a message is sent for; in a draft it may be no text at all."""
    return step.get("purpose", MARKETING)


def ways_of(step: Step, path: str) -> Iterator[tuple[str, str, Any]]:
    """(name, path, steps) of each list that it holds, in order."""
    branches = step.get("branches")
    for index, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, Mapping):
            name = str(branch.get("name", index))
            yield name, f"{path}.branches[{index}].steps", branch.get("steps")
    for name in WAYS:
        if step.get(name) is not None or name == "else" and branches is not None:
            yield name, f"{path}.{name}", step.get(name)


def nodes(steps: Any, path: str = "steps") -> list[Node]:
    """Every step of a tree, each before those that it holds; asks no database."""
    return list(_walk(steps, path, "", 0, ""))


def _walk(steps: Any, path: str, after: str, depth: int, way: str) -> Iterator[Node]:
    given = [
        (step, f"{path}[{index}]")
        for index, step in enumerate(steps if isinstance(steps, list) else ())
        if isinstance(step, Mapping)
    ]
    keys = [key_of(step, at) for step, at in given]
    behind = [*keys[1:], after]
    for (step, at), key, following in zip(given, keys, behind, strict=False):
        inner = list(ways_of(step, at))
        ways = tuple((name, _first(held, to, following)) for name, to, held in inner)
        yield Node(step, key, at, following, depth, way if key == keys[0] else "", ways)
        for name, to, held in inner:
            yield from _walk(held, to, following, depth + 1, name)


def _first(steps: Any, path: str, after: str) -> str:
    """Where a way leads to: its first step, or what comes behind."""
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        if isinstance(step, Mapping):
            return key_of(step, f"{path}[{index}]")
    return after


def messages_in(steps: Any) -> list[Node]:
    """The messages of a tree, in order."""
    return [node for node in nodes(steps) if node.kind == MESSAGE]


def is_single(steps: Any) -> bool:
    """Whether it ends with its first message: nobody is ever on the way then."""
    found = nodes(steps)
    return len(found) == 1 and found[0].kind == MESSAGE


@dataclass(frozen=True)
class Plan:
    """What a campaign writes and when, whether it is launched already or still a draft."""

    campaign: Campaign
    entry: Mapping[str, Any]
    steps: Sequence[Step]
    caps: Mapping[str, Any] | None
    holdout: float
    goal: Mapping[str, Any] | None = None
    version_id: int | None = None
    number: int = 1  # of the version; a later one lets in who was not in before

    @cached_property
    def nodes(self) -> list[Node]:
        """Every step, each before those that it holds."""
        return nodes(self.steps)

    @property
    def messages(self) -> list[Node]:
        """Its messages, in order."""
        return [node for node in self.nodes if node.kind == MESSAGE]

    @property
    def is_single(self) -> bool:
        """Whether it ends with its first message."""
        return is_single(self.steps)

    @property
    def step(self) -> Step:
        """The message that people meet first. Raises LookupError where there is none."""
        return self.messages[0].step

    def node(self, key: str) -> Node:
        """The step of this key. Raises LookupError."""
        return self._by_key[key]

    @cached_property
    def _by_key(self) -> dict[str, Node]:
        return {node.key: node for node in self.nodes}

    @property
    def variants(self) -> list[tuple[str, float]]:
        """Those of the first message."""
        return variants_of(self.step)


def variants_of(step: Step) -> list[tuple[str, float]]:
    """Names and shares, that add up to 1; one without a name where there are none."""
    given = step.get("variants") or [{"name": "", "share": 1.0}]
    spare = 1.0 - sum(v.get("share") or 0.0 for v in given)
    open_ones = sum(1 for v in given if v.get("share") is None)
    return [
        (v["name"], v["share"] if v.get("share") is not None else spare / open_ones) for v in given
    ]


def plan_of(campaign: Campaign, version: CampaignVersion | None = None) -> Plan:
    """Of this version, else of what was launched last, else of the draft."""
    source = version or campaign.current or campaign
    if isinstance(source, CampaignVersion):
        number = source.number
    else:  # the draft of a campaign that runs is of a later one
        number = 2 if campaign.launched_at else 1
    return Plan(
        campaign,
        source.entry,
        source.steps if isinstance(source.steps, list) else [],
        source.caps,
        source.holdout,
        source.goal,
        None if source is campaign else source.pk,
        number,
    )


def channel_of(campaign: Campaign) -> str:
    """Which channel its first message goes by; "" before there is any."""
    return str(first_message(campaign).get("channel", ""))


def first_message(campaign: Campaign) -> Step:
    """The message that people meet first; empty before there is any."""
    return next((node.step for node in plan_of(campaign).messages), {})
