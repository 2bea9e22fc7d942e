"""Permissions on the customer page: chips, the card, the timeline, and the API's sub-route."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.workspace.permissions import may
from consent.channels import channel_names, icon_of, label_of, usual_channels
from consent.ledger.history import history_of, states_of
from consent.models import ConsentEntry, Purpose, Topic
from consent.models.ledger import ConsentStatus, Outcome
from consent.reach.contactable import (
    Reachability,
    is_free,
    reachability,
    reachable_channels,
    reaches_row,
)
from consent.volume import in_words, limits_of_person
from consent.words import act_of, paused_until, said_words, source_of
from profiles.models import Profile
from profiles.panels import CHIPS, PANELS, Chip, Panel
from profiles.selectors.filters import PEOPLE_FILTERS, Narrowing, PeopleFilter, Unfit, Values
from profiles.selectors.masking import Shown, shown_to
from profiles.selectors.people import REACH, PeopleReach
from profiles.timeline import TIMELINE, Cursor, TimelineItem, id_below, key_of

SHOWN = 12


@CHIPS.register("consent")
def chips(request: HttpRequest, profile: Profile) -> list[Chip]:
    """One chip a channel: reachable for marketing, or why not, and since when; three queries."""
    stands = states_of(profile.pk)
    url = "#permissions" if may(request.user, "consents.view") else ""
    return [
        Chip(
            channel=one.channel,
            label=label_of(one.channel),
            status=_tone(one),
            reason=_reason(one, stands),
            icon=icon_of(one.channel),
            url=url,
        )
        for one in reachability(profile)
    ]


def _reason(one: Reachability, stands: Sequence[ConsentEntry]) -> str:
    """The statement that decides, in words, where one does."""
    if one.code in ("frozen", "no_address", "suppressed", "never_asked"):
        return one.reason
    entry = next((entry for entry in stands if entry.pk == one.entry_id), None)
    return said_words(entry) if entry else one.reason


def _tone(one: Reachability) -> Any:
    if one.ok:
        return "ok"
    return "ask" if one.code in ("never_asked", "pending", "expired") else "no"


@REACH.register("consent")
def channels_of(profile_ids: Sequence[int]) -> dict[int, list[PeopleReach]]:
    """On which channels each of a page of people may get marketing; two queries."""
    return {
        profile_id: [PeopleReach(name, label_of(name), icon_of(name)) for name in channels]
        for profile_id, channels in reachable_channels(profile_ids).items()
    }


def _reach_choices(_user: Any, _shown: Shown) -> Sequence[tuple[str, Any]]:
    return [(name, label_of(name)) for name in usual_channels()]


def _reachable(people: QuerySet[Profile], values: Values, _shown: Shown) -> Narrowing:
    """Asked of each person as the list comes to them, as the columns ask of a page."""
    channel = values["reach"]
    if channel not in usual_channels():
        raise Unfit
    words = _("Reachable by %(channel)s") % {"channel": label_of(channel)}
    return people.filter(reaches_row(channel)), words


PEOPLE_FILTERS.register("reach", order=15)(
    PeopleFilter(gettext_lazy("Reachable by"), _reachable, _reach_choices)
)


@PANELS.register("consent", order=30)
def panel(request: HttpRequest, profile: Profile) -> Panel | None:
    """Purpose by channel: what stands, since when, from where, and the proof; three queries."""
    if not may(request.user, "consents.view"):
        return None
    entries = states_of(profile.pk)
    said = {entry.channel for entry in entries if entry.channel}
    columns = [name for name in channel_names() if name in said | set(usual_channels())]
    shown = shown_to(request.user)
    context = {
        "columns": [label_of(name) for name in columns],
        "rows": [_row(*lines, columns, shown) for lines in _lines(entries)],
        "limits": [
            (label_of(channel), in_words(limit))
            for channel, limit in limits_of_person(profile.pk).items()
        ],
        "paused": _pauses(entries),
        "profile": profile,
        "may_edit": may(request.user, "consents.edit"),
    }
    return Panel("consent/_permissions.html", context)


def _pauses(entries: Sequence[ConsentEntry]) -> list[tuple[Any, datetime]]:
    """On which channels the person has paused marketing, and until when."""
    found: dict[str, datetime] = {}
    for entry in entries:
        if (until := paused_until(entry)) is not None:
            found[entry.channel] = max(until, found.get(entry.channel, until))
    return [(label_of(channel), until) for channel, until in found.items()]


def _lines(entries: Sequence[ConsentEntry]) -> list[tuple[Purpose, Topic | None, list[Any]]]:
    """Each purpose, said of or not, and the topics that were said of; in order."""
    by_key: dict[tuple[int, int], list[ConsentEntry]] = defaultdict(list)
    topics: dict[int, list[Topic]] = defaultdict(list)
    for entry in entries:
        by_key[entry.purpose_id, entry.topic_id or 0].append(entry)
        if entry.topic and entry.topic not in topics[entry.purpose_id]:
            topics[entry.purpose_id].append(entry.topic)
    return [
        (purpose, topic, by_key[purpose.pk, topic.pk if topic else 0])
        for purpose in Purpose.objects.all()
        for topic in [None, *topics[purpose.pk][:SHOWN]]
    ]


def _row(
    purpose: Purpose,
    topic: Topic | None,
    entries: Sequence[ConsentEntry],
    columns: Sequence[str],
    shown: Shown,
) -> dict[str, Any]:
    newest = max(entries, key=lambda entry: entry.at, default=None)
    return {
        "name": topic.name if topic else purpose.title,
        "is_topic": topic is not None,
        "free": is_free(purpose),
        "newest": newest,
        "how": act_of(newest) or newest.get_basis_display() if newest else "",
        "cells": [(label_of(name), _cell(entries, name, purpose)) for name in columns],
        "proofs": [
            {
                "entry": entry,
                "channel": label_of(entry.channel),
                "point": shown.address(entry.contact_point),
                "source": shown.text(source_of(entry)),
                "evidence": _told(shown.evidence(entry.evidence)),
                "may_go": bool(entry.evidence.get("proof")),
            }
            for entry in entries
        ],
    }


def _cell(entries: Sequence[ConsentEntry], channel: str, purpose: Purpose) -> str:
    """The status on one channel, over all addresses: granted where one of them is."""
    found = {entry.status for entry in entries if entry.channel in (channel, "")}
    order = (
        ConsentStatus.GRANTED,
        ConsentStatus.PENDING,
        ConsentStatus.WITHDRAWN,
        ConsentStatus.DENIED,
        ConsentStatus.EXPIRED,
    )
    stands = next((status.value for status in order if status in found), "")
    return stands or ("free" if is_free(purpose) else "")


def _told(evidence: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in evidence.items() if isinstance(value, str | int)]


@TIMELINE.register("consent")
def timeline(
    profile_id: int, before: Cursor | None, limit: int, kinds: Collection[str]
) -> list[TimelineItem]:
    """Everything that was said about permission, claims that do not count included."""
    if kinds and "permission" not in kinds:
        return []
    rows = history_of(profile_id)
    if before is not None:
        below = id_below(before, "consent")
        rows = rows.filter(at__lte=before[0]).exclude(at=before[0], id__gte=below)
    return [_item(entry) for entry in rows[:limit]]


def _item(entry: ConsentEntry) -> TimelineItem:
    what = entry.topic.name if entry.topic else entry.purpose.title
    words = {
        "granted": _("Allowed %(what)s on %(channel)s"),
        "withdrawn": _("Withdrew %(what)s on %(channel)s"),
        "denied": _("Refused %(what)s on %(channel)s"),
        "pending": _("Asked to confirm %(what)s on %(channel)s"),
        "expired": _("Permission for %(what)s on %(channel)s expired"),
    }
    title = words[entry.status] % {
        "what": what,
        "channel": label_of(entry.channel),
    }
    claim = entry.outcome != Outcome.RECORDED
    details = {
        Outcome.WITHDRAWAL_STANDS.value: _(
            "The earlier withdrawal stands: not the person's own act."
        ),
        Outcome.UNPROVEN.value: _(
            "The permission stands: said with a public key, which proves nothing."
        ),
    }
    good = entry.status == "granted" and not claim
    return TimelineItem(
        at=entry.at,
        key=key_of("consent", entry.pk),
        kind="permission",
        icon="shield",
        title=title,
        detail=details.get(entry.outcome, ""),
        tone="good" if good else "no" if entry.status in ("withdrawn", "denied") else "",
        source=source_of(entry),
        properties=entry.evidence or None,
    )
