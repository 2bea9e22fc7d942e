"""Rules, dry runs and runs in sentences."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.console.words import moment, num
from consent.models import RetentionRule, RetentionRun
from consent.retention.classes import ANONYMISE, CLASSES, RetainedClass
from consent.retention.people import NAME as PEOPLE


def keep_in_words(n: int, unit: str) -> str:
    """ "3 years"."""
    if unit == "day":
        words = ngettext("%(n)s day", "%(n)s days", n)
    elif unit == "month":
        words = ngettext("%(n)s month", "%(n)s months", n)
    else:
        words = ngettext("%(n)s year", "%(n)s years", n)
    return words % {"n": num(n)}


def without_rule(kind: RetainedClass) -> str:
    """How long a class stays where nobody made a rule."""
    most = getattr(settings, kind.setting) if kind.setting else 0
    return keep_in_words(most, kind.setting_unit) if most else str(kind.without or _("for ever"))


def class_in_words(data_class: str, name: str = "") -> str:
    """The class, and the one name of it that a rule is about."""
    kind = CLASSES.get(data_class)
    label = str(kind.label) if kind else data_class
    return _("%(class)s: %(name)s") % {"class": label, "name": name} if name else label


def rule_in_words(rule: RetentionRule | RetentionRun) -> str:
    """As a heading: "What people did: Page Viewed, kept for 13 months"."""
    kept = keep_in_words(rule.keep_n, rule.keep_unit)
    said = {"what": class_in_words(rule.data_class, rule.name), "kept": kept}
    return _("%(what)s, kept for %(kept)s") % said


def then_in_words(act: str) -> str:
    """What becomes of it, for a table."""
    return _("then numbers alone") if act == ANONYMISE else _("then deleted")


def counted_in_words(rule: RetentionRule, counted: Mapping[str, Any]) -> str:
    """What the dry run came to."""
    n = counted["rows"]
    if not n:
        return _("Nothing is that old: it would take nothing today.")
    before = moment(datetime.fromisoformat(counted["before"]))
    said = {"n": num(n), "before": before, "people": num(counted["people"] or 0)}
    if rule.data_class == PEOPLE:
        text = ngettext(
            "It would take %(n)s person, not seen since %(before)s, with everything of theirs.",
            "It would take %(n)s people, not seen since %(before)s, with everything of theirs.",
            n,
        )
    elif counted["people"]:
        text = ngettext(
            "It would take %(n)s row from before %(before)s, of %(people)s people.",
            "It would take %(n)s rows from before %(before)s, of %(people)s people.",
            n,
        )
    else:
        text = ngettext(
            "It would take %(n)s row from before %(before)s.",
            "It would take %(n)s rows from before %(before)s.",
            n,
        )
    return text % said


def switch_in_words(rule: RetentionRule, n: int) -> str:
    """The button repeats the act."""
    if not n:
        return _("Switch on, for every night")
    people = rule.data_class == PEOPLE
    if rule.act == ANONYMISE:
        text = (
            ngettext(
                "Anonymise %(n)s person now, and go on every night",
                "Anonymise %(n)s people now, and go on every night",
                n,
            )
            if people
            else ngettext(
                "Anonymise %(n)s row now, and go on every night",
                "Anonymise %(n)s rows now, and go on every night",
                n,
            )
        )
    else:
        text = (
            ngettext(
                "Delete %(n)s person now, and go on every night",
                "Delete %(n)s people now, and go on every night",
                n,
            )
            if people
            else ngettext(
                "Delete %(n)s row now, and go on every night",
                "Delete %(n)s rows now, and go on every night",
                n,
            )
        )
    return text % {"n": num(n)}


def ran_in_words(run: RetentionRun) -> str:
    """What a run took."""
    result = run.result
    rows = sum(result.get("rows", {}).values())
    if not rows:
        return _("nothing was that old")
    parts = [ngettext("%(n)s row", "%(n)s rows", rows) % {"n": num(rows)}]
    if people := result.get("people"):
        parts.insert(0, ngettext("%(n)s person", "%(n)s people", people) % {"n": num(people)})
    if months := result.get("months"):
        whole = ngettext("%(n)s month as a whole", "%(n)s months as a whole", len(months))
        parts.append(whole % {"n": num(len(months))})
    return ", ".join(parts)
