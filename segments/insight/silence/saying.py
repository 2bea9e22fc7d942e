"""An alarm in words."""

from datetime import datetime

from django.utils.translation import gettext as _

from config.console.words import in_words, lasting
from segments.models.silence import SilenceAlarm


def alarm_words(alarm: SilenceAlarm) -> str:
    """What no longer comes as it did, and how it was."""
    names = {"event": alarm.event, "field": alarm.field}
    if alarm.kind == SilenceAlarm.Kind.SILENT:
        said = names | {
            "when": in_words(datetime.fromisoformat(alarm.detail["last_at"])),
            "pause": lasting(alarm.detail["usual"]),
        }
        words = _(
            "%(event)s came last %(when)s; before, it was never away for longer than %(pause)s."
        )
        return words % said
    if alarm.kind == SilenceAlarm.Kind.MISSING and alarm.event:
        return _("Hardly any %(event)s has %(field)s any more.") % names
    if alarm.kind == SilenceAlarm.Kind.MISSING:
        return _("Hardly anybody who is new has the trait %(field)s any more.") % names
    said = names | {"was": _type(alarm.detail["was"]), "now": _type(alarm.detail["now"])}
    if alarm.event:
        return _("%(field)s of %(event)s was %(was)s and is %(now)s now.") % said
    return _("The trait %(field)s was %(was)s and is %(now)s now, of people who are new.") % said


def _type(name: str) -> str:
    words = {
        "string": _("a text"),
        "number": _("a number"),
        "boolean": _("yes or no"),
        "array": _("a list"),
        "object": _("an object"),
    }
    return str(words.get(name, name))
