"""What computed traits are of people, as it is stored."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from config.console.words import when_words
from config.postgres.sql import Sql, sql
from profiles.language.operators import JSON, TIME
from profiles.personal.names import FieldPlace
from profiles.selectors.masking import DOTS, EVERYTHING, HIDDEN_WORDS, Shown
from profiles.selectors.words import trait_text
from segments.models import ComputedValue
from segments.rules.computed import ComputedDefinition, definitions, is_asked_of_some, is_shown


def computed_of(
    profile_ids: Sequence[int],
    *,
    names: Collection[str] | None = None,
    shown: Shown = EVERYTHING,
) -> dict[int, dict[str, Any]]:
    """Each computed trait of each person by its name; two queries, one where there is none.

    Of those who did nothing it is what there is of nothing: 0 of a number of times, else absent.
    A value is shown to whoever may see all that it is worked out of. Until everybody's is worked
    out as the definition says now, nothing is known.
    """
    known = {name: one for name, one in definitions(names).items() if one.is_ready}
    if not known or not profile_ids:
        return {profile_id: {} for profile_id in profile_ids}
    rows = ComputedValue.objects.filter(profile_id__in=profile_ids, trait__name__in=known)
    stored = {
        (profile_id, name): value
        for profile_id, name, value in rows.values_list("profile_id", "trait__name", "value")
    }
    now = timezone.now()
    hidden = {name for name, definition in known.items() if not is_shown(definition, shown)}
    asked = {name for name, definition in known.items() if is_asked_of_some(definition, name)}
    found: dict[int, dict[str, Any]] = {}
    for profile_id in profile_ids:
        mine = found[profile_id] = {}
        for name, definition in sorted(known.items()):
            kept = stored.get((profile_id, name))
            if kept is None and name in asked:
                continue  # it is not worked out of those who did not permit it, or object
            value = definition.value_of(kept, now)
            if value is not None:
                mine[name] = DOTS if name in hidden else seen(definition, name, value, shown)
    return found


def seen(definition: ComputedDefinition, name: str, value: Any, shown: Shown) -> Any:
    """A value for this reader: by what it is worked out of, and by its own name."""
    if definition.aggregate.of and definition.aggregate.type_ == JSON:
        value = shown.value(definition.aggregate.of, value, FieldPlace.PROPERTY)
    return shown.value(name, value) if name else value


def with_computed(traits: Mapping[int, dict[str, Any]]) -> None:
    """Put computed traits beside what is known of each person, by id; a computed one goes before
    one of its name that came in. One query where there is none, else two.
    """
    for profile_id, values in computed_of(list(traits)).items():
        traits[profile_id].update(values)


def stored_value(name: Sql, person: Sql) -> Sql:
    """The stored value of a computed trait as jsonb, in a statement; NULL without one."""
    return sql(
        "(SELECT c.value FROM computed_value c JOIN computed_trait d ON d.id = c.trait_id"
        " WHERE c.profile_id = {person} AND d.name = {name})",
        person=person,
        name=name,
    )


def in_words_of(definition: ComputedDefinition, value: Any) -> str:
    """A value as one reads it; "" for none."""
    if definition.aggregate.type_ == TIME and isinstance(value, str) and value != DOTS:
        return when_words(datetime.fromisoformat(value))
    return trait_text(value)


@dataclass(frozen=True)
class ComputedLine:
    """What a computed trait is of one person, in words, and what it is worked out of."""

    name: str
    text: str
    because: str


def computed_lines(profile_id: int, shown: Shown) -> list[ComputedLine]:
    """All of one person that have a value, by name; three queries."""
    values, known = computed_of([profile_id], shown=shown)[profile_id], definitions()
    return [
        ComputedLine(
            name,
            in_words_of(known[name], value),
            known[name].describe() if is_shown(known[name], shown) else str(HIDDEN_WORDS),
        )
        for name, value in values.items()
        if name in known
    ]
