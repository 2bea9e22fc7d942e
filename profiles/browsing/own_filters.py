"""Filters of the people list by what this app knows: state, source, first seen."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.console.words import moment, when_words
from config.postgres.wire import number_of
from config.workspace.zones import begins, read_when
from profiles.models import Identifier, Profile, Source
from profiles.selectors.filters import PEOPLE_FILTERS, Narrowing, PeopleFilter, Text, Unfit, Values
from profiles.selectors.masking import Shown

STATES: dict[str, Text] = {
    "active": gettext_lazy("Active"),
    "restricted": gettext_lazy("Restricted"),
    "test": gettext_lazy("Test people"),
}


def _states(_user: Any, _shown: Shown) -> Sequence[tuple[str, Text]]:
    return list(STATES.items())


def _by_state(people: QuerySet[Profile], values: Values, _shown: Shown) -> Narrowing:
    state = values["state"]
    if state not in STATES:
        raise Unfit
    found = people.filter(is_test=True) if state == "test" else people.filter(state=state)
    return found, STATES[state]


def _sources(_user: Any, _shown: Shown) -> Sequence[tuple[str, Text]]:
    rows = Source.objects.filter(is_internal=False).order_by("name").values_list("pk", "name")
    return [(str(number), name) for number, name in rows]


def _by_source(people: QuerySet[Profile], values: Values, _shown: Shown) -> Narrowing:
    """Of whom this source told something first: one look-up a person, in the order of the list."""
    number = number_of(str(values["source"]))
    source = Source.objects.filter(pk=number).first() if number else None
    if source is None:
        raise Unfit
    told = Identifier.objects.filter(profile_id=OuterRef("pk"), first_source_id=source.pk)
    return people.filter(Exists(told)), _("From %(source)s") % {"source": source.name}


def _nothing(_user: Any, _shown: Shown) -> Sequence[tuple[str, Text]]:
    return []


def _new_since(people: QuerySet[Profile], values: Values, _shown: Shown) -> Narrowing:
    when = read_when(values["new_since"])
    if when is None:
        raise Unfit
    said = moment(when) if isinstance(when, datetime) else when_words(when)
    words = _("New since %(since)s") % {"since": said}
    return people.filter(first_seen__gte=begins(when)), words


def _since_rule(values: Values) -> Mapping[str, Any] | None:
    """After a date is from the next day on; a moment is taken as it is."""
    when = read_when(values["new_since"])
    if when is None or isinstance(when, datetime):
        return None
    before = (when - timedelta(days=1)).isoformat()
    return {"kind": "trait", "field": "profile.first_seen", "op": "after", "value": before}


PEOPLE_FILTERS.register("state", order=10)(PeopleFilter(gettext_lazy("State"), _by_state, _states))
PEOPLE_FILTERS.register("source", order=60)(
    PeopleFilter(gettext_lazy("First told of by"), _by_source, _sources)
)
PEOPLE_FILTERS.register("new_since", order=70)(
    PeopleFilter(gettext_lazy("New since"), _new_since, _nothing, rule=_since_rule, offered=False)
)
