"""Rules: made, changed, counted, switched on. A rule is switched on only as it was counted."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.models import User
from config.workspace.work.due import wake
from config.workspace.work.faults import took_too_long
from config.workspace.zones import months_later, workspace_zone
from consent.models import RetentionRule, RetentionRun
from consent.retention.classes import CLASSES, DryRunCount, RetainedClass, RetentionTerms
from consent.retention.holds import held_people

WORK: Final = "retention"
HOUR: Final = 3  # of the workspace's night
FRESH: Final = timedelta(hours=24)  # a dry run that a rule may be switched on by
_DAYS: Final = {"day": 1, "month": 28, "year": 365}  # at least
_LONGEST: Final = {"day": 1, "month": 31, "year": 366}  # at most
_YEARS: Final = 100


class RuleRefused(ValueError):
    """What is wrong with a rule: `path` names the field."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        super().__init__(message)


def class_of(name: str) -> RetainedClass:
    """The class of that name. Raises RuleRefused."""
    found = CLASSES.get(name)
    if found is None:
        known = ", ".join(CLASSES.names())
        raise RuleRefused(
            "class", _("There is no such class of data; known are %(known)s.") % {"known": known}
        )
    return found


def moment_before(now: datetime, n: int, unit: str) -> datetime:
    """What is older than this goes; months and years as the calendar has them."""
    if unit == "day":
        return now - timedelta(days=n)
    return months_later(now, -n * (12 if unit == "year" else 1))


def check(values: dict[str, Any]) -> None:
    """Raises RuleRefused where a rule of these fields makes no sense."""
    kind = class_of(values["data_class"])
    n, unit = values["keep_n"], values["keep_unit"]
    if n < 1 or n * _DAYS[unit] > _YEARS * 366:
        raise RuleRefused("keep.n", _("Between one day and a hundred years."))
    if values["act"] not in kind.acts:
        raise RuleRefused("act", _("This class of data can only be deleted."))
    if values.get("name") and not kind.has_names:
        raise RuleRefused("name", _("Only events have rules by name."))
    if n * _DAYS[unit] < kind.least_days:
        days = {"days": kind.least_days}
        raise RuleRefused("keep.n", _("It is needed for %(days)d days at least.") % days)
    _within_setting(kind, n, unit)


def refuse_second(values: dict[str, Any]) -> None:
    """One rule a class and name. Raises RuleRefused."""
    same = {"data_class": values["data_class"], "name": values.get("name", "")}
    if RetentionRule.objects.filter(**same).exists():
        raise RuleRefused("name", _("There is a rule for this already."))


def _within_setting(kind: RetainedClass, n: int, unit: str) -> None:
    """What the installation takes away by itself is there for no rule any more."""
    most = getattr(settings, kind.setting) if kind.setting else 0
    if most and n * _LONGEST[unit] > most * _LONGEST[kind.setting_unit]:
        said = {"setting": kind.setting, "n": most}
        text = (
            _("The setting %(setting)s keeps it for %(n)d months; a rule can only be shorter.")
            if kind.setting_unit == "month"
            else _("The setting %(setting)s keeps it for %(n)d days; a rule can only be shorter.")
        )
        raise RuleRefused("keep.n", text % said)


@transaction.atomic
def make(values: dict[str, Any]) -> RetentionRule:
    """A new rule, switched off. Raises RuleRefused."""
    check(values)
    refuse_second(values)
    rule = RetentionRule(**values)
    _signed(rule)
    rule.save()
    audit.record("retention_rule.created", "retention_rule", str(rule.pk))
    return rule


@transaction.atomic
def change(rule: RetentionRule, values: dict[str, Any]) -> RetentionRule:
    """Other terms; they switch the rule off until they are counted. Raises RuleRefused."""
    row = RetentionRule.objects.select_for_update().get(pk=rule.pk)
    before = row.terms
    named = ("data_class", "name", "keep_n", "keep_unit", "act", "because")
    check({name: values.get(name, getattr(row, name)) for name in named})
    changed = [name for name in values if getattr(row, name) != values[name]]
    for name in changed:
        setattr(row, name, values[name])
    if row.terms != before and row.is_enabled:
        _off(row)
    if changed:
        _signed(row)
        row.save()
        audit.record("retention_rule.changed", "retention_rule", str(row.pk), fields=changed)
    return row


@transaction.atomic
def remove(rule: RetentionRule) -> None:
    """Nothing more goes by it; what its runs took stays told."""
    row = RetentionRule.objects.select_for_update().get(pk=rule.pk)
    _off(row)
    audit.record("retention_rule.deleted", "retention_rule", str(row.pk))
    row.delete()


def _signed(rule: RetentionRule) -> None:
    actor = audit.current_actor()
    is_user = actor.kind == "user" and actor.id is not None
    user = User.objects.filter(pk=actor.id or 0).first() if is_user else None
    rule.set_by, rule.set_by_name = user, actor.name or str(actor)


def terms_of(rule: RetentionRule, now: datetime | None = None) -> RetentionTerms:
    """What the rule asks now."""
    return RetentionTerms(
        before=moment_before(now or timezone.now(), rule.keep_n, rule.keep_unit),
        act=rule.act,
        name=rule.name,
        held=held_people(),
        others=with_own_rules(rule),
    )


def with_own_rules(rule: RetentionRule | RetentionRun) -> list[str]:
    """What a rule for all names of its class leaves alone: those that have a rule of their own."""
    if rule.name:
        return []
    rows = RetentionRule.objects.filter(data_class=rule.data_class).exclude(name="")
    return sorted(rows.values_list("name", flat=True))


def count(rule: RetentionRule) -> DryRunCount:
    """The dry run: what a run of now would take; kept on the rule."""
    now = timezone.now()
    terms = terms_of(rule, now)
    found = class_of(rule.data_class).count(terms)
    rule.counted = {
        **asdict(found),
        "oldest": found.oldest.isoformat() if found.oldest else None,
        "before": terms.before.isoformat(),
        "held": len(terms.held),
        "at": now.isoformat(),
        "terms": rule.terms,
    }
    RetentionRule.objects.filter(pk=rule.pk).update(counted=rule.counted)
    audit.record(
        "retention_rule.counted", "retention_rule", str(rule.pk), detail={"found": found.rows}
    )
    return found


def count_or_leave(rule: RetentionRule) -> bool:
    """Count at once; what takes longer than a page may is left to the worker. Whether it is done.

    `counted` then says since when it is wanted, and `running` counts without hurry.
    """
    try:
        with transaction.atomic():
            count(rule)
    except OperationalError as error:
        if not took_too_long(error):
            raise
        rule.counted = {"wanted": timezone.now().isoformat()}
        rule.save(update_fields=["counted"])
        wake(WORK)
        return False
    return True


def is_counted(rule: RetentionRule) -> bool:
    """Whether somebody has seen, of late, what it would take as it stands."""
    counted = rule.counted
    if "at" not in counted or counted.get("terms") != rule.terms:
        return False
    return timezone.now() - datetime.fromisoformat(counted["at"]) < FRESH


@transaction.atomic
def switch_on(rule: RetentionRule) -> RetentionRule:
    """From now on; its first run begins at once. Raises RuleRefused where it was not counted."""
    row = RetentionRule.objects.select_for_update().get(pk=rule.pk)
    if not is_counted(row):
        raise RuleRefused("enabled", _("Count first what it would take: it is to be seen before."))
    if not row.is_enabled:
        row.is_enabled, row.next_run_at = True, timezone.now()
        _signed(row)
        row.save()
        audit.record("retention_rule.switched_on", "retention_rule", str(row.pk))
        wake(WORK)
    return row


@transaction.atomic
def switch_off(rule: RetentionRule) -> RetentionRule:
    """Nothing more goes by it; a run under way ends where it is."""
    row = RetentionRule.objects.select_for_update().get(pk=rule.pk)
    if row.is_enabled:
        _off(row)
        row.save()
        audit.record("retention_rule.switched_off", "retention_rule", str(row.pk))
    return row


def _off(rule: RetentionRule) -> None:
    """What was begun and cannot be left half done (people taken out) is brought to its end."""
    rule.is_enabled, rule.next_run_at = False, None
    RetentionRun.objects.filter(rule=rule, state=RetentionRun.State.RUNNING).update(
        stop_wanted=True
    )


def next_night(now: datetime) -> datetime:
    """When the next run is due: three at night by the workspace's clock."""
    local = now.astimezone(workspace_zone())
    night = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return night if night > local else night + timedelta(days=1)
