"""Who: audience, purpose, topic, control group."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from campaigns.pages.editor.forms.base import MAX_NAME, StepForm, step_of, steps_with
from campaigns.plan import purpose_slug
from consent.models import Purpose, Topic
from segments.models import Segment

PERCENT = 100


class WhoForm(StepForm):
    """Audience, purpose, topic, control group."""

    paths: ClassVar[Mapping[str, str]] = {
        "name": "name",
        "entry": "segment",
        "steps[0].purpose": "purpose",
        "steps[0].topic": "topic",
        "holdout": "holdout",
    }
    name = forms.CharField(
        label=_("Name"), max_length=MAX_NAME, help_text=_("Only your team sees it.")
    )
    segment = forms.ChoiceField(label=_("Segment"), required=False, widget=forms.RadioSelect)
    purpose = forms.ChoiceField(
        label=_("Purpose"),
        help_text=_("What their permission must be for."),
    )
    topic = forms.ChoiceField(
        label=_("Topic"),
        required=False,
        help_text=_("Whoever turned this topic off is left out."),
    )
    holdout = forms.FloatField(
        label=_("Control group"),
        min_value=0,
        max_value=90,
        required=False,
        help_text=_(
            "Per cent kept out by lot, so that the report can say what the mail really brought."
        ),
    )

    def __init__(self, campaign: Campaign, *args: Any, **kwargs: Any) -> None:
        super().__init__(campaign, *args, **kwargs)
        self.segments = list(Segment.objects.filter(archived_at=None).order_by("name"))
        known = [(one.slug, one.name) for one in self.segments]
        chosen = self.initial.get("segment")
        self.fields["segment"].choices = [("", _("Nobody yet")), *known]  # type: ignore[attr-defined]
        if chosen and chosen not in dict(known):
            self.initial["segment"] = ""
        self.fields["purpose"].choices = _purposes()  # type: ignore[attr-defined]
        self.fields["topic"].choices = _topics()  # type: ignore[attr-defined]
        self.fields["holdout"].widget.attrs |= {"step": "any", "inputmode": "decimal"}

    @classmethod
    def of(cls, campaign: Campaign) -> dict[str, Any]:
        """The draft as the fields show it."""
        step = step_of(campaign)
        return {
            "name": campaign.name,
            "segment": campaign.entry.get("segment", ""),
            "purpose": purpose_slug(step),
            "topic": step.get("topic", ""),
            "holdout": f"{campaign.holdout * PERCENT:.4g}",
        }

    def data_of(self) -> dict[str, Any]:
        """What changes in the draft."""
        given, step = self.cleaned_data, step_of(self.campaign)
        step["purpose"] = given["purpose"]
        step.pop("topic", None)
        if given["topic"]:
            step["topic"] = given["topic"]
        entry: dict[str, Any] = {}
        if given["segment"]:
            kept = self.campaign.entry or {"kind": "segment"}
            entry = {**kept, "segment": given["segment"]}
        return {
            "name": given["name"],
            "entry": entry,
            "steps": steps_with(self.campaign, step),
            "holdout": round((given["holdout"] or 0) / PERCENT, 6),
        }


def _purposes() -> list[tuple[str, str]]:
    live = Purpose.objects.filter(archived_at=None)
    rows = live.exclude(purpose_class=Purpose.Class.PROCESSING)
    return [(row.slug, row.name) for row in rows]


def _topics() -> list[Any]:
    groups: dict[str, list[tuple[str, str]]] = {}
    live = Topic.objects.filter(archived_at=None, purpose__archived_at=None)
    for row in live.select_related("purpose"):
        groups.setdefault(row.purpose.title, []).append((row.slug, row.name))
    return [("", _("No topic: the whole purpose")), *groups.items()]
