"""The gate at collection: what a person's own consent object refuses is heard, and not stored.

Where it refuses `measuring`, pages, screens and tracked events are not kept: nothing of them
reaches events, names, values, rules or conversions, and nothing is learnt of the person by them.
They are counted as a data warning, by source and event. Three things are kept, without their
context: calls by which somebody says who they are (identify, group, alias), what was ordered or
otherwise counts as a conversion, since the contract needs it, and the event that tells the choice.
What the object permits and refuses is recorded in any case (`consent.signals.honouring`).
Messages without a consent object are not touched.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from consent.models import Purpose
from consent.models.purpose import MEASURING, SHARING
from consent.signals.choices import read_choice
from consent.signals.mapping import Mappings
from profiles.calls.messages import Context, Incoming
from profiles.ingest.hooks import SCREENS
from profiles.personal.looks import looks_personal

MEASURED: Final = ("track", "page", "screen")
UNMAPPED: Final = "unmapped_category"
# what banners call the event that tells a choice: Segment's, older and newer, and ours
CHOICE_EVENTS: Final = (
    "Segment Consent Preference Updated",
    "Segment Consent Preference",
    "Consent Preference Updated",
)
CONVERSIONS = "SELECT name FROM event_definition WHERE is_conversion AND name = ANY(%s)"
_encode = msgspec.json.encode


def hear(cursor: Any, messages: Sequence[Incoming]) -> None:
    """Read each message's choice, and withhold what it refuses. No query where there is none."""
    speaking = []
    for message in messages:
        message.choice = None if message.refusal else read_choice(message.context)
        if message.choice is not None:
            message.warnings = [*message.warnings, *message.choice.faults]
            if not message.choice.says_nothing:
                speaking.append(message)
    if not speaking:
        return
    mappings = Mappings({message.source.id for message in speaking})
    purposes = dict(Purpose.objects.filter(slug__in=(MEASURING, SHARING)).values_list("slug", "pk"))
    for message in speaking:
        answers = mappings.answers(message.choice, message.source.id)
        if message.gpc and SHARING in purposes and purposes[SHARING] in answers:
            answers[purposes[SHARING]] = False  # the browser says no to every site
        message.choice.answers = answers
        message.warnings += [
            (UNMAPPED, name, "")
            for name in mappings.unmapped(message.choice, message.source.id)
            if not looks_personal(name)
        ]
    asked = purposes.get(MEASURING)
    _withhold(cursor, [one for one in speaking if one.choice.answers.get(asked) is False])


def _withhold(cursor: Any, refusing: Sequence[Incoming]) -> None:
    """Mark what is not stored, and take the context from what is."""
    if not refusing:
        return
    cursor.execute(CONVERSIONS, [sorted({message.name for message in refusing})])
    kept = {name for (name,) in cursor.fetchall()} | set(CHOICE_EVENTS)
    for message in refusing:
        if message.type in MEASURED and message.name not in kept:
            message.is_withheld = True
        else:
            message.context_raw = _encode(_consent_of(message.context))


def _consent_of(context: Context) -> dict[str, Any]:
    said = {"consent": context.consent, "consentManagement": context.consent_management}
    return {name: part for name, part in said.items() if part is not None}


SCREENS.register("consent.collecting", order=60)(hear)
