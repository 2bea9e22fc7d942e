"""What a row of the policy table may say: the terms, what each may be, and which is stricter.

A term is data: rows hold them as JSON, by name. Who acts by one reads it from
`consent.policy.resolving`; nowhere else is a country's law written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.models.ledger import Basis

# how opens and clicks are measured
ON, PERMISSION, OFF = "on", "permission", "off"
# how far one STOP reaches
PURPOSE, EVERYTHING = "purpose", "everything"
# what a basis that ends is counted from
CONSENT, SALE, ENQUIRY = "consent", "sale", "enquiry"
MOST_MONTHS: Final = 1200


@dataclass(frozen=True)
class PolicyTerm:
    """One term: its name, what it is called, what is wrong with a value, how strict a value is.

    `strictness` is a number that is higher where the person is protected more.
    """

    name: str
    label: str | Promise
    kind: str  # bases, months, hours, choice, yes_no
    strictness: Callable[[Any], float]
    choices: Mapping[str, str | Promise] | None = None


def _of_bases(value: Any) -> float:
    return float(-len(value))


def _of_months(value: Any) -> float:
    return float(sum(MOST_MONTHS - months for months in value.values()))


def _of_hours(value: Any) -> float:
    begins, ends = (time.fromisoformat(value[name]) for name in ("from", "to"))
    return -((ends.hour * 60 + ends.minute) - (begins.hour * 60 + begins.minute))


def _of_yes(value: Any) -> float:
    return float(bool(value))


def _among(*order: str) -> Callable[[Any], float]:
    return lambda value: float(order.index(value))


BASES, EXPIRY, EVIDENCE, HOURS = "bases", "expires_months", "soft_opt_in_evidence", "hours"
TRACKING, DOUBLE_OPT_IN, STOP_SCOPE = "open_tracking", "double_opt_in", "stop_scope"
GPC, CONFIRMED, AUTOMATED = "gpc_honoured", "opt_out_confirmed", "automated_decisions"
ITEMISED, EASY, EQUAL = "itemised_notice", "easy_withdrawal", "equal_refusal"

TERMS: Final[Mapping[str, PolicyTerm]] = {
    term.name: term
    for term in (
        PolicyTerm(BASES, _("Accepted grounds"), "bases", _of_bases, dict(Basis.choices)),
        PolicyTerm(
            EVIDENCE,
            _("Soft opt-in with evidence of the sale alone"),
            "yes_no",
            _of_yes,
        ),
        PolicyTerm(
            EXPIRY,
            _("A ground ends after so many months"),
            "months",
            _of_months,
            {
                CONSENT: _("consent"),
                SALE: _("soft opt-in after a sale"),
                ENQUIRY: _("soft opt-in after an enquiry"),
            },
        ),
        PolicyTerm(DOUBLE_OPT_IN, _("Double opt-in"), "yes_no", _of_yes),
        PolicyTerm(HOURS, _("Legal hours"), "hours", _of_hours),
        PolicyTerm(
            TRACKING,
            _("Opens and clicks are measured"),
            "choice",
            _among(ON, PERMISSION, OFF),
            {ON: _("unless refused"), PERMISSION: _("with permission"), OFF: _("never")},
        ),
        PolicyTerm(
            STOP_SCOPE,
            _("One STOP ends"),
            "choice",
            _among(PURPOSE, EVERYTHING),
            {PURPOSE: _("this purpose"), EVERYTHING: _("everything to that number")},
        ),
        PolicyTerm(GPC, _("Global Privacy Control is honoured"), "yes_no", _of_yes),
        PolicyTerm(CONFIRMED, _("An opt-out is visibly confirmed"), "yes_no", _of_yes),
        PolicyTerm(AUTOMATED, _("Notice of automated decisions, and a way out"), "yes_no", _of_yes),
        PolicyTerm(ITEMISED, _("Itemised notice"), "yes_no", _of_yes),
        PolicyTerm(EASY, _("Withdrawing is as easy as giving"), "yes_no", _of_yes),
        PolicyTerm(EQUAL, _("Refusing is as prominent as accepting"), "yes_no", _of_yes),
    )
}


class BadTerm(ValueError):
    """A term that is none, or a value that it cannot have; the text says which, in words."""


def checked(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms as they are kept. Raises BadTerm, naming the first that is wrong."""
    found = {}
    for name, value in terms.items():
        term = TERMS.get(name)
        if term is None:
            raise BadTerm(_("%(name)s is no term.") % {"name": name})
        found[name] = _CHECKS[term.kind](term, value)
    return found


def _bases(term: PolicyTerm, value: Any) -> list[str]:
    if not isinstance(value, list) or not set(value) <= set(Basis.values):
        raise BadTerm(
            _("%(name)s: a list of %(values)s.")
            % {"name": term.name, "values": ", ".join(Basis.values)}
        )
    return [basis for basis in Basis.values if basis in value]


def _months(term: PolicyTerm, value: Any) -> dict[str, int]:
    names = term.choices or {}
    if (
        not isinstance(value, Mapping)
        or not value
        or not set(value) <= set(names)
        or not all(_is_months(one) for one in value.values())
    ):
        raise BadTerm(
            _("%(name)s: whole months (1 to %(most)d) for %(values)s.")
            % {"name": term.name, "most": MOST_MONTHS, "values": ", ".join(names)}
        )
    return {name: value[name] for name in names if name in value}


def _is_months(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_MONTHS


def _hours(term: PolicyTerm, value: Any) -> dict[str, str]:
    try:
        begins, ends = (time.fromisoformat(value[name]) for name in ("from", "to"))
        if set(value) != {"from", "to"} or begins >= ends or begins.tzinfo or ends.tzinfo:
            raise ValueError
    except (TypeError, KeyError, ValueError) as error:
        words = _("%(name)s: from and to, as 08:00 and 21:00, the first before the second.")
        raise BadTerm(words % {"name": term.name}) from error
    return {"from": begins.isoformat("minutes"), "to": ends.isoformat("minutes")}


def _choice(term: PolicyTerm, value: Any) -> str:
    if not isinstance(value, str) or value not in (term.choices or {}):
        raise BadTerm(
            _("%(name)s: one of %(values)s.")
            % {"name": term.name, "values": ", ".join(term.choices or {})}
        )
    return value


def _yes_no(term: PolicyTerm, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadTerm(_("%(name)s: true or false.") % {"name": term.name})
    return value


_CHECKS: Final[Mapping[str, Callable[[PolicyTerm, Any], Any]]] = {
    "bases": _bases,
    "months": _months,
    "hours": _hours,
    "choice": _choice,
    "yes_no": _yes_no,
}
