"""A webhook on a form: its address, what it is told of, what it is for."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.workspace.models import Webhook
from config.workspace.outgoing import endpoints
from config.workspace.outgoing.addresses import Refused, server_of
from config.workspace.outgoing.kinds import KINDS, choosable


@dataclass(frozen=True)
class EventChoice:
    """One kind of event to tick."""

    name: str
    title: Any
    text: Any
    forwarded: Any
    is_chosen: bool


class WebhookForm(forms.Form):
    """Made or changed; the rules are the service's."""

    url = forms.CharField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("Where calls are sent: https, and on the public net."),
        max_length=2000,
        widget=forms.URLInput(
            attrs={
                "class": "r-input",
                "placeholder": "https://",
                "autocomplete": "off",
                "inputmode": "url",
            }
        ),
    )
    description = forms.CharField(
        label=gettext_lazy("What it is for"),
        help_text=gettext_lazy("Its name on screens and on certificates of erasures."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "r-input", "autocomplete": "off"}),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("What it is told of"),
        error_messages={"required": gettext_lazy("Choose at least one kind of event.")},
    )

    erased_user_ids = forms.BooleanField(
        label=gettext_lazy("May be told who was erased by your own ids"),
        help_text=gettext_lazy(
            "“Person erased” then names your user ids beside ours. Tick it where somebody has to"
            " find the person by them; without it they are found by the ids that this address was"
            " told of."
        ),
        required=False,
    )

    def __init__(self, *args: Any, may_personal: bool = False, **options: Any) -> None:
        """`may_personal`: whether who fills it in may see people's ids, and so hand them on."""
        super().__init__(*args, **options)
        self.may_personal = may_personal
        self.fields["erased_user_ids"].disabled = not may_personal
        chosen = self["events"].value() or []
        self._chosen = {str(one) for one in chosen}
        self.fields["events"].choices = [(one, one) for one in choosable()]  # type: ignore[attr-defined]

    def clean_url(self) -> str:
        """What may be called. Raises ValidationError in the reader's language."""
        url = str(self.cleaned_data["url"]).strip()
        try:
            server_of(url)
        except Refused as error:
            raise forms.ValidationError(_(str(error))) from error
        return url

    @property
    def groups(self) -> list[tuple[Any, list[EventChoice]]]:
        """The kinds of event to tick, by what they are about."""
        found: dict[str, list[EventChoice]] = {}
        for name in choosable():
            kind = KINDS.get(name)
            if kind:
                one = EventChoice(name, kind.title, kind.text, kind.forwarded, name in self._chosen)
                found.setdefault(str(kind.group), []).append(one)
        return list(found.items())

    def create(self) -> tuple[Webhook, str]:
        """A new one and its key."""
        return endpoints.create_webhook(**self.cleaned_data, may_personal=self.may_personal)

    def change(self, webhook: Webhook) -> Webhook:
        """Write the changes down."""
        return endpoints.change_webhook(
            webhook, **self.cleaned_data, may_personal=self.may_personal
        )


def shown_in(webhook: Webhook) -> dict[str, Any]:
    """What a form begins with."""
    return {
        "url": webhook.url,
        "description": webhook.description,
        "events": list(webhook.events),
        "erased_user_ids": webhook.erased_user_ids,
    }
