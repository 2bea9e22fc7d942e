"""What is asked, in the words of somebody who asks."""

from django.utils.translation import gettext as _

from consent.models.privacy import RequestType


def plain(type_: str) -> str:
    """In the language that is active, as the rest of a sentence after a colon."""
    words = {
        RequestType.ACCESS: _("a copy of your data"),
        RequestType.PORTABILITY: _("your data, to take elsewhere"),
        RequestType.RECTIFICATION: _("a correction of your data"),
        RequestType.ERASURE: _("deletion of your data"),
        RequestType.RESTRICTION: _("a pause in using your data"),
        RequestType.OBJECTION: _("no marketing any more, and no profile made for it"),
        RequestType.OPT_OUT_OF_SALE: _("no selling or sharing of your data"),
        RequestType.LIMIT_SENSITIVE: _("sensitive data used only for what you asked"),
        RequestType.OPT_OUT_OF_AUTOMATED: _("no decisions by machines alone"),
    }
    return words[RequestType(type_)]
