"""Senders in the console."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from campaigns.composition.senders import settle_default
from campaigns.models import Sender
from config.workspace.forms.listed import ListWords
from config.workspace.forms.used import ArchivableForm, ArchivedFilter, UsedAdmin


class SenderForm(ArchivableForm):
    """Who mails are from; a second default takes the place of the first."""

    used_kind = "sender"
    empty_text = _(
        "Who your mail is from: a name, an address, and the postal address that marketing mail "
        "must show."
    )

    class Meta:
        model = Sender
        fields = ("name", "address", "reply_to", "postal_address", "is_default")
        help_texts = {  # noqa: RUF012 - as Django has it
            "name": _("What an inbox shows, such as the name of your shop."),
            "address": _("The domain should be yours, with SPF and DKIM set up."),
            "reply_to": _("Where answers go. Empty: to the address above."),
            "postal_address": _(
                "The law asks for it in marketing mail; a launch without it is refused."
            ),
            "is_default": _("New campaigns and single messages are from here."),
        }

    def validate_unique(self) -> None:
        """All but the default, which moves."""
        was, self.instance.is_default = self.instance.is_default, False
        super().validate_unique()
        self.instance.is_default = was

    def _get_validation_exclusions(self) -> set[str]:
        return {*super()._get_validation_exclusions(), "is_default"}  # type: ignore[misc]


@admin.register(Sender)
class SenderAdmin(UsedAdmin):
    """Name, address, postal address, default."""

    words = ListWords(
        title=_("Senders"),
        lead=_("Who your mail is from."),
        counted=lambda n: ngettext("%(n)s sender", "%(n)s senders", n),
        new=_("New sender"),
        none=_("No sender yet"),
        gone=_("It is offered to no campaign any more."),
    )
    empty_text = _("A name and an address that mail comes from, and where answers go.")

    form = SenderForm
    used_kind = "sender"
    list_filter = (ArchivedFilter,)
    list_display = ("name", "address", "reply_to", "has_postal_address", "is_default")
    search_fields = ("name", "address")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Who uses it, once there is one."""
        fields = ("name", "address", "reply_to", "postal_address", "is_default")
        return (*fields, "is_archived", "used_by") if obj is not None else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Said, not typed."""
        return ("used_by",) if obj is not None else ()

    @display(description=_("Postal address"), boolean=True)  # type: ignore[untyped-decorator]
    def has_postal_address(self, sender: Sender) -> bool:
        """Whether marketing may be sent from here."""
        return bool(sender.postal_address.strip())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """There is one default; the first sender is it."""
        with transaction.atomic():
            settle_default(obj)
            super().save_model(request, obj, form, change)
