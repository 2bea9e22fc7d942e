"""Changing the policy table: a row is checked, changed and versioned; the past is found again."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from config.workspace import audit
from consent.channels import CHANNELS, LegalClass
from consent.models import Policy, PolicyVersion, Purpose
from consent.policy.places import is_place
from consent.policy.resolving import PolicyTable, forget_policies, policy_table
from consent.policy.terms import BadTerm, checked

COLUMNS: Final = (
    "slug", "name", "place", "channel", "purpose_class", "purpose", "terms", "law", "source",
    "valid_from", "valid_until", "is_on",
)  # fmt: skip
FIXED: Final = ("slug",)  # what names a row stays


class BadPolicy(ValueError):
    """What is wrong with a row: `field` names the column, the text says it in words."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


class ChangedSince(Exception):
    """Somebody changed the row since it was looked at."""


def said_of(row: Policy) -> dict[str, Any]:
    """Every column of a row as JSON: what a version keeps."""
    found: dict[str, Any] = {name: getattr(row, name) for name in COLUMNS if name != "purpose"}
    found["purpose"] = row.purpose.slug if row.purpose else ""
    for name in ("valid_from", "valid_until"):
        found[name] = found[name].isoformat() if found[name] else None
    return found


def as_it_would_be(row: Policy, values: Mapping[str, Any]) -> Policy:
    """An unsaved row that says what `row` says but for `values` (columns as `said_of` has them).

    Raises BadPolicy, naming the first column that is wrong.
    """
    unknown = set(values) - set(COLUMNS)
    if unknown:
        raise BadPolicy(min(unknown), _("There is no such column."))
    said = said_of(row) | dict(values)
    made = Policy(pk=row.pk, version=row.version, slug=said["slug"])
    for name in ("name", "law", "source"):
        setattr(made, name, _text(name, said[name]))
    if not made.name.strip():
        raise BadPolicy("name", _("It needs a name."))
    made.place, made.channel = _place(said["place"]), _channel(said["channel"])
    made.purpose_class, made.purpose = _class(said["purpose_class"]), _purpose(said["purpose"])
    made.terms = _terms(said["terms"])
    made.valid_from = _day("valid_from", said["valid_from"])
    made.valid_until = _day("valid_until", said["valid_until"])
    if made.valid_from and made.valid_until and made.valid_from >= made.valid_until:
        raise BadPolicy("valid_until", _("The end comes after the beginning."))
    if not isinstance(said["is_on"], bool):
        raise BadPolicy("is_on", _("true or false."))
    made.is_on = said["is_on"]
    return made


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > 300:  # noqa: PLR2004 - as the column
        raise BadPolicy(name, _("A text of at most 300 characters."))
    return value


def _place(value: Any) -> str:
    if not isinstance(value, str) or not is_place(value):
        words = _("A country's code as FR, a part of one as US-CA, EEA, * for all others or ZZ.")
        raise BadPolicy("place", words)
    return value


def _channel(value: Any) -> str:
    known = {"", *CHANNELS.names(), *LegalClass}
    if value not in known:
        raise BadPolicy("channel", _("One of %(names)s.") % {"names": ", ".join(sorted(known))})
    return str(value)


def _class(value: Any) -> str:
    if value not in {"", *Purpose.Class.values}:
        names = ", ".join(Purpose.Class.values)
        raise BadPolicy("purpose_class", _("One of %(names)s.") % {"names": names})
    return str(value)


def _purpose(value: Any) -> Purpose | None:
    if not value:
        return None
    found = Purpose.objects.filter(slug=str(value)).first()
    if found is None:
        raise BadPolicy("purpose", _("There is no such purpose."))
    return found


def _terms(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not value:
        raise BadPolicy("terms", _("At least one term."))
    try:
        return checked(value)
    except BadTerm as error:
        raise BadPolicy("terms", str(error)) from error


def _day(name: str, value: Any) -> date | None:
    if value in (None, ""):
        return None
    if isinstance(value, date):
        return value
    try:
        found = parse_date(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None:
        raise BadPolicy(name, _("A day, as 2027-01-31."))
    return found


@transaction.atomic
def change_policy(
    row: Policy, values: Mapping[str, Any], *, why: str, seen: int | None = None
) -> Policy:
    """Say it anew: the row, a version of it, an audit entry. What says the same changes nothing.

    `seen` is the version that the change builds on. Raises BadPolicy, ChangedSince.
    """
    held = Policy.objects.select_for_update().get(pk=row.pk)
    if seen is not None and seen != held.version:
        raise ChangedSince
    if set(values) & set(FIXED):
        raise BadPolicy("slug", _("The slug stays: versions are found by it."))
    wanted = as_it_would_be(held, values)
    if said_of(wanted) == said_of(held):
        return held
    _reasoned(why)
    wanted.version = held.version + 1
    wanted.save()
    _keep(wanted, why, "policy.changed")
    return wanted


@transaction.atomic
def create_policy(values: Mapping[str, Any], *, why: str) -> Policy:
    """A new row with its first version. Raises BadPolicy."""
    slug = str(values.get("slug") or "")
    if not slug or Policy.objects.filter(slug=slug).exists():
        raise BadPolicy("slug", _("A slug that no other row has."))
    made = as_it_would_be(Policy(name="", place=""), values)
    _reasoned(why)
    made.save()
    _keep(made, why, "policy.created")
    return made


def _reasoned(why: str) -> None:
    if not why.strip():
        raise BadPolicy("why", _("Say why: whoever looks at the history wants to know."))


def _keep(row: Policy, why: str, code: str) -> None:
    PolicyVersion.objects.create(
        policy=row,
        version=row.version,
        said=said_of(row),
        at=timezone.now(),
        actor=str(audit.current_actor()),
        why=why.strip(),
    )
    audit.record(code, "policy", row.slug, detail={"version": row.version})
    forget_policies()


def table_as_of(moment: datetime) -> PolicyTable:
    """The table as it was said at a moment: by which rules a message of then was sent."""
    newest = PolicyVersion.objects.filter(at__lte=moment).order_by("policy_id", "-version")
    purposes = {row.slug: row for row in Purpose.objects.all()}
    return PolicyTable([_row_of(one, purposes) for one in newest.distinct("policy_id")])


def _row_of(version: PolicyVersion, purposes: Mapping[str, Purpose]) -> Policy:
    said = dict(version.said)
    said["purpose"] = purposes.get(said["purpose"]) if said["purpose"] else None
    for name in ("valid_from", "valid_until"):
        said[name] = parse_date(said[name]) if said[name] else None
    return Policy(pk=version.policy_id, version=version.version, **said)


def table_with(row: Policy) -> PolicyTable:
    """The table of now as it would be with this row."""
    others = [one for one in policy_table().rows if one.slug != row.slug]
    return PolicyTable([*others, row])
