"""What the forms of the editor's steps share: from a draft to fields and back, nothing is lost."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from campaigns.pages.editor.starters import STARTERS, content_of, first_step
from campaigns.plan import is_single, messages_in, plan_of

MAX_NAME = 300


def step_of(campaign: Campaign) -> dict[str, Any]:
    """The draft's first message, or a fresh one."""
    found = messages_in(campaign.steps)
    return dict(found[0].step) if found else first_step({"subject": "", "mjml": ""})


def has_journey(campaign: Campaign) -> bool:
    """Whether people are on a way of several steps (made by the API)."""
    return bool(campaign.steps) and not is_single(campaign.steps)


def steps_with(campaign: Campaign, step: dict[str, Any]) -> list[dict[str, Any]]:
    """The draft's steps with this one for its first message; the others stay as they are."""
    found = messages_in(campaign.steps)
    if not found:
        return [*campaign.steps, step]
    replaced: list[dict[str, Any]] = _replaced(campaign.steps, found[0].step, step)
    return replaced


def _replaced(value: Any, old: Any, new: Any) -> Any:
    if value is old:
        return new
    if isinstance(value, list):
        return [_replaced(one, old, new) for one in value]
    if isinstance(value, dict):
        return {name: _replaced(one, old, new) for name, one in value.items()}
    return value


def launched_step(campaign: Campaign) -> dict[str, Any]:
    """The first message of what was launched, else of the draft."""
    found = plan_of(campaign).messages
    return dict(found[0].step) if found else step_of(campaign)


def has_variants(campaign: Campaign) -> bool:
    """Whether several contents are tried against one another (made by the API)."""
    return bool(step_of(campaign).get("variants"))


class StepForm(forms.Form):
    """A step of the editor over one draft. `data()` is what `update_campaign` takes."""

    # the beginning of a path of InvalidCampaign -> the field that it is about
    paths: ClassVar[Mapping[str, str]] = {}

    def __init__(self, campaign: Campaign, *args: Any, **kwargs: Any) -> None:
        self.campaign = campaign
        kwargs.setdefault("initial", self.of(campaign))
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["aria-describedby"] = f"err-{name}"

    @classmethod
    def of(cls, campaign: Campaign) -> dict[str, Any]:
        """The draft as the fields show it."""
        raise NotImplementedError

    def data_of(self) -> dict[str, Any]:
        """What changes in the draft."""
        raise NotImplementedError

    def take_errors(self, errors: Iterable[tuple[str, str]]) -> None:
        """Put what the service refused beside its field."""
        for path, message in errors:
            named = next((self.paths[p] for p in self.paths if path.startswith(p)), None)
            self.add_error(named if named in self.fields else None, message)

    def field_errors(self) -> dict[str, list[str]]:
        """Every field with its errors, or none."""
        return {name: [str(e) for e in self.errors.get(name, [])] for name in self.fields}


class NewForm(forms.Form):
    """A name and something to begin with."""

    name = forms.CharField(
        label=_("Name"), max_length=MAX_NAME, help_text=_("Only your team sees it.")
    )
    starter = forms.ChoiceField(
        label=_("Begin with"),
        choices=[(one.key, one.name) for one in STARTERS],
        initial=STARTERS[0].key,
        widget=forms.RadioSelect,
    )

    def content(self) -> dict[str, Any]:
        """What the first step says."""
        return content_of(self.cleaned_data["starter"])
