"""Drafts: made, changed, copied, thrown away."""

import re
from collections.abc import Mapping
from copy import copy
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.composition.senders import default_sender
from campaigns.engine.status import needs_status
from campaigns.models import Campaign, Sender
from campaigns.services.shapes import InvalidCampaign, check_shape, fault, share_of
from config.postgres.wire import number_of
from config.workspace import audit
from config.workspace.api.problems import FieldError
from config.workspace.lifecycle.copies import name_of_copy
from config.workspace.lifecycle.revisions import refuse_stale
from config.workspace.lifecycle.usage import taking
from config.workspace.models import User

SLUG = re.compile(r"[-a-zA-Z0-9_]{1,80}")
RESERVED = frozenset({"new", "sender"})  # /console/campaigns/new/ and the senders
MAX_NAME = 300


@transaction.atomic
def create_campaign(data: Mapping[str, Any], *, user: User | None = None) -> Campaign:
    """A draft of the API's shape. Raises InvalidCampaign with the path of each fault."""
    errors: list[FieldError] = []
    for name in ("slug", "name"):
        if not data.get(name):
            errors.append(fault(name, _("Needed."), "required"))
    if errors:
        raise InvalidCampaign(errors)
    campaign = Campaign(created_by=user, sender=default_sender())
    _take(campaign, data)
    campaign.save()
    audit.record("create", "campaign", campaign.slug, fields=list(data))
    return campaign


@transaction.atomic
def update_campaign(
    campaign: Campaign, data: Mapping[str, Any], *, revision: int | None = None
) -> Campaign:
    """Change what `data` names of a draft; its revision goes up.

    `revision` is the one that the change builds on, where whoever asks has seen one. What changes
    nothing is saved already: asked again after a broken connection, it is no change of another's.
    Raises InvalidCampaign, WrongStatus, Stale.
    """
    row = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    needs_status(row, Campaign.Status.DRAFT)
    before = _content_of(row)
    try:
        _take(row, data)
    except InvalidCampaign:
        refuse_stale(row.revision, revision)
        raise
    changed = [name for name, value in _content_of(row).items() if value != before[name]]
    if not changed:
        return row
    refuse_stale(row.revision, revision)
    row.revision += 1
    row.save()
    audit.record("change", "campaign", row.slug, fields=changed, detail={"revision": row.revision})
    return row


CONTENT = ("entry", "steps", "exit", "goal", "caps", "holdout")
MAY_GO_ON = (Campaign.Status.RUNNING, Campaign.Status.PAUSED)


def candidate_of(row: Campaign) -> Campaign:
    """The campaign as its next version would be: of the draft of that, else of what runs. Not to be
    saved.
    """
    candidate = copy(row)
    candidate.current = None
    if row.next is None:
        return candidate
    for name in CONTENT:
        setattr(candidate, name, row.next[name])
    candidate.sender = Sender.objects.filter(pk=row.next["sender"]).first()
    return candidate


@transaction.atomic
def update_next(
    campaign: Campaign, data: Mapping[str, Any], *, revision: int | None = None
) -> Campaign:
    """Change what `data` names of the next version of a campaign that runs or is paused.

    What runs stays as it is, and so does whoever is on the way; a launch brings the next version to
    whoever enters from then on. Raises InvalidCampaign, WrongStatus, Stale.
    """
    row = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    needs_status(row, *MAY_GO_ON)
    own = [name for name in ("slug", "name") if name in data and data[name] != getattr(row, name)]
    if own:
        words = _("This belongs to the campaign as a whole, which runs.")
        raise InvalidCampaign([fault(name, words, "running") for name in own])
    candidate = candidate_of(row)
    before = _next_of(candidate)
    _take(candidate, {name: one for name, one in data.items() if name not in ("slug", "name")})
    wanted = _next_of(candidate)
    if wanted == before:
        return row
    refuse_stale(row.revision, revision)
    row.revision += 1
    row.next = None if wanted == _next_of(row) else wanted
    row.save(update_fields=["next", "revision", "updated_at"])
    changed = [name for name, value in wanted.items() if value != before[name]]
    audit.record("change", "campaign", row.slug, fields=changed, detail={"revision": row.revision})
    return row


@transaction.atomic
def drop_next(campaign: Campaign) -> Campaign:
    """Throw the draft of the next version away, where there is one; what runs goes on."""
    row = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    if row.next is not None:
        row.next, row.revision = None, row.revision + 1
        row.save(update_fields=["next", "revision", "updated_at"])
        audit.record("change", "campaign", row.slug, detail={"revision": row.revision})
    return row


def take_next(row: Campaign) -> None:
    """Make the draft of the next version what runs; the caller saves, and holds the row."""
    candidate = candidate_of(row)
    for name in (*CONTENT, "sender"):
        setattr(row, name, getattr(candidate, name))
    row.next = None


def _next_of(row: Campaign) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in CONTENT}
    return {**found, "sender": row.sender_id}


def _content_of(row: Campaign) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "name": row.name,
        "sender": row.sender_id,
        "entry": row.entry,
        "steps": row.steps,
        "exit": row.exit,
        "goal": row.goal,
        "caps": row.caps,
        "holdout": row.holdout,
    }


@transaction.atomic
def delete_draft(campaign: Campaign, *, revision: int | None = None) -> None:
    """Throw a draft away, as it was seen. Raises WrongStatus, Stale, InUse (a rule names it)."""
    with taking("campaign", campaign.slug, for_good=True) as row:
        if row is None:
            return
        needs_status(row, Campaign.Status.DRAFT)
        refuse_stale(row.revision, revision)
        audit.record("delete", "campaign", row.slug)
        Campaign.objects.filter(pk=row.pk, status=Campaign.Status.DRAFT).update(current=None)
        row.delete()


@transaction.atomic
def duplicate(campaign: Campaign, *, user: User | None = None) -> Campaign:
    """A fresh draft with the same content."""
    base = re.sub(r"-\d+$", "", campaign.slug)[:70]
    taken = set(Campaign.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    slug = next(s for n in range(2, 10_000) if (s := f"{base}-{n}") not in taken)
    copy = Campaign.objects.create(
        slug=slug,
        name=name_of_copy(
            campaign.name,
            lambda name: Campaign.objects.filter(name=name).exists(),
            longest=MAX_NAME,
        ),
        sender=campaign.sender,
        entry={k: v for k, v in campaign.entry.items() if k != "at"}
        | ({"kind": "segment"} if campaign.entry else {}),
        steps=campaign.steps,
        exit=campaign.exit,
        goal=campaign.goal,
        caps=campaign.caps,
        holdout=campaign.holdout,
        created_by=user,
    )
    audit.record("create", "campaign", slug, detail={"copy_of": campaign.slug})
    return copy


def _take(campaign: Campaign, data: Mapping[str, Any]) -> None:
    errors = [*_naming(campaign, data)]
    try:
        check_shape(data)
    except InvalidCampaign as found:
        errors += found.errors
    if "sender" in data:
        try:
            campaign.sender = find_sender(data["sender"]) or default_sender()
        except LookupError:
            errors.append(fault("sender", _("There is no such sender."), "unknown"))
    if errors:
        raise InvalidCampaign(errors)
    for name in ("slug", "name", "entry", "steps", "exit", "goal", "caps"):
        if name in data:
            setattr(campaign, name, data[name] if data[name] is not None else _EMPTY.get(name))
    if "holdout" in data:
        campaign.holdout = share_of(data["holdout"] or 0) or 0.0


_EMPTY: dict[str, Any] = {"entry": {}, "steps": [], "exit": []}


def _naming(campaign: Campaign, data: Mapping[str, Any]) -> list[FieldError]:
    errors = []
    slug = data.get("slug", campaign.slug)
    if not isinstance(slug, str) or not SLUG.fullmatch(slug):
        errors.append(fault("slug", _("Letters, digits, - and _, at most 80.")))
    elif slug in RESERVED:
        errors.append(fault("slug", _("This word is an address of the console."), "reserved"))
    elif Campaign.objects.filter(slug=slug).exclude(pk=campaign.pk).exists():
        errors.append(fault("slug", _("Another campaign has this slug."), "unique"))
    name = data.get("name", campaign.name)
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME:
        errors.append(fault("name", _("A name of at most 300 characters.")))
    return errors


def find_sender(value: Any) -> Sender | None:
    """By id, address or name; None for nothing given. Raises LookupError."""
    if value in (None, ""):
        return None
    rows = Sender.objects.filter(archived_at=None)
    if isinstance(value, Mapping):
        value = value.get("id")
    text = str(value)
    sender = rows.filter(pk=number_of(text)).first()
    sender = sender or rows.filter(address__iexact=text).first()
    sender = sender or rows.filter(name=text).first()
    if sender is None:
        raise LookupError(value)
    return sender
