"""The shop's one form: an account, and what may be written to it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SignUpForm(forms.Form):
    """No box is ticked beforehand: a permission is something that somebody gives."""

    first_name = forms.CharField(
        label=_("First name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    last_name = forms.CharField(
        label=_("Last name"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=_("Email"),
        max_length=200,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    marketing = forms.BooleanField(label=_("Send me news and offers by email."), required=False)
    measuring = forms.BooleanField(
        label=_("You may see what I open, to send less of what I do not read."), required=False
    )
