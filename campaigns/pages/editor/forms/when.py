"""When: now or later, what counts as success, and how often is enough."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from campaigns.pages.editor.forms.base import MAX_NAME, StepForm, step_of, steps_with
from config.workspace.frequency import MOST_COUNT, MOST_DAYS
from config.workspace.zones import read_exact, workspace_zone
from profiles.language.times.durations import stored_duration
from profiles.models import EventDefinition
from profiles.selectors.masking import looks_personal

LOCAL = "%Y-%m-%dT%H:%M"
DEFAULT_WINDOW = 5  # days; as of `campaigns.gate.terms.WINDOW`


class WhenForm(StepForm):
    """Now or later, what counts as success, and how often is enough."""

    paths: ClassVar[Mapping[str, str]] = {
        "entry": "at",
        "goal.event": "goal_event",
        "goal": "goal_days",
        "caps": "cap_count",
        "steps": "expires_days",
    }
    mode = forms.ChoiceField(
        label=_("Start"),
        choices=[("now", _("When I press the button")), ("at", _("At a day and time"))],
        widget=forms.RadioSelect,
    )
    at = forms.CharField(
        label=_("Day and time"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    goal_event = forms.CharField(
        label=_("Goal"),
        required=False,
        max_length=MAX_NAME,
        widget=forms.TextInput(attrs={"list": "goal-events", "autocomplete": "off"}),
        help_text=_(
            "What a mail shall lead to, such as Order Completed. Empty: nothing is counted."
        ),
    )
    goal_days = forms.IntegerField(
        label=_("within days"),
        required=False,
        min_value=1,
        max_value=90,
        help_text=_("After the last click. 5 by default."),
    )
    cap_mode = forms.ChoiceField(
        label=_("Contact frequency"),
        required=False,  # absent: by whether days are given
        choices=[
            ("workspace", _("As for all campaigns")),
            ("own", _("This campaign's own")),
            ("none", _("No limit for this campaign")),
            ("kept", _("Limits of its own, set by the API")),
        ],
        widget=forms.RadioSelect,
    )
    cap_count = forms.IntegerField(
        label=_("At most"), required=False, min_value=1, max_value=MOST_COUNT
    )
    cap_days = forms.IntegerField(
        label=_("in days"), required=False, min_value=1, max_value=MOST_DAYS
    )
    expires_days = forms.IntegerField(
        label=_("Too late after days"),
        required=False,
        min_value=1,
        max_value=30,
        help_text=_("What is still waiting then is not sent any more. 3 by default."),
    )

    @classmethod
    def of(cls, campaign: Campaign) -> dict[str, Any]:
        """The draft as the fields show it."""
        goal, caps = campaign.goal or {}, campaign.caps or {}
        at = read_exact(campaign.entry.get("at"))
        return {
            "mode": "at" if at else "now",
            "at": at.astimezone(workspace_zone()).strftime(LOCAL) if at else "",
            "goal_event": goal.get("event", ""),
            "goal_days": in_days(goal.get("window")) or "",
            "cap_mode": cap_mode(caps),
            "cap_count": caps.get("count", 1) if caps.get("per_days") else "",
            "cap_days": caps.get("per_days", ""),
            "expires_days": in_days(step_of(campaign).get("expires_in")) or "",
        }

    def clean(self) -> dict[str, Any]:
        """A time where one is asked for, in the future; a contact frequency is two numbers."""
        given = super().clean() or {}
        given["moment"] = self._moment(given) if given.get("mode") == "at" else None
        given["cap_mode"] = given.get("cap_mode") or (
            "own" if given.get("cap_count") or given.get("cap_days") else "workspace"
        )
        if given["cap_mode"] == "own" and not given.get("cap_days"):
            self.add_error("cap_days", _("Within how many days?"))
        return given

    def _moment(self, given: dict[str, Any]) -> datetime | None:
        try:
            local = datetime.strptime(given.get("at", "")[:16], LOCAL)  # noqa: DTZ007 - see below
        except ValueError:
            self.add_error("at", _("Choose a day and a time."))
            return None
        at = local.replace(tzinfo=workspace_zone())
        if at <= timezone.now():
            self.add_error("at", _("This time has passed. Choose a later one, or start by hand."))
        elif not self.campaign.entry.get("segment"):
            self.add_error(
                "at", _("Choose the segment in the step Who first: a time belongs to it.")
            )
        return at

    def data_of(self) -> dict[str, Any]:
        """What changes in the draft."""
        given, step = self.cleaned_data, step_of(self.campaign)
        step.pop("expires_in", None)
        if given["expires_days"]:
            step["expires_in"] = {"days": given["expires_days"]}
        goal = dict(self.campaign.goal or {})
        goal = {**goal, "event": given["goal_event"].strip()}
        goal["window"] = {"days": given["goal_days"] or DEFAULT_WINDOW}
        own = {"count": given["cap_count"] or 1, "per_days": given["cap_days"]}
        kept = self.campaign.caps if cap_mode(self.campaign.caps or {}) == "kept" else None
        caps = {"workspace": None, "own": own, "none": {"unlimited": True}, "kept": kept}
        return {
            "entry": self._entry(given["moment"]),
            "steps": steps_with(self.campaign, step),
            "goal": goal if goal["event"] else None,
            "caps": caps[given["cap_mode"]],
        }

    def _entry(self, at: datetime | None) -> dict[str, Any]:
        segment = self.campaign.entry.get("segment")
        if not segment:
            return {}
        if at is None:
            return {"kind": "segment", "segment": segment}
        return {"kind": "schedule", "segment": segment, "at": at.isoformat()}


def cap_mode(caps: Mapping[str, Any]) -> str:
    """Which of the choices a draft's caps are."""
    if caps.get("unlimited"):
        return "none"
    if caps.get("limits"):
        return "kept"
    return "own" if caps.get("per_days") else "workspace"


def in_days(window: Any) -> int:
    """A duration in whole days; 0 for none."""
    found = stored_duration(window)
    return max(1, round(found.in_days)) if found else 0


def goal_events() -> list[str]:
    """Names of events that a goal may be, conversions first; none with somebody's number in it."""
    rows = EventDefinition.objects.filter(is_hidden=False)
    rows = rows.order_by("-is_conversion", "-is_proven", "name")
    names = rows.values_list("name", flat=True)[:200]
    return [name for name in names if not looks_personal(name)]
