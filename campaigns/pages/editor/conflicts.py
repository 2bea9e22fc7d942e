"""What a page says that is older than the draft: what became of it meanwhile, and how to go on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from campaigns.pages.editor.forms import FORMS, StepForm
from config.workspace.lifecycle.revisions import changes_since
from config.workspace.models import User

PARTS: dict[str, str | Promise] = {
    "name": _("the name"),
    "slug": _("the address"),
    "entry": _("the audience or the start"),
    "steps": _("the mail, its purpose or its topic"),
    "sender": _("the sender"),
    "exit": _("who leaves"),
    "goal": _("the goal"),
    "caps": _("the contact frequency"),
    "holdout": _("the control group"),
}


@dataclass(frozen=True)
class Difference:
    """A field that stands otherwise in the draft than on the page."""

    label: str | Promise
    stored: str
    typed: str


@dataclass(frozen=True)
class Conflict:
    """What happened to the draft since the page was made. `revision` is the one of now."""

    revision: int
    by: list[str]
    is_mine: bool
    at: datetime
    parts: list[str | Promise]
    differences: list[Difference]


def conflict_of(form: StepForm, here: str, built_on: int, user: User) -> Conflict:
    """The draft as it is now beside what was typed; two queries and those of the form."""
    row = Campaign.objects.select_related("sender", "current").get(pk=form.campaign.pk)
    entries = changes_since("campaign", row.slug, built_on)
    changed = {name for entry in entries for name in entry.fields}
    others = {entry.actor_name for entry in entries if entry.actor_id != user.pk}
    return Conflict(
        revision=row.revision,
        by=sorted(name for name in others if name),
        is_mine=bool(entries) and all(entry.actor_id == user.pk for entry in entries),
        at=row.updated_at,
        parts=[words for name, words in PARTS.items() if name in changed],
        differences=list(_differences(form, FORMS[here](row))),
    )


def _differences(typed: StepForm, stored: StepForm) -> Any:
    for name, field in stored.fields.items():
        now, mine = (_text(field, form[name].value()) for form in (stored, typed))
        if now != mine:
            yield Difference(field.label or name, now, mine)


def _text(field: forms.Field, value: Any) -> str:
    """As one reads it: the words of a choice, not its slug."""
    text = str(value if value is not None else "").replace("\r\n", "\n").strip()
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        for key, label in choices:
            inner = label if isinstance(label, list | tuple) else [(key, label)]
            for one, words in inner:
                if str(one) == text and text:
                    return str(words)
    return text
