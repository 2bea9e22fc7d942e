"""Campaigns as those that use segments, purposes, topics and senders; senders as what is used."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.engine.steps import rules_of
from campaigns.models import (
    Campaign,
    CampaignVersion,
    ContentVersion,
    Message,
    MessageChunk,
    Sender,
)
from campaigns.plan import MESSAGE, nodes, purpose_slug
from config.workspace.lifecycle.usage import (
    KINDS,
    USES,
    ObjectKind,
    Reference,
    Thing,
    Use,
    form_of,
    things,
)
from consent.models import Purpose
from consent.models.purpose import MARKETING
from segments.rules import references_in

Status = Campaign.Status
UNDER_WAY = (Status.SCHEDULED, Status.HELD, Status.RUNNING, Status.PAUSED)
OVER = (Status.FINISHED, Status.CANCELLED)
WAITING = ("queued", "handing_over")


KINDS.register("sender", order=40)(ObjectKind(gettext_lazy("Sender"), Sender, "pk", form_of))
KINDS.register("campaign", order=50)(
    ObjectKind(
        gettext_lazy("Campaign"),
        Campaign,
        "slug",
        lambda row: reverse("campaigns:detail", args=[row.slug]),
        is_archived=lambda _row: False,
    )
)


def references_of(source: Campaign | CampaignVersion) -> set[Reference]:
    """What a draft or a launched version uses, by name; asks no database."""
    entry = source.entry if isinstance(source.entry, Mapping) else {}
    pairs: list[tuple[str, Any]] = [("segment", entry.get("segment"))]
    for node in nodes(source.steps):
        if node.kind == MESSAGE:
            step = node.step
            pairs += [("purpose", purpose_slug(step)), ("topic", step.get("topic"))]
        for rule in rules_of(node.step):
            pairs += references_in(rule)
    if source.sender_id:
        pairs.append(("sender", str(source.sender_id)))
    return {(kind, key) for kind, key in pairs if isinstance(key, str) and key}


def things_of(campaign: Campaign) -> list[Thing]:
    """What it uses, as its pages show it: of the launched version, else of the draft."""
    return things(references_of(campaign.current or campaign))


# Of a campaign that was launched what its version says, of a draft what it says itself; of steps at
# any depth. Of one that runs every version does: people may be on the way through each.
_NAMED = """
SELECT DISTINCT c.id, c.slug, c.name, c.status, r.key
FROM campaign c
LEFT JOIN campaign_version v ON v.id = c.current_id
       OR v.campaign_id = c.id AND c.status IN ('running', 'paused')
CROSS JOIN LATERAL (
    SELECT coalesce(v.entry, c.entry) AS entry, coalesce(v.sender_id, c.sender_id) AS sender_id,
           coalesce(v.steps, c.steps) AS steps, coalesce(v.goal, c.goal) AS goal) o
CROSS JOIN LATERAL (
    SELECT 'segment' AS kind, o.entry->>'segment' AS key
    UNION SELECT 'purpose', coalesce(s->>'purpose', %(marketing)s)
          FROM jsonb_path_query(o.steps, '$.** ? (@.kind == "message" && exists(@.id))') s
    UNION SELECT 'topic', s->>'topic'
          FROM jsonb_path_query(o.steps, '$.** ? (@.kind == "message" && exists(@.id))') s
    -- what the rules of its ways ask by
    UNION SELECT 'segment', s->>'slug'
          FROM jsonb_path_query(o.steps, '$.** ? (@.kind == "segment")') s
    UNION SELECT 'purpose', s->>'purpose'
          FROM jsonb_path_query(o.steps, '$.** ? (@.kind == "consent")') s
    UNION SELECT 'campaign', s->>'campaign'
          FROM jsonb_path_query(o.steps, '$.** ? (@.kind == "message" && exists(@.status))') s
    UNION SELECT 'event', o.goal->>'event'
    UNION SELECT 'event', s->>'name'
          FROM jsonb_path_query(o.steps, '$.** ? (@.kind == "event" && exists(@.name))') s
    UNION SELECT 'trait', s->>'field'
          FROM jsonb_path_query(o.steps, '$.** ? (@.kind == "trait")') s
    UNION SELECT 'trait', s->>'trait'
          FROM jsonb_path_query(o.steps, '$.** ? (exists(@.trait))') s
    -- what its launched contents read
    UNION SELECT 'trait', substring(regexp_replace(w, '^(traits|customer|person)[.]', '')
                                    FROM '^[^.[]+')
          FROM content_version x, jsonb_array_elements_text(
               CASE jsonb_typeof(x.compiled->'variables') WHEN 'array'
               THEN x.compiled->'variables' ELSE '[]' END) w
          WHERE x.version_id = v.id AND %(kind)s = 'trait'
    UNION SELECT 'sender', o.sender_id::text) r
WHERE r.kind = %(kind)s AND r.key = ANY(%(keys)s)
ORDER BY c.id DESC
"""


@USES.register("campaigns", order=20)
def uses(kind: str, keys: Collection[str]) -> Iterator[tuple[str, Use]]:
    """Campaigns that name them: those under way bind, drafts and what was sent are named."""
    if kind not in ("segment", "purpose", "topic", "sender", "campaign", "trait", "event"):
        return
    over: dict[str, int] = {}
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"marketing": MARKETING, "kind": kind, "keys": list(keys)}
        cursor.execute(_NAMED, values)
        rows = cursor.fetchall()
    for _id, slug, name, status, key in rows:
        if status in OVER:
            over[key] = over.get(key, 0) + 1
        else:
            why = _("campaign, %(status)s") % {"status": Status(status).label.lower()}
            url = reverse("campaigns:detail", args=[slug])
            yield key, Use("campaign", name, why, url, binds=status in UNDER_WAY)
    for key, count in over.items():
        words = ngettext("%(n)d campaign that is over", "%(n)d campaigns that are over", count)
        url = f"{reverse('campaigns:list')}?status=finished"
        yield key, Use("campaigns", words % {"n": count}, "", url)
    yield from _single_messages(kind, keys)


def _single_messages(kind: str, keys: Collection[str]) -> Iterator[tuple[str, Use]]:
    """Messages to one person belong to no campaign: the default sender's, of any purpose."""
    if kind == "sender":
        yield from _default(keys)
    waiting = _("single messages that wait")
    if kind == "sender" and MessageChunk.objects.filter(campaign_id=None).exists():
        default = Sender.objects.filter(pk__in=[int(key) for key in keys], is_default=True)
        for pk in default.values_list("pk", flat=True):
            yield str(pk), Use("messages", waiting, "", messages_url(), binds=True)
    if kind == "purpose":
        for purpose in Purpose.objects.filter(slug__in=keys):
            rows = Message.objects.filter(purpose=purpose, campaign_id=None)
            if rows.filter(state__in=WAITING).exists():
                yield purpose.slug, Use("messages", waiting, "", messages_url(), binds=True)
            elif ContentVersion.objects.filter(version=None, purpose=purpose).exists():
                yield purpose.slug, Use("messages", _("single messages"), "", messages_url())


def _default(keys: Collection[str]) -> Iterator[tuple[str, Use]]:
    """New campaigns and single messages are from it, as long as another could take its place."""
    others = Sender.objects.filter(archived_at=None)
    row = others.filter(is_default=True).first()
    if row is not None and str(row.pk) in keys and others.exclude(pk=row.pk).exists():
        why = _("the default; make another one the default first")
        yield str(row.pk), Use("default", _("New campaigns"), why, form_of(row), binds=True)


def messages_url() -> str:
    """The list of messages."""
    return reverse("campaigns:messages")
