"""Which names of events, properties and traits are in use, and by whom."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from config.workspace.lifecycle.usage import Use, users_of
from profiles.language.reading.reader import RuleError
from profiles.models import EventDefinition, TraitName
from segments.models import ComputedTrait, Segment
from segments.rules import parse_rules, walk
from segments.rules.computed import read_computed

Users = Mapping[str, Sequence[Use]]


@dataclass
class UsedNames:
    """Events and traits with who needs them, and which properties of which event are read."""

    events: Users = field(default_factory=dict)
    traits: Users = field(default_factory=dict)
    properties: Mapping[str, set[str]] = field(default_factory=dict)


def used_names() -> UsedNames:
    """Of segments, computed traits and campaigns; a few queries, whatever their number."""
    events = list(EventDefinition.objects.values_list("name", flat=True))
    traits = list(TraitName.objects.values_list("name", flat=True))
    return UsedNames(_needed("event", events), _needed("trait", traits), _properties())


def _needed(kind: str, names: Sequence[str]) -> dict[str, list[Use]]:
    """What is over, or only sent, needs nothing."""
    found = users_of(kind, names)
    needed = {
        name: [use for use in uses if use.kind != "campaigns"] for name, uses in found.items()
    }
    return {name: uses for name, uses in needed.items() if uses}


def _properties() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    rules = Segment.objects.filter(kind=Segment.Kind.DYNAMIC, archived_at=None)
    for data in rules.values_list("rule", flat=True):
        try:
            (rule,) = parse_rules([data])
        except RuleError:
            continue
        for _path, condition in walk(rule):
            for event, name in condition.properties_read():
                found[event].add(name)
    for data in ComputedTrait.objects.values_list("definition", flat=True):
        try:
            definition = read_computed(data, is_new=False)
        except RuleError:
            continue
        found[definition.did.name] |= {name for _place, name in definition.reads()}
    return found
