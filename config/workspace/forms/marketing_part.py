"""The part of the workspace's form about when marketing reaches nobody, and whom it never does."""

from datetime import time
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from config.workspace.marketing import (
    DROP,
    HOLD,
    MOST_CONTROL,
    control_share,
    quiet_hours,
    set_control_share,
    set_quiet_hours,
)

CLOCK = "%H:%M"
USUAL = {"from": "21:00", "to": "08:00", "else": HOLD}
PERCENT = 100


class ClockInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """A time of day, by the browser's own picker."""

    input_type = "time"

    def format_value(self, value: Any) -> str | None:
        """With hours and minutes, as the picker has it."""
        return value.strftime(CLOCK) if isinstance(value, time) else super().format_value(value)


class MarketingPart(forms.ModelForm):  # type: ignore[type-arg]
    """Quiet hours and the control group."""

    is_quiet = forms.BooleanField(
        label=_("Send nothing in quiet hours"),
        required=False,
        help_text=_(
            "By each person's own clock where it is known, else by the time zone above. For the"
            " messages of campaigns, and for marketing messages to one person."
        ),
        widget=UnfoldBooleanSwitchWidget(),
    )
    quiet_from = forms.TimeField(label=_("Quiet from"), required=False, widget=ClockInput())
    quiet_to = forms.TimeField(label=_("Quiet until"), required=False, widget=ClockInput())
    quiet_else = forms.ChoiceField(
        label=_("What would be sent meanwhile"),
        required=False,
        choices=[
            (HOLD, _("Waits until the quiet hours are over")),
            (DROP, _("Is not sent, with the reason")),
        ],
        widget=UnfoldAdminSelectWidget(),
    )
    control_percent = forms.DecimalField(
        label=_("People who get no marketing at all, in %"),
        required=False,
        min_value=0,
        max_value=round(MOST_CONTROL * PERCENT),
        decimal_places=2,  # as finely as people are drawn
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any", "inputmode": "decimal"}),
        help_text=_(
            "The same people in every campaign, drawn by lot: what the others buy more is what all"
            " your marketing brings. Up to 10 is usual. Service mail reaches them. Empty: nobody."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = quiet_hours() or USUAL
        found: dict[str, Any] = {
            "is_quiet": quiet_hours() is not None,
            "quiet_from": shown["from"],
            "quiet_to": shown["to"],
            "quiet_else": HOLD if shown["else"] == HOLD else DROP,
            "control_percent": f"{control_share() * PERCENT:.4g}" if control_share() else "",
        }
        self.initial.update(found)

    def clean(self) -> dict[str, Any]:
        """Quiet hours are two different times."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("is_quiet"):
            for name in ("quiet_from", "quiet_to"):
                if data.get(name) is None and name not in self.errors:
                    self.add_error(name, _("Needed for quiet hours."))
            if data.get("quiet_from") is not None and data["quiet_from"] == data.get("quiet_to"):
                words = _("They would begin and end at once: say another time, or switch them off.")
                self.add_error("quiet_to", words)
        return data

    def store_marketing(self) -> None:
        """Write what differs."""
        if self.hours != quiet_hours():
            set_quiet_hours(self.hours)
        if self.share != control_share():
            set_control_share(self.share)

    @property
    def hours(self) -> dict[str, str] | None:
        """What was chosen."""
        data = self.cleaned_data
        if not data["is_quiet"]:
            return None
        return {
            "from": data["quiet_from"].strftime(CLOCK),
            "to": data["quiet_to"].strftime(CLOCK),
            "else": data["quiet_else"] or HOLD,
        }

    @property
    def share(self) -> float:
        """The same of the control group."""
        return float((self.cleaned_data["control_percent"] or Decimal(0)) / PERCENT)
