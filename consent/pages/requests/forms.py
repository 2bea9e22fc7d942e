"""A request that somebody of the team writes down: from a letter, a call, a talk."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from config.workspace.selectors import workspace
from consent.models import PrivacyRequest
from consent.models.privacy import Regulation, RequestType
from consent.privacy.requests import NotOne, asked, open_request
from profiles.identifiers.typed import reference_of


class NewRequestForm(forms.Form):
    """What is asked, by whom, under which law."""

    type = forms.ChoiceField(label=_("What they ask for"), choices=RequestType.choices)
    identifier = forms.CharField(
        label=_("Who they are"),
        help_text=_("A mail address, a phone number, or an id, as user_id:42."),
        max_length=600,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "jane@example.com"}),
    )
    regulation = forms.ChoiceField(label=_("Under which law"), choices=Regulation.choices)
    is_blocking = forms.BooleanField(
        label=_("After an erasure, take nothing of theirs in again"), required=False
    )

    def clean_identifier(self) -> str:
        """One person, or nobody that we know. A bare address or number says what it is."""
        text = str(self.cleaned_data["identifier"]).strip()
        named = reference_of(text, workspace().country)
        reference = ":".join(named) if named else f"email:{text}"
        try:
            asked([reference])
        except NotOne as error:
            raise forms.ValidationError(str(error)) from error
        return reference

    def save(self) -> PrivacyRequest:
        """Take it in."""
        given: dict[str, Any] = self.cleaned_data
        return open_request(
            type_=given["type"],
            references=[given["identifier"]],
            regulation=given["regulation"],
            origin="console",
            is_blocking=given["is_blocking"],
        )
