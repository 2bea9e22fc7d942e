"""What: sender and content."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Sender
from campaigns.pages.editor.forms.base import StepForm, has_variants, step_of, steps_with
from campaigns.pages.editor.preheaders import with_preheader, without_preheader

MAX_SUBJECT, MAX_SOURCE = 998, 1_000_000


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
        Sender.objects.filter(archived_at=None),
        label=_("From"),
        required=False,
        empty_label=_("Choose a sender"),
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
        return {**changes, "steps": steps_with(self.campaign, step)}
