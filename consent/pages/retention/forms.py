"""The form of a retention rule."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.models import RetentionRule
from consent.retention import keeping
from consent.retention.classes import CLASSES

# the field of the form that stands for a path of `RuleRefused`
_FIELDS = {"class": "data_class", "keep.n": "keep_n", "keep.unit": "keep_unit"}


class RetentionForm(forms.Form):
    """How long, and what then. Which data is said once, when the rule is made."""

    data_class = forms.ChoiceField(label=_("Which data"))
    name = forms.CharField(
        label=_("Only events of this name"),
        required=False,
        max_length=500,
        help_text=_("Empty: every event that has no rule of its own."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "event-names"}),
    )
    keep_n = forms.IntegerField(label=_("Kept for"), min_value=1, max_value=36_500)
    keep_unit = forms.ChoiceField(
        label=_("Unit"), choices=RetentionRule.Unit.choices, initial=RetentionRule.Unit.MONTH
    )
    act = forms.ChoiceField(label=_("Then"), choices=RetentionRule.Act.choices)
    because = forms.CharField(
        label=_("Why so long"),
        required=False,
        max_length=2000,
        help_text=_("For the register of processing: a law, a purpose, a need."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, rule: RetentionRule | None = None, **kwargs: Any) -> None:
        self.rule = rule
        if rule is not None:
            names = ("keep_n", "keep_unit", "act", "because")
            kwargs["initial"] = {name: getattr(rule, name) for name in names}
        super().__init__(*args, **kwargs)
        if rule is not None:
            del self.fields["data_class"], self.fields["name"]
            acts = keeping.class_of(rule.data_class).acts
            choices = [one for one in RetentionRule.Act.choices if one[0] in acts]
            self.fields["act"].choices = choices  # type: ignore[attr-defined]
        else:
            choices = [(name, kind.label) for name, kind in CLASSES]
            self.fields["data_class"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What the service refuses stands at its field."""
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        whole = dict(given)
        if self.rule is not None:
            whole |= {"data_class": self.rule.data_class, "name": self.rule.name}
        try:
            keeping.check(whole)
            if self.rule is None:
                keeping.refuse_second(whole)
        except keeping.RuleRefused as error:
            self.add_error(_FIELDS.get(error.path, error.path), str(error))
        return given

    def save(self) -> RetentionRule:
        """Make or change it."""
        if self.rule is None:
            return keeping.make(self.cleaned_data)
        return keeping.change(self.rule, self.cleaned_data)
