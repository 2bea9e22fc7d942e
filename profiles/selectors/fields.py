"""The names of traits, properties and identifiers that came in lately: for the catalogue."""

from django.db import connection

from profiles.people.lineage import living
from profiles.personal.names import FieldPlace, Nature
from profiles.personal.tags import nature
from profiles.selectors.live import last_event_id

NEWEST, MOST = 1_000, 40
# Events have no index that gives the newest: block ranges (event_newest) find those of the last
# ids, so a stretch of ids is named, or all months would be read for a thousand rows.
STRETCH = 20_000
_SEEN = f"""
(SELECT 'trait', k, count(*) FROM (SELECT traits FROM profile p WHERE {living()}
    ORDER BY last_seen DESC, id DESC LIMIT %(newest)s) p, jsonb_object_keys(p.traits) k
 GROUP BY k ORDER BY 3 DESC, 2 LIMIT %(most)s)
UNION ALL
(SELECT 'property', k, count(*) FROM (SELECT properties FROM event
    WHERE type = 'track' AND id > %(after)s ORDER BY id DESC LIMIT %(newest)s) e,
    jsonb_object_keys(e.properties) k
 GROUP BY k ORDER BY 3 DESC, 2 LIMIT %(most)s)
UNION ALL
(SELECT 'identifier', kind, count(*) FROM (SELECT kind FROM identifier_key
    ORDER BY id DESC LIMIT %(newest)s) i GROUP BY kind ORDER BY 3 DESC, 2 LIMIT %(most)s)
"""  # noqa: S608 - pieces of ours


def unknown_fields() -> list[tuple[FieldPlace, str]]:
    """Those of which is not known whether they are personal, the commonest first; two queries."""
    with connection.cursor() as cursor:
        after = last_event_id() - STRETCH
        cursor.execute(_SEEN, {"newest": NEWEST, "most": MOST, "after": after})
        seen = [(FieldPlace(place), name) for place, name, _count in cursor.fetchall()]
    return [(place, name) for place, name in seen if nature(place, name) is Nature.UNKNOWN][:MOST]
