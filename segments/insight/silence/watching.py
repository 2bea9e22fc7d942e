"""Looks once an hour at what is in use; opens alarms, ends them, and tells by mail of new ones."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.workspace.lifecycle.usage import Use, named
from config.workspace.mails import outgoing
from config.workspace.mails.outgoing import ServiceMail
from config.workspace.models import User
from config.workspace.permissions import may
from config.workspace.selectors import workspace
from config.workspace.stored import change_setting
from config.workspace.work.alone import alone
from config.workspace.work.due import WORK
from config.workspace.work.pruning import PRUNERS, before
from profiles.personal.names import FieldPlace
from profiles.selectors.masking import Shown, shown_to
from segments.insight.silence import judging
from segments.insight.silence.saying import alarm_words
from segments.insight.silence.used import UsedNames, used_names
from segments.models.silence import SilenceAlarm

SETTING: Final = "silence_looked_at"
EVERY: Final = timedelta(hours=1)
LASTING: Final = timedelta(days=2)  # of a mail that waits
MOST_TOLD: Final = 20  # alarms in one mail
Kind = SilenceAlarm.Kind
Key = tuple[str, str, str]  # kind, event, field


@WORK.register("silence", order=60)
def watch() -> int:
    """Once an hour; how many alarms began or ended."""
    now = timezone.now()
    if not _is_due(now):
        return 0
    with alone("silence") as is_ours:
        return look(now) if is_ours and _is_due(now) else 0


def _is_due(now: datetime) -> bool:
    looked = workspace().setting(SETTING, None)
    return looked is None or now - datetime.fromisoformat(looked) >= EVERY


@transaction.atomic
def look(now: datetime) -> int:
    """Judge everything that is in use; the alarms follow."""
    change_setting(SETTING, lambda _before: now.isoformat())
    used = used_names()
    found = judged(used, now)
    there = {(row.kind, row.event, row.field): row for row in SilenceAlarm.objects.filter(
        ended_at=None)}  # fmt: skip
    over = [row.pk for key, row in there.items() if key not in found]
    SilenceAlarm.objects.filter(pk__in=over).update(ended_at=now)
    new = [
        SilenceAlarm.objects.create(kind=kind, event=event, field=field, detail=detail)
        for (kind, event, field), detail in found.items()
        if (kind, event, field) not in there
    ]
    if new:
        _tell(new, used)
    return len(new) + len(over)


def judged(used: UsedNames, now: datetime) -> dict[Key, dict[str, Any]]:
    """What is wrong now, with its facts; a query for all events, two for each with properties."""
    found: dict[Key, dict[str, Any]] = {}
    silent = {pause.name: pause for pause in judging.silent(sorted(used.events), now)}
    for pause in silent.values():
        found[Kind.SILENT, pause.name, ""] = {
            "last_at": pause.last_at.isoformat(),
            "usual": round(pause.usual),
        }
    for event, names in sorted(used.properties.items()):
        if event not in silent:  # of what does not come at all, nothing is missing
            plain = sorted(name for name in names if not name.startswith("products."))
            _note(found, event, judging.shapes_of_event(event, plain, now))
    _note(found, "", judging.shapes_of_people(sorted(used.traits), now))
    return found


def _note(found: dict[Key, dict[str, Any]], event: str, shapes: list[judging.TypesSeen]) -> None:
    for shape in shapes:
        if judging.is_missing(shape):
            found[Kind.MISSING, event, shape.name] = {}
        elif types := judging.other_type(shape):
            found[Kind.TYPE, event, shape.name] = {"was": types[0], "now": types[1]}


def starving(alarm: SilenceAlarm, used: UsedNames) -> list[Use]:
    """Who needs what it is about."""
    if alarm.event:
        return list(used.events.get(alarm.event, ()))
    return list(used.traits.get(alarm.field, ()))


def may_hear(alarm: SilenceAlarm, shown: Shown) -> bool:
    """Whether this reader may know these names."""
    asked = [(FieldPlace.EVENT, alarm.event)] if alarm.event else []
    if alarm.field:
        place = FieldPlace.PROPERTY if alarm.event else FieldPlace.TRAIT
        asked.append((place, alarm.field))
    return all(shown.may_ask(place, name) and not shown.hides_in(name) for place, name in asked)


def _tell(alarms: list[SilenceAlarm], used: UsedNames) -> None:
    """By mail, to everybody of the team who makes segments and has an address."""
    if not outgoing.leave():
        return
    for user in User.objects.filter(is_active=True).exclude(email=""):
        shown = shown_to(user)
        mine = [alarm for alarm in alarms if may_hear(alarm, shown)][:MOST_TOLD]
        if mine and may(user, "segments.edit"):
            language = user.locale or workspace().locale
            with translation.override(language):
                mail = _mail(user, mine, used, language)
            key = f"silence:{mine[0].pk}:{user.pk}"
            outgoing.write("silence", key, mail, lasting=LASTING)


def _mail(user: User, alarms: list[SilenceAlarm], used: UsedNames, language: str) -> ServiceMail:
    lines = []
    for alarm in alarms:
        uses = starving(alarm, used)
        starves = _("It starves: %(uses)s.") % {"uses": named(uses)} if uses else ""
        lines.append(" ".join(filter(None, (alarm_words(alarm), starves))))
    subject = ngettext(
        "%(n)d thing that rules read no longer comes as it did",
        "%(n)d things that rules read no longer come as they did",
        len(alarms),
    ) % {"n": len(alarms)}
    url = f"{settings.BASE_URL}/console/"
    return ServiceMail(user.email, subject, lines, _("Open Home"), url, language=language)


@PRUNERS.register("silence_alarms")
def prune(now: datetime) -> int:
    """Those that were over long ago."""
    old = before(now, "JOB_DAYS")
    return SilenceAlarm.objects.filter(ended_at__lt=old).delete()[0] if old else 0
