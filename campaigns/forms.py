"""The forms of the editor's steps: from a draft to fields and back, nothing typed is lost."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Sender
from campaigns.services.shapes import moment
from campaigns.views.preheaders import with_preheader, without_preheader
from campaigns.views.starters import STARTERS, content_of, first_step
from config.workspace.selectors import workspace
from consent.models import Purpose, Topic
from profiles.models import EventDefinition
from segments.models import Segment

PERCENT = 100
MAX_NAME, MAX_SUBJECT, MAX_SOURCE = 300, 998, 1_000_000
LOCAL = "%Y-%m-%dT%H:%M"
DEFAULT_WINDOW = 5  # days; semantics.md section 9


def step_of(campaign: Campaign) -> dict[str, Any]:
    """The draft's one message step, or a fresh one."""
    steps = campaign.steps
    return dict(steps[0]) if steps else first_step({"subject": "", "mjml": ""})


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

    def take_errors(self, errors: Iterable[Mapping[str, str]]) -> None:
        """Put what the service refused beside its field."""
        for error in errors:
            path = error["path"]
            named = next((self.paths[p] for p in self.paths if path.startswith(p)), None)
            self.add_error(named if named in self.fields else None, error["message"])

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
            "purpose": step.get("purpose", "marketing"),
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
            "steps": [step],
            "holdout": round((given["holdout"] or 0) / PERCENT, 6),
        }


def _purposes() -> list[tuple[str, str]]:
    rows = Purpose.objects.exclude(purpose_class=Purpose.Class.PROCESSING)
    return [(row.slug, row.name) for row in rows]


def _topics() -> list[Any]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in Topic.objects.select_related("purpose"):
        groups.setdefault(row.purpose.name, []).append((row.slug, row.name))
    return [("", _("No topic: the whole purpose")), *groups.items()]


class WhatForm(StepForm):
    """Sender and content."""

    paths: ClassVar[Mapping[str, str]] = {
        "sender": "sender",
        "steps[0].content.subject": "subject",
        "steps[0].content.text": "text",
        "steps[0].content": "source",
        "steps": "source",
    }
    sender = forms.ModelChoiceField(
        Sender.objects.all(), label=_("From"), required=False, empty_label=_("Choose a sender")
    )
    subject = forms.CharField(label=_("Subject"), max_length=MAX_SUBJECT, required=False)
    preheader = forms.CharField(
        label=_("Preheader"),
        max_length=200,
        required=False,
        help_text=_(
            "The words beside the subject in an inbox. Empty: the first words of the mail."
        ),
    )
    kind = forms.ChoiceField(
        label=_("Written in"),
        choices=[("mjml", "MJML"), ("html", "HTML")],
        widget=forms.RadioSelect,
    )
    source = forms.CharField(
        label=_("Mail"),
        max_length=MAX_SOURCE,
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 22, "spellcheck": "false", "class": "r-source", "wrap": "off"}
        ),
    )
    text = forms.CharField(
        label=_("Plain text"),
        max_length=MAX_SOURCE,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "class": "r-source"}),
        help_text=_("Empty: made from the mail by itself."),
    )

    def clean_source(self) -> str:
        """With LF for the line ends that a browser makes CR LF."""
        return str(self.cleaned_data["source"]).replace("\r\n", "\n")

    def clean_text(self) -> str:
        """With LF for the line ends that a browser makes CR LF."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")

    @classmethod
    def of(cls, campaign: Campaign) -> dict[str, Any]:
        """The draft as the fields show it."""
        step = step_of(campaign)
        variants = step.get("variants") or []
        content = variants[0].get("content", {}) if variants else step.get("content") or {}
        kind = "html" if content.get("html") and not content.get("mjml") else "mjml"
        source, words = without_preheader(content.get(kind) or "", is_mjml=kind == "mjml")
        return {
            "sender": campaign.sender_id,
            "subject": content.get("subject") or "",
            "preheader": content.get("preheader") or words,
            "kind": kind,
            "source": source,
            "text": content.get("text") or "",
        }

    def data_of(self) -> dict[str, Any]:
        """What changes in the draft; of a campaign with variants the sender alone."""
        given, step = self.cleaned_data, step_of(self.campaign)
        changes: dict[str, Any] = {"sender": given["sender"].pk if given["sender"] else None}
        if has_variants(self.campaign):
            return changes
        source = with_preheader(
            given["source"], given["preheader"], is_mjml=given["kind"] == "mjml"
        )
        step["content"] = {
            "subject": given["subject"],
            "preheader": given["preheader"],
            given["kind"]: source,
        }
        if given["text"].strip():
            step["content"]["text"] = given["text"]
        return {**changes, "steps": [step]}


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
    cap_count = forms.IntegerField(label=_("At most"), required=False, min_value=1, max_value=1000)
    cap_days = forms.IntegerField(label=_("in days"), required=False, min_value=1, max_value=365)
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
        at = moment(campaign.entry.get("at"))
        return {
            "mode": "at" if at else "now",
            "at": at.astimezone(zone()).strftime(LOCAL) if at else "",
            "goal_event": goal.get("event", ""),
            "goal_days": in_days(goal.get("window")) or "",
            "cap_count": caps.get("count", 1) if caps else "",
            "cap_days": caps.get("per_days", ""),
            "expires_days": in_days(step_of(campaign).get("expires_in")) or "",
        }

    def clean(self) -> dict[str, Any]:
        """A time where one is asked for, in the future; a contact frequency is two numbers."""
        given = super().clean() or {}
        given["moment"] = self._moment(given) if given.get("mode") == "at" else None
        if given.get("cap_count") and not given.get("cap_days"):
            self.add_error("cap_days", _("Within how many days?"))
        return given

    def _moment(self, given: dict[str, Any]) -> datetime | None:
        try:
            local = datetime.strptime(given.get("at", "")[:16], LOCAL)  # noqa: DTZ007 - see below
        except ValueError:
            self.add_error("at", _("Choose a day and a time."))
            return None
        at = local.replace(tzinfo=zone())
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
        caps = {"count": given["cap_count"] or 1, "per_days": given["cap_days"]}
        return {
            "entry": self._entry(given["moment"]),
            "steps": [step],
            "goal": goal if goal["event"] else None,
            "caps": caps if given["cap_days"] else None,
        }

    def _entry(self, at: datetime | None) -> dict[str, Any]:
        segment = self.campaign.entry.get("segment")
        if not segment:
            return {}
        if at is None:
            return {"kind": "segment", "segment": segment}
        return {"kind": "schedule", "segment": segment, "at": at.isoformat()}


def zone() -> ZoneInfo:
    """The workspace's own zone: campaigns start by its clock."""
    return ZoneInfo(workspace().time_zone)


_UNITS = {"minutes": 1 / 1440, "hours": 1 / 24, "days": 1, "weeks": 7, "months": 30}


def in_days(window: Any) -> int:
    """A duration in whole days; 0 for none."""
    if not isinstance(window, Mapping) or not window:
        return 0
    unit, number = next(iter(window.items()))
    return max(1, round(number * _UNITS.get(unit, 1)))


def goal_events() -> list[str]:
    """Names of events that a goal may be, conversions first."""
    rows = EventDefinition.objects.order_by("-is_conversion", "name")
    return list(rows.values_list("name", flat=True)[:200])


FORMS: dict[str, type[StepForm]] = {"who": WhoForm, "what": WhatForm, "when": WhenForm}
