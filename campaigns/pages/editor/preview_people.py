"""Whom a mail is shown as: someone typical and the worst cases, real where one may see them."""

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.composition.contents import person_data
from campaigns.content.names import person_names
from campaigns.models import Campaign
from campaigns.plan import plan_of
from campaigns.services.coverage import coverage
from profiles.models import Profile
from segments.models import Segment
from segments.rules.computed import definitions

LOOKED_AT = 20_000  # members among whom worst cases are looked for
# by number: written as letters, one of the bounds falls apart into two, and the range took in CJK
RTL = "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]"


@dataclass(frozen=True)
class Cast:
    """One person to show a mail as. Without `person` they are made up."""

    label: str | Promise
    data: dict[str, Any]
    name: str = ""
    key: str = ""
    person: Profile | None = None


def _made_up(label: str | Promise, key: str, called: str, **traits: Any) -> Cast:
    profile = {"name": called, "locale": "en", "country": "NL"}
    data = person_names(traits, called, profile)
    return Cast(label, data, called, key)


MADE_UP: tuple[Cast, ...] = (
    _made_up(
        _("typical"), "x-typical", "Maya Santoso",
        first_name="Maya", last_name="Santoso", name="Maya Santoso", email="maya@example.com",
    ),
    _made_up(_("no name"), "x-nameless", "", email="someone@example.com"),
    _made_up(
        _("longest name"), "x-longest",
        "Maria-Magdalena Antoinette von Hohenstein-Falkenberg zu Tannau",
        first_name="Maria-Magdalena Antoinette", last_name="von Hohenstein-Falkenberg zu Tannau",
        name="Maria-Magdalena Antoinette von Hohenstein-Falkenberg zu Tannau",
    ),
    _made_up(
        _("right to left"), "x-rtl", "ليلى عبد الرحمن القحطاني",
        first_name="ليلى", last_name="القحطاني", name="ليلى عبد الرحمن القحطاني",
    ),
    _made_up(_("nothing known"), "x-empty", ""),
)  # fmt: skip

_MEMBERS = """
SELECT p.id, p.display_name, p.traits, octet_length(p.traits::text) AS weight
FROM (SELECT m.profile_id FROM membership m
      WHERE m.segment_id = %(segment)s AND m.left_at IS NULL LIMIT %(looked_at)s) m
JOIN profile p ON p.id = m.profile_id WHERE p.state = 'active'
"""
_WORST = f"""
WITH members AS MATERIALIZED ({_MEMBERS})
(SELECT 'typical', id FROM members WHERE display_name <> '' AND display_name !~ %(rtl)s
 ORDER BY abs(length(display_name) - 12), weight DESC, id LIMIT 1)
UNION ALL (SELECT 'nameless', id FROM members WHERE display_name = ''
 ORDER BY weight DESC, id LIMIT 1)
UNION ALL (SELECT 'longest', id FROM members ORDER BY length(display_name) DESC, id LIMIT 1)
UNION ALL (SELECT 'rtl', id FROM members WHERE display_name ~ %(rtl)s ORDER BY id LIMIT 1)
UNION ALL (SELECT 'empty', id FROM members ORDER BY weight, id LIMIT 1)
"""  # noqa: S608 - our own text
LABELS: dict[str, str | Promise] = {
    "typical": _("typical"),
    "nameless": _("no name"),
    "longest": _("longest name"),
    "rtl": _("right to left"),
    "empty": _("least known"),
}


def segment_of(campaign: Campaign) -> Segment | None:
    """The audience, of what was launched or of the draft."""
    return Segment.objects.filter(slug=plan_of(campaign).entry.get("segment", "")).first()


def cast_of(segment: Segment | None, *, personal: bool) -> list[Cast]:
    """Someone typical and the worst cases of the audience; at most three queries.

    Made-up people where there is nobody yet, or for eyes that may not see personal data.
    """
    if segment is None or not personal:
        return list(MADE_UP)
    found = _worst(segment.pk)
    if not found:
        return list(MADE_UP)
    people = Profile.objects.in_bulk([number for _case, number in found])
    data = person_data(list(people))
    cast, taken = [], set()
    for case, number in found:
        if number in people and number not in taken:
            taken.add(number)
            person = people[number]
            key = str(person.public_id)
            cast.append(Cast(LABELS[case], data[number], person.display_name, key, person))
    return cast


def _worst(segment_id: int) -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_WORST, {"segment": segment_id, "looked_at": LOOKED_AT, "rtl": RTL})
        return list(cursor.fetchall())


def one(person: Profile) -> Cast:
    """One chosen person; a query."""
    data = person_data([person.pk])[person.pk]
    return Cast("", data, person.display_name, str(person.public_id), person)


def made_up(key: str) -> Cast | None:
    """The made-up person of this key."""
    return next((cast for cast in MADE_UP if cast.key == key), None)


@dataclass(frozen=True)
class Variable:
    """A trait that content may use, with how many of those who get the mail have it."""

    name: str
    share: float | None = None
    of: int = 0

    @property
    def token(self) -> str:
        """As it is put into the content, with a fallback."""
        fallback = _("there") if self.name in ("first_name", "firstName", "name") else "..."
        return f'{{{{ {self.name} | default: "{fallback}" }}}}'


MOST_COMPUTED = 12
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAMES = """
SELECT k FROM (
    SELECT p.traits FROM profile p WHERE p.id IN
        (SELECT profile_id FROM membership
         WHERE segment_id = %(segment)s AND left_at IS NULL LIMIT 300)
    ) s, jsonb_object_keys(s.traits) k
WHERE jsonb_typeof(s.traits->k) IN ('string', 'number') AND k ~ '^[A-Za-z_][A-Za-z0-9_]*$'
GROUP BY k ORDER BY count(*) DESC, 1 LIMIT 14
"""


def variables_of(campaign: Campaign, segment: Segment | None) -> list[Variable]:
    """The traits that most members have and the computed ones, and how many recipients have each:
    some four queries.

    Names are looked for among 300 members; shares are of the recipients, as the checks count them.
    """
    names = []
    if segment is not None:
        with connection.cursor() as cursor:
            cursor.execute(_NAMES, {"segment": segment.pk})
            names = [name for (name,) in cursor.fetchall()]
    if not names:
        names = ["first_name", "last_name"]
    names += [name for name in sorted(definitions()) if _PLAIN.fullmatch(name)][:MOST_COMPUTED]
    found = coverage(campaign, names)
    return [Variable(name, found.share(name), found.of) for name in names]
