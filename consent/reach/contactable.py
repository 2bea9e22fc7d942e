"""Who may be contacted: as a query set, as counts, and for one person in words."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext as _

from config.console.words import day
from config.postgres.sql import TRUE, UNION_ALL, Sql, ids_in, run, sql
from config.workspace.locales import country_name
from consent.channels import addressed_channels, contact_kind, usual_channels
from consent.models import ConsentEntry, Purpose, Suppression, Topic
from consent.models.ledger import ConsentStatus
from consent.policy.places import UNKNOWN, country_of
from consent.reach.judging import reach
from consent.reach.refusing import INVALID, NOT_ACCEPTED
from profiles.identifiers.addresses import best_of_kinds
from profiles.models import Profile
from profiles.people.lineage import given_people

MARKETING = "marketing"


class UnknownPurpose(LookupError):
    """No purpose of that slug."""


def purpose_of(slug: str | Purpose) -> Purpose:
    """The purpose, by slug or as it is. Raises UnknownPurpose."""
    if isinstance(slug, Purpose):
        return slug
    purpose = Purpose.objects.filter(slug=slug).first()
    if purpose is None:
        raise UnknownPurpose(slug)
    return purpose


def contactable(
    profiles: QuerySet[Profile],
    *,
    purpose: Purpose | str,
    channel: str,
    topic: Topic | None = None,
    as_of: datetime | None = None,
) -> QuerySet[Profile]:
    """Narrow `profiles` to those who may get `purpose` on `channel` (at `as_of`; now by default).

    The newest statement that may stand wins; a suppressed address never passes; a transactional
    purpose asks for no permission. For a past moment the permissions are those of then; addresses
    and suppressions, which have no history, are those of now. Lazy, one query. Raises
    UnknownPurpose.
    Source: GDPR art. 7(3) (withdrawal at any time); docs/campaigns.md.
    """
    purpose = purpose_of(purpose)
    lines = reach(
        Sql("profile_ids"),
        purpose=purpose,
        channel=channel,
        topic_id=topic.pk if topic else None,
        as_of=as_of,
    )
    found = sql(
        "WITH profile_ids AS (SELECT id AS profile_id FROM profile WHERE state = 'active')"
        " SELECT r.profile_id FROM ({lines}) r WHERE NOT r.suppressed AND {permitted}",
        lines=lines,
        permitted=_permitted(purpose),
    )
    return profiles.filter(state=Profile.State.ACTIVE, id__in=found.raw())


def reaches_row(channel: str, *, purpose: Purpose | str = MARKETING) -> RawSQL:
    """A test on a row of `profile`, for a list that is read in order: whoever it comes to is asked.

    For a page of a list, that ends when it is full; of many people ask `contactable`.
    """
    purpose = purpose_of(purpose)
    found = sql(
        '("profile"."state" = \'active\' AND EXISTS (SELECT 1 FROM ({lines}) r'
        " WHERE NOT r.suppressed AND {permitted}))",
        lines=reach(
            Sql('(SELECT "profile"."id" AS profile_id)'),
            purpose=purpose,
            channel=channel,
            few=True,
        ),
        permitted=_permitted(purpose),
    )
    return RawSQL(found.text, found.params, output_field=BooleanField())  # noqa: S611 - bound


def is_free(purpose: Purpose) -> bool:
    """Whether a purpose needs no permission: a transactional one."""
    return purpose.purpose_class == Purpose.Class.TRANSACTIONAL


def _permitted(purpose: Purpose) -> Sql:
    """Of a line `r` of `reach`."""
    return TRUE if is_free(purpose) else Sql("r.entry_id IS NOT NULL")


def reachable_counts(
    profiles: QuerySet[Profile], *, purpose: Purpose | str = MARKETING, topic: Topic | None = None
) -> dict[str, int]:
    """How many of `profiles` may get `purpose` (of this topic), for each channel with addresses.

    One query. The one count behind "reachable" on every screen and in the API.
    """
    purpose = purpose_of(purpose)
    topic_id, chosen = topic.pk if topic else None, Sql("chosen")
    counts = UNION_ALL.joined(
        sql(
            "SELECT {channel} AS channel, count(*) FROM ({lines}) r"
            " WHERE NOT r.suppressed AND {permitted}",
            channel=channel,
            lines=reach(chosen, purpose=purpose, channel=channel, topic_id=topic_id),
            permitted=_permitted(purpose),
        )
        for channel in addressed_channels()
    )
    query = sql(
        "WITH given AS ({given}), chosen AS MATERIALIZED (SELECT g.id AS profile_id FROM given g"
        " JOIN profile p ON p.id = g.id AND p.state = 'active') {counts}",
        given=ids_in(profiles),
        counts=counts,
    )
    return dict(run(query))


def reachable_channels(
    profile_ids: Sequence[int],
    *,
    purpose: Purpose | str = MARKETING,
    channels: Sequence[str] = (),
) -> dict[int, list[str]]:
    """On which of `channels` (the usual ones) each of these people may get `purpose`, in their
    order: one query.
    """
    purpose = purpose_of(purpose)
    channels = channels or usual_channels()
    people = given_people(profile_ids)
    parts = UNION_ALL.joined(
        sql(
            "SELECT r.profile_id, {place} AS place FROM ({lines}) r"
            " JOIN profile p ON p.id = r.profile_id AND p.state = 'active'"
            " WHERE NOT r.suppressed AND {permitted}",
            place=place,
            lines=reach(people, purpose=purpose, channel=channel, few=True),
            permitted=_permitted(purpose),
        )
        for place, channel in enumerate(channels)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for profile_id, place in run(sql("{parts} ORDER BY place", parts=parts)):
        found[profile_id].append(channels[place])
    return dict(found)


@dataclass(frozen=True)
class Reachability:
    """Whether one person can be written to on one channel, and why not, in words."""

    channel: str
    ok: bool
    code: str  # "" or frozen, no_address, suppressed, never_asked, denied, withdrawn, ...
    reason: str
    address: str = ""
    entry_id: int | None = None  # of the statement that decides, where one does


def reachability(
    profile: Profile,
    *,
    purpose: Purpose | str = MARKETING,
    channels: Sequence[str] = (),
) -> list[Reachability]:
    """One answer for each channel (the usual ones by default); one query."""
    purpose = purpose_of(purpose)
    channels = channels or usual_channels()
    people = given_people([profile.pk])
    parts = UNION_ALL.joined(
        sql(
            "SELECT {channel} AS channel, r.* FROM ({lines}) r",
            channel=channel,
            lines=reach(people, purpose=purpose, channel=channel, few=True),
        )
        for channel in channels
    )
    lines = {row[0]: row[2:] for row in run(parts)}
    answers = [
        _answer(profile, channel, lines.get(channel), is_free(purpose)) for channel in channels
    ]
    return _unvouched(profile, answers)


def _unvouched(profile: Profile, answers: Sequence[Reachability]) -> list[Reachability]:
    """Say so where an address is known that only a public key gave; a query where none is usable.

    A code of its own would be one more reason in the fixed order: for the gate it is no address.
    """
    kinds = {contact_kind(one.channel) for one in answers if one.code == "no_address"}
    if not kinds:
        return list(answers)
    known = best_of_kinds([profile.pk], sorted(kinds)).get(profile.pk, {})
    words = _("Only an address that nobody of ours vouched for")
    return [
        replace(one, reason=words)
        if one.code == "no_address" and contact_kind(one.channel) in known
        else one
        for one in answers
    ]


def _answer(
    profile: Profile, channel: str, line: tuple[Any, ...] | None, free: bool
) -> Reachability:
    if profile.state != Profile.State.ACTIVE:
        return Reachability(channel, False, "frozen", _("This person is frozen"))
    if line is None:
        return Reachability(channel, False, "no_address", _("No address known"))
    address, _owner, suppressed, entry_id, status, said_id, by, suppression_id = line
    if suppressed:
        words = suppressed_words(by or INVALID, suppression_id)
        return Reachability(channel, False, "suppressed", words, address)
    if entry_id is not None or free:
        return Reachability(channel, True, "", _("Reachable"), address, said_id)
    if status == ConsentStatus.GRANTED and (ground := _ground(profile, said_id)):
        return Reachability(channel, False, NOT_ACCEPTED, ground, address, said_id)
    return Reachability(channel, False, status, reason_words(status), address, said_id)


def _ground(profile: Profile, said_id: int | None) -> str:
    """A permission whose ground the policy does not accept (any more), in words. One query."""
    entry = ConsentEntry.objects.filter(profile_id=profile.pk, id=said_id or 0).first()
    if entry is None:
        return ""
    country = country_of(profile.country)
    where = _("people of no known country") if country == UNKNOWN else country_name(country)
    words = _("The policy for %(place)s does not accept this permission: %(ground)s, %(day)s")
    return words % {
        "place": where,
        "ground": entry.get_basis_display(),
        "day": day(timezone.localdate(entry.at)),
    }


def suppressed_words(reason: str, suppression_id: int | None) -> str:
    """Why and since when an address is suppressed. A query, where a suppression says so."""
    words = {
        "hard_bounce": _("Suppressed: the address bounced for good"),
        "invalid": _("Suppressed: no address that can be written to"),
        "complaint": _("Suppressed: they complained of a mail"),
        "unsubscribe": _("Suppressed: unsubscribed"),
        "manual": _("Suppressed by hand"),
    }
    row = Suppression.objects.filter(pk=suppression_id).first() if suppression_id else None
    said = words.get(reason, _("The address is suppressed"))
    return f"{said}, {day(timezone.localdate(row.created_at))}" if row else said


def reason_words(status: str) -> str:
    """Why a permission does not permit, for a chip or a row."""
    words = {
        "never_asked": _("Never asked"),
        "denied": _("Said no"),
        "withdrawn": _("Withdrew the permission"),
        "pending": _("Has not confirmed yet"),
        "expired": _("The permission has expired"),
        NOT_ACCEPTED: _("The policy of their country does not accept the permission"),
    }
    return words.get(status, _("No permission"))
