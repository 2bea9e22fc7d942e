"""What may be mapped to what: purposes of processing alone, and names that a signal has."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from consent.models import Purpose, SignalMapping
from consent.signals.mapping import FEATURE
from consent.signals.us_sections import GPC, OPT_OUTS

MOST_PURPOSES, MOST_FEATURES = 24, 12  # bits that the TCF has for them


def mappable_purposes() -> QuerySet[Purpose]:
    """Permission for mails, texts and calls is never a cookie banner's to give or take."""
    return Purpose.objects.filter(purpose_class=Purpose.Class.PROCESSING, archived_at=None)


def name_fault(signal: str, name: str) -> str:
    """Why the signal has no such name, "" where it has; categories are what a banner calls them."""
    if signal == SignalMapping.Signal.GPP and name not in (*OPT_OUTS, GPC):
        return _("One of %(names)s.") % {"names": ", ".join((*OPT_OUTS, GPC))}
    if signal == SignalMapping.Signal.TCF and not _is_of_tcf(name):
        return _("A purpose, 1 to 24, or a special feature, sf1 to sf12.")
    return ""


def _is_of_tcf(name: str) -> bool:
    number = name.removeprefix(FEATURE)
    most = MOST_FEATURES if name.startswith(FEATURE) else MOST_PURPOSES
    return number.isascii() and number.isdigit() and 1 <= int(number) <= most and number[0] != "0"
