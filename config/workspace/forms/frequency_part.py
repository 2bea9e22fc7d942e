"""The part of the workspace's form about how often marketing reaches a person."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from config.workspace.frequency import (
    DEFAULT,
    MOST_COUNT,
    MOST_DAYS,
    TAG,
    TOTAL,
    Frequency,
    contact_frequency,
    is_limit,
    is_tag,
    set_contact_frequency,
    set_tag_frequencies,
    tag_frequencies,
    total_frequency,
)

EMAIL = "email"  # the channel that the console's campaigns use


def _number(label: Any, most: int, help_text: Any = "") -> forms.IntegerField:
    """One of the two numbers of a limit, needed only where it is switched on. Lazy words."""
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=most,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=help_text,
    )


class FrequencyPart(forms.ModelForm):  # type: ignore[type-arg]
    """On the channel of mails, over all channels, and by tag."""

    is_capped = forms.BooleanField(
        label=_("Limit how often marketing mail reaches a person"),
        required=False,
        help_text=_("A campaign may say its own instead. Service mail is never counted."),
        widget=UnfoldBooleanSwitchWidget(),
    )
    cap_count = _number(_("At most so many marketing mails"), MOST_COUNT)
    cap_days = _number(
        _("within so many days"), MOST_DAYS, _("Days of the person's own calendar: 1 is today.")
    )
    is_total_capped = forms.BooleanField(
        label=_("Limit all channels together as well"),
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )
    total_count = _number(_("At most so many marketing messages"), MOST_COUNT)
    total_days = _number(_("within so many days"), MOST_DAYS)
    tag_limits = forms.CharField(
        label=_("Limits by tag"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "placeholder": "promo 2 7"}),
        help_text=_(
            "One a line: the tag, how many messages, within how many days. A step of a campaign"
            " has its tags by the API."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        frequency = contact_frequency(EMAIL)
        shown = frequency or DEFAULT
        self.initial["is_capped"] = frequency is not None
        self.initial["cap_count"], self.initial["cap_days"] = shown.count, shown.per_days
        total = total_frequency()
        self.initial["is_total_capped"] = total is not None
        if total:
            self.initial["total_count"], self.initial["total_days"] = total.count, total.per_days
        lines = (f"{tag} {one.count} {one.per_days}" for tag, one in tag_frequencies().items())
        self.initial["tag_limits"] = "\n".join(lines)

    def clean(self) -> dict[str, Any]:
        """A limit is two numbers."""
        data: dict[str, Any] = super().clean() or {}
        for switch, names in (
            ("is_capped", ("cap_count", "cap_days")),
            ("is_total_capped", ("total_count", "total_days")),
        ):
            for name in names:
                if data.get(switch) and not data.get(name) and name not in self.errors:
                    self.add_error(name, _("Needed for a limit."))
        return data

    def clean_tag_limits(self) -> dict[str, Frequency]:
        """By tag. Raises ValidationError with the line that cannot be read."""
        lines = self.cleaned_data["tag_limits"].splitlines()
        limits = [_tag_limit(line.strip()) for line in lines if line.strip()]
        return {limit.tag: limit for limit in limits}

    def store_frequency(self) -> None:
        """Write what differs."""
        if self.frequency != contact_frequency(EMAIL):
            set_contact_frequency(EMAIL, self.frequency)
        if self.total != total_frequency():
            set_contact_frequency(TOTAL, self.total)
        if self.cleaned_data["tag_limits"] != tag_frequencies():
            set_tag_frequencies(self.cleaned_data["tag_limits"])

    @property
    def frequency(self) -> Frequency | None:
        """What was chosen."""
        data = self.cleaned_data
        return Frequency(data["cap_count"], data["cap_days"]) if data["is_capped"] else None

    @property
    def total(self) -> Frequency | None:
        """The same over all channels."""
        data = self.cleaned_data
        if not data["is_total_capped"]:
            return None
        return Frequency(data["total_count"], data["total_days"], TOTAL)


def _tag_limit(line: str) -> Frequency:
    tag, *numbers = line.split()
    if not is_tag(tag) or len(numbers) != 2 or not all(map(str.isdecimal, numbers)):  # noqa: PLR2004
        words = _("“%(line)s” is no tag with two numbers, such as promo 2 7.")
        raise forms.ValidationError(words % {"line": line})
    count, days = (int(number[:9]) for number in numbers)  # more digits are too many anyway
    if not is_limit(count, days):
        words = _("“%(line)s”: from 1 to %(count)d messages, within 1 to %(days)d days.")
        raise forms.ValidationError(words % {"line": line, "count": MOST_COUNT, "days": MOST_DAYS})
    return Frequency(count, days, TAG, tag)
