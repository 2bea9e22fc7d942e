"""The policy table in words: places, what a row is about, what each term says."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from config.workspace.locales import country_name
from consent.channels import CHANNELS, LegalClass, label_of
from consent.models import Policy, Purpose
from consent.models.ledger import Basis
from consent.policy.places import EEA, EVERYWHERE, REGIONS, UNKNOWN
from consent.policy.terms import TERMS, PolicyTerm


def place_in_words(code: str) -> str:
    """The name of a place, in the reader's language where it is a country."""
    fixed = {
        EVERYWHERE: _("every other country"),
        UNKNOWN: _("no known country"),
        EEA: _("European Economic Area"),
    }
    if code in fixed:
        return fixed[code]
    country, _dash, region = code.partition("-")
    named = country_name(country)
    return f"{REGIONS[country][region]}, {named}" if region else named


def channel_in_words(name: str) -> str:
    """A channel, a legal class of them, or all."""
    classes: dict[str, str] = {
        LegalClass.ELECTRONIC_MAIL: _("electronic mail (mail, texts, push)"),
        LegalClass.CALL: _("calls of all kinds"),
        LegalClass.OWN_SERVICE: _("our own service"),
        LegalClass.SYSTEM: _("systems of our own"),
    }
    if not name:
        return _("all channels")
    return str(label_of(name)) if name in CHANNELS else classes.get(name, name)


def about_in_words(row: Policy) -> str:
    """Which purposes and channels a row is about."""
    if row.purpose:
        what = row.purpose.title
    elif row.purpose_class:
        what = str(dict(Purpose.Class.choices)[row.purpose_class])
    else:
        what = _("all purposes")
    return f"{what}, {channel_in_words(row.channel)}"


def terms_in_words(terms: dict[str, Any]) -> list[tuple[str, str]]:
    """Each term of a row: its name and what it says."""
    return [
        (str(TERMS[name].label), said_in_words(TERMS[name], terms[name]))
        for name in TERMS
        if name in terms
    ]


def said_in_words(term: PolicyTerm, value: Any) -> str:
    """What a term says."""
    choices: dict[str, str | Promise] = dict(term.choices or {})
    if term.kind == "yes_no":
        return _("yes") if value else _("no")
    if term.kind == "choice":
        return str(choices[value])
    if term.kind == "hours":
        return str(_("%(from)s to %(to)s, by the person's clock") % value)
    if term.kind == "months":
        parts = (
            _("%(n)d months (%(what)s)") % {"n": months, "what": choices[name]}
            for name, months in value.items()
        )
        return ", ".join(parts)
    labels = dict(Basis.choices)
    return ", ".join(str(labels[basis]) for basis in value) or _("none")
