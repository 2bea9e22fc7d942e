"""The words that the builder's script shows; here, so that they are translated with the rest."""

from dataclasses import asdict
from typing import TypedDict

from django.utils.translation import gettext as _

from config.console.words import capitalised
from config.workspace import zones
from profiles.language.counts import count_words
from profiles.language.operators import JSON, LOOKS, NUMBER, OPERATORS, TEXT, TIME, operators_of
from profiles.language.times.durations import unit_words
from segments.rules import KINDS, Group
from segments.rules.clause import INTENTS


class Sentence(TypedDict):
    """A rule in words. `alone`: it says by itself who it is, without "People who"."""

    kept: str
    left_out: str
    alone: bool


def sentence_of(kept: Group, out: Group | None) -> Sentence:
    """ "People who did ..., but leave out ..."; without a clause just "Everybody" or "Nobody"."""
    words, alone = kept.describe(), not kept.parts
    return {
        "kept": capitalised(words) if alone else words,
        "left_out": out.describe() if out else "",
        "alone": alone,
    }


def builder_words() -> dict[str, object]:
    """Operators, columns, units and every label."""
    return {
        "operators": {
            name: {
                "words": each.words(),
                "widget": each.widget,
                "always": set(LOOKS) <= set(each.suits),
            }
            for name, each in OPERATORS.items()
        },
        "operatorsOf": {type_: operators_of(type_) for type_ in (JSON, TEXT, NUMBER, TIME)},
        "kinds": _kinds(),
        "intents": {name: str(label) for name, label in INTENTS.items()},
        "today": zones.today().isoformat(),
        "zone": zones.workspace_zone().key,
        "units": unit_words(),
        "times": count_words(),
        **_labels(),
    }


def _kinds() -> dict[str, object]:
    clauses = {name: kind.clause() for name, kind in KINDS.items()}
    return {name: asdict(clauses[name]) for name in sorted(clauses, key=lambda n: clauses[n].order)}


def _labels() -> dict[str, str]:
    return {
        "time": _("times"),
        "once": _("time"),
        "ever": _("ever"),
        "inLast": _("in the last"),
        "from": _("from"),
        "to": _("to"),
        "choose": _("choose"),
        "all": _("all"),
        "any": _("any"),
        "none": _("none"),
        "combine": _("How clauses combine"),
        "ofThese": _("of these are true"),
        "ofLeft": _("of these"),
        "clause": _("Clause"),
        "group": _("Group"),
        "move": _("Move clause"),
        "moveGroup": _("Move group"),
        "remove": _("Remove clause"),
        "removeGroup": _("Remove group"),
        "whoIsIn": _("Who is in"),
        "leaveOut": _("But leave out"),
        "leave": _("leave here"),
        "alone": _("alone"),
        "start": _("start"),
        "people": _("people"),
        "unknown": _("Unknown counts as no"),
        "unfit": _("Not a number there, which counts as no"),
        "search": _("Search or type"),
        "use": _("Use"),
        "number": _("as a number"),
        "nothing": _("Nothing like it was seen."),
        "more": _("More ways ({n})"),
        "showAll": _("All {n}"),
        "everyone": _("Everybody is in. Add a clause to choose."),
        "save": _("Save"),
        "saveNew": _("Save segment"),
        "adds": _("adds"),
        "drops": _("drops"),
        "notSaved": _("Not saved"),
        "saved": _("Saved"),
        "done": _("Done"),
        "two": _("and"),
        "indents": _("indents"),
        "moves": _("moves"),
        "badJson": _("This is not JSON."),
        "window": _("When"),
        "amount": _("How many"),
        "unit": _("Unit"),
        "days": _("days"),
        "failed": _("That did not work. Try again."),
        "out": _("Not saved: you are logged out. Log in in another window, then go on here."),
        "moved": _("Moved"),
        "copies": _("copies"),
        "undoes": _("undoes"),
        "undo": _("Undone"),
        "redo": _("Done again"),
        "copied": _("Copied. Paste it here or into another segment."),
        "cut": _("Cut. Paste it here or into another segment."),
        "pasted": _("Pasted"),
        "broughtBack": _("The earlier rule stands in the builder. It is not saved yet."),
        "notAClause": _("There is no clause in what was copied."),
        "true": _("true"),
        "false": _("false"),
        "loading": _("Looking..."),
        "empty": _("empty"),
    }
