"""Whom the address of the people list asks for: searched, narrowed, in words, and as a rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from profiles.models import Profile
from profiles.selectors.filters import PEOPLE_FILTERS, Text, Unfit, apply_filters, parameters
from profiles.selectors.finding import search
from profiles.selectors.masking import Shown
from profiles.selectors.people import visible_people


@dataclass
class Narrowed:
    """`kept` is what of the address counts; `wrong` is the value that names nothing, `why` its
    words where it has some.
    """

    people: QuerySet[Profile]
    kept: dict[str, str]
    term: str = ""
    words: dict[str, Text] = field(default_factory=dict)
    wrong: str = ""
    why: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether it is not everybody."""
        return bool(self.term or self.words or self.wrong)

    @property
    def rule(self) -> dict[str, Any] | None:
        """The same as a rule for a live segment; None where no rule says all of it, or nothing."""
        if self.term or self.wrong or not self.words:
            return None
        chosen = [one for name, one in PEOPLE_FILTERS if name in self.words]
        found = [one.rule(self.kept) for one in chosen]
        if not all(found):
            return None
        return {"match": "all", "conditions": [dict(one) for one in found if one]}


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").replace("\x00", "").strip()


def narrowed(values: Mapping[str, Any], shown: Shown, who: object) -> Narrowed:
    """Lazy, but for the look-ups of a search and of what filters name."""
    kept = {name: value for name in ("q", *parameters(values)) if (value := _text(values, name))}
    term = kept.get("q", "")
    found = search(term, shown=shown) if term else visible_people()
    try:
        people, words = apply_filters(found, kept, shown, who)
    except Unfit as error:
        name, why = (*map(str, error.args), "")[:2]
        return Narrowed(found.none(), kept, term, wrong=kept.get(name, ""), why=why)
    return Narrowed(people, kept, term, words)
