"""Which link of a mail people followed: the clicks that each message keeps, by where they led.

Counted are messages that a person clicked in, once a link; what a machine followed counts nowhere.
A message keeps its last thirty clicks. Clicks from before it was kept who made them count where no
machine was ever seen in that message.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q

from campaigns.models import Campaign, ContentVersion, Message
from config.postgres.sql import run, sql

_CLICKS = """
SELECT m.content_version_id, (c.click->>0)::int AS link, count(DISTINCT m.id)
FROM message m CROSS JOIN LATERAL jsonb_array_elements(m.data->'clicks') AS c(click)
WHERE m.campaign_id = {campaign} AND NOT m.is_test AND m.clicked_at IS NOT NULL
  AND CASE WHEN jsonb_array_length(c.click) > 2 THEN c.click->2 = 'true'
           ELSE m.machine_clicked_at IS NULL END
GROUP BY 1, 2
"""


@dataclass(frozen=True)
class LinkCount:
    """In how many messages a person followed this link; nobody did is said as well."""

    url: str
    clicked: int


def by_link(campaign: Campaign) -> list[LinkCount]:
    """Every link of what was sent, the most followed first. Two queries."""
    places = _places(campaign)
    where = {place: url for url, found in places.items() for place in found}
    counts: Counter[str] = Counter(dict.fromkeys(places, 0))
    for version, link, n in run(sql(_CLICKS, campaign=campaign.pk)):
        if (version, link) in where:
            counts[where[version, link]] += n
    return [LinkCount(url, n) for url, n in sorted(counts.items(), key=lambda one: -one[1])]


def followed(campaign: Campaign, url: str) -> Q | None:
    """The messages in which a person followed this link, as a condition; None for another's."""
    places = _places(campaign).get(url)
    if not places:
        return None
    return Q(clicked_at__isnull=False) & reduce(or_, (_at(*place) for place in places))


def _at(version: int, link: int) -> Q:
    """By a person, as far as it is kept who clicked (`campaigns.outcomes.recording`)."""
    by_person = Q(data__contains={"clicks": [[link, True]]})
    unsaid = Q(data__contains={"clicks": [[link]]}, machine_clicked_at=None)
    return Q(content_version_id=version) & (by_person | unsaid)


def _places(campaign: Campaign) -> dict[str, list[tuple[int, int]]]:
    """By address the (content version, number) of the links of what was sent. One query."""
    sent = Message.objects.filter(campaign_id=campaign.pk, is_test=False).order_by()
    used = sent.exclude(content_version_id=None).values("content_version_id").distinct()
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    rows = ContentVersion.objects.filter(pk__in=used).order_by("pk")
    for version, compiled in rows.values_list("pk", "compiled"):
        for number, url in enumerate(compiled.get("links", [])):
            found[url].append((version, number))
    return found
