"""A row of the policy table as a form: each term says nothing until it is set."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from config.workspace.locales import countries_in
from consent.channels import CHANNELS, LegalClass
from consent.models import Policy, Purpose
from consent.policy.changing import BadPolicy, as_it_would_be, said_of
from consent.policy.places import EEA, EVERYWHERE, REGIONS, UNKNOWN
from consent.policy.terms import TERMS, PolicyTerm
from consent.policy.words import channel_in_words, place_in_words

SILENT = ("", _("says nothing"))
TERM = "term_"


class PolicyForm(forms.Form):
    """Every column, the terms one by one, and why."""

    name = forms.CharField(label=_("Name"), max_length=200)
    place = forms.ChoiceField(label=_("Country or region"))
    purpose = forms.ChoiceField(label=_("Purposes"), required=False)
    channel = forms.ChoiceField(label=_("Channels"), required=False)
    law = forms.CharField(label=_("Law"), max_length=300, required=False)
    source = forms.CharField(
        label=_("Where it stands"),
        max_length=300,
        required=False,
        help_text=_("An address or a citation, so that anybody can look it up."),
    )
    valid_from = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    valid_until = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
        help_text=_("The first day on which it holds no more."),
    )
    is_on = forms.BooleanField(label=_("Switched on"), required=False)
    why = forms.CharField(
        label=_("Why"), max_length=300, required=False, widget=forms.Textarea({"rows": 2})
    )

    def __init__(self, row: Policy, data: Any = None) -> None:
        super().__init__(data, initial=_initial(row))
        self.row = row
        self._choices("place", _places())
        self._choices("purpose", _purposes())
        self._choices("channel", _channels())
        for term in TERMS.values():
            self.fields |= _fields_of(term)

    def _choices(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    @property
    def terms(self) -> list[tuple[PolicyTerm, list[forms.BoundField]]]:
        """Each term with the fields that it is made of."""
        return [(term, [self[name] for name in _fields_of(term)]) for term in TERMS.values()]

    def clean(self) -> dict[str, Any]:
        """The row as it would be; what is wrong stands at its field."""
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        try:
            data["row"] = as_it_would_be(self.row, self.values(data))
        except BadPolicy as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))
        return data

    def values(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """As the services take them."""
        kind, _colon, name = data["purpose"].partition(":")
        found = {n: data[n] for n in ("name", "place", "channel", "law", "source", "is_on")}
        found |= {n: data[n] and data[n].isoformat() for n in ("valid_from", "valid_until")}
        return found | {
            "purpose_class": name if kind == "class" else "",
            "purpose": name if kind == "purpose" else "",
            "terms": _terms_of(data),
        }


def _initial(row: Policy) -> dict[str, Any]:
    said = said_of(row)
    found = {name: said[name] for name in said if name not in ("terms", "purpose")}
    found["purpose"] = (
        f"purpose:{said['purpose']}"
        if said["purpose"]
        else f"class:{row.purpose_class}"
        if row.purpose_class
        else ""
    )
    for name, value in row.terms.items():
        kind = TERMS[name].kind
        if kind in ("months", "hours"):
            found |= {f"{TERM}{name}_{part}": one for part, one in value.items()}
        elif kind == "yes_no":
            found[f"{TERM}{name}"] = "yes" if value else "no"
        else:
            found[f"{TERM}{name}"] = value
    return found


def _places() -> list[tuple[str, str]]:
    fixed = [(code, place_in_words(code)) for code in (EVERYWHERE, UNKNOWN, EEA)]
    parts = [f"{country}-{code}" for country, codes in REGIONS.items() for code in codes]
    named = [(code, place_in_words(code)) for code in [*countries_in("en"), *parts]]
    return [*fixed, *sorted(named, key=lambda one: one[1])]


def _purposes() -> list[tuple[Any, Any]]:
    classes = [(f"class:{name}", label) for name, label in Purpose.Class.choices]
    own = Purpose.objects.filter(archived_at=None).values_list("slug", "name")
    named = [(f"purpose:{slug}", name) for slug, name in own]
    return [("", _("all purposes")), (_("a class"), classes), (_("one purpose"), named)]


def _channels() -> list[tuple[Any, Any]]:
    classes = [(name.value, channel_in_words(name.value)) for name in LegalClass]
    named = [(name, channel_in_words(name)) for name in CHANNELS.names()]
    return [("", _("all channels")), (_("a class"), classes), (_("one channel"), named)]


def _fields_of(term: PolicyTerm) -> dict[str, forms.Field]:
    name, choices = f"{TERM}{term.name}", list((term.choices or {}).items())
    label: Any = term.label
    if term.kind == "yes_no":
        options = [SILENT, ("yes", _("yes")), ("no", _("no"))]
        return {name: forms.ChoiceField(label=label, choices=options, required=False)}
    if term.kind == "choice":
        return {name: forms.ChoiceField(label=label, choices=[SILENT, *choices], required=False)}
    if term.kind == "bases":
        widget = forms.CheckboxSelectMultiple()
        return {
            name: forms.MultipleChoiceField(
                label=label, choices=choices, required=False, widget=widget
            )
        }
    if term.kind == "months":
        return {
            f"{name}_{part}": forms.IntegerField(
                label=str(said), required=False, min_value=1, max_value=1200
            )
            for part, said in choices
        }
    clock = {"placeholder": "08:00", "inputmode": "numeric"}
    return {
        f"{name}_{part}": forms.CharField(
            label=label, required=False, max_length=5, widget=forms.TextInput(clock)
        )
        for part, label in (("from", _("from")), ("to", _("to")))
    }


def _terms_of(data: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for term in TERMS.values():
        name = f"{TERM}{term.name}"
        if term.kind in ("months", "hours"):
            parts = {key.removeprefix(f"{name}_"): data.get(key) for key in _fields_of(term)}
            given = {part: value for part, value in parts.items() if value}
            if given:
                found[term.name] = given
        elif data.get(name):
            value = data[name]
            found[term.name] = value == "yes" if term.kind == "yes_no" else value
    return found
