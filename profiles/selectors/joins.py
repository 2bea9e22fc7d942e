"""The timeline's joins: people who became one, calls that were taken in, and the way back."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from profiles.identity.person_traits import FACTS
from profiles.models import Event, Identifier, IdentifierKey, Merge, ProfileTrait
from profiles.people.lineage import event_places
from profiles.selectors.finding import PUBLIC_ID
from profiles.selectors.traits import joins_of
from profiles.selectors.words import joined_by, said_text, taken_in_by
from profiles.timeline import TIMELINE, Cursor, TimelineItem, id_below, key_of
from profiles.timeline import Action as TimelineAction

JOINS = "merge"


@TIMELINE.register("joins", order=20)
def joins(
    profile_id: int, before: Cursor | None, limit: int, kinds: Collection[str]
) -> list[TimelineItem]:
    """When two people became this one, on what evidence, and a way back. Seven queries at most."""
    if kinds and "identity" not in kinds:
        return []
    rows = joins_of(profile_id)
    if before is not None:
        at, number = before[0], id_below(before, JOINS)
        rows = rows.filter(Q(at__lt=at) | Q(at=at, id__lt=number))
    found = list(rows.order_by("-at", "-id")[:limit])
    known = _evidence_of(found)
    told = _told(profile_id, found)
    here = _here(profile_id, found)
    return [
        _attach_item(row, known, told.get(row.pk, {}), _ways(row, here))
        if row.kind == Merge.Kind.ATTACH
        else _join_item(row, known, _ways(row, here))
        for row in found
    ]


def _here(profile_id: int, rows: list[Merge]) -> set[str]:
    """The public ids of those who were taken apart and are this person again."""
    apart = [str(row.absorbed_public_id) for row in rows if row.undone_at]
    if not apart:
        return set()
    again = Identifier.objects.filter(kind=PUBLIC_ID, value__in=apart, profile_id=profile_id)
    return set(again.values_list("value", flat=True))


def _ways(row: Merge, here: set[str]) -> tuple[TimelineAction, ...]:
    """What can be done about it: apart, or to the other and together again."""
    if row.undone_at is None:
        is_attach = row.kind == Merge.Kind.ATTACH
        label = _("Take apart") if is_attach else _("Undo this join")
        url = reverse("profiles:undo_join", args=[row.pk])
        return (TimelineAction(label, url, icon="undo", post=True, permission="people.merge"),)
    if str(row.absorbed_public_id) in here:
        return ()
    other = reverse("profiles:person", args=[row.absorbed_public_id])
    url = reverse("profiles:join_again", args=[row.pk])
    return (
        TimelineAction(_("Open the other person"), other, icon="people"),
        TimelineAction(_("Join again"), url, icon="merge", post=True, permission="people.merge"),
    )


def _evidence_of(rows: list[Merge]) -> dict[int, IdentifierKey]:
    """The identifiers that the joins rest on."""
    ids = {number for row in rows for number in _identifier_ids(row)}
    return {row.pk: row for row in IdentifierKey.objects.filter(id__in=ids)} if ids else {}


def _identifier_ids(row: Merge) -> list[int]:
    given = row.evidence.get("identifiers", []) if isinstance(row.evidence, dict) else []
    return [number for number in given if isinstance(number, int)]


def _identifiers(row: Merge, known: Mapping[int, IdentifierKey]) -> dict[str, Any]:
    """By kind; several of one kind beside each other."""
    found: dict[str, list[str]] = {}
    for number in _identifier_ids(row):
        if number in known:
            found.setdefault(known[number].kind, []).append(known[number].value)
    return {kind: ", ".join(values) for kind, values in found.items()}


def _join_item(
    row: Merge, known: Mapping[int, IdentifierKey], ways: tuple[TimelineAction, ...]
) -> TimelineItem:
    title = _("Two people became one")
    if row.undone_at:
        title = _("Two people became one, undone since")
    return TimelineItem(
        at=row.at,
        key=key_of(JOINS, row.pk),
        kind="identity",
        icon="merge",
        title=format_html("<b>{}</b>", title),
        detail=joined_by(row.rule, str(row.absorbed_public_id)[:8]),
        source=_("Identity"),
        properties={"rule": row.rule, **_identifiers(row, known)}
        | {"call": row.evidence.get("message_id", "")},
        actions=ways,
    )


def _attach_item(
    row: Merge,
    known: Mapping[int, IdentifierKey],
    told: Mapping[str, str],
    ways: tuple[TimelineAction, ...],
) -> TimelineItem:
    title = _("Took a call in that may be another person's")
    if row.undone_at:
        title = _("Took a call in that was another person's, taken apart since")
    via = known.get(row.via_id or 0)
    return TimelineItem(
        at=row.at,
        key=key_of(JOINS, row.pk),
        kind="identity",
        icon="merge",
        title=format_html("<b>{}</b>", title),
        detail=taken_in_by(via.kind if via else "", row.evidence["kinds"], row.evidence["traits"]),
        source=_("Identity"),
        properties={**_identifiers(row, known), **told, "call": row.evidence["message_id"]},
        actions=ways,
    )


def _told(profile_id: int, rows: list[Merge]) -> dict[int, dict[str, str]]:
    """What each call said of a trait, and what others say of it. Three queries, if any."""
    calls = {row.evidence["message_id"] for row in rows if row.evidence.get("traits")}
    if not calls:
        return {}
    events = Event.objects.filter(profile_id__in=event_places(profile_id), message_id__in=calls)
    said = {
        (source, message): properties
        for source, message, properties in events.values_list(
            "source_id", "message_id", "properties"
        )
    }
    others: dict[str, list[Any]] = {}
    names = [name for spellings in FACTS.values() for name in spellings]
    kept = ProfileTrait.objects.filter(profile_id=profile_id, name__in=names).order_by("-set_at")
    for name, value in kept.values_list("name", "value"):
        others.setdefault(name, []).append(value)
    return {
        row.pk: _beside(
            said.get((row.evidence["source"], row.evidence["message_id"]), {}), row, others
        )
        for row in rows
        if row.kind == Merge.Kind.ATTACH
    }


def _beside(said: Mapping[str, Any], row: Merge, others: Mapping[str, list[Any]]) -> dict[str, str]:
    found = {}
    for fact in row.evidence["traits"]:
        spellings = FACTS.get(fact, ())
        for name in spellings:
            if name not in said:
                continue
            rest = {
                said_text(value)
                for spelling in spellings
                for value in others.get(spelling, ())
                if value != said[name]
            }
            found[name] = said_text(said[name])
            if rest:
                found[name] = _("%(value)s (others say: %(others)s)") % {
                    "value": found[name],
                    "others": ", ".join(sorted(rest)),
                }
    return found
