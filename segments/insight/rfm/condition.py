"""Is in an RFM group."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.utils.translation import gettext as _

from config.postgres.sql import FALSE, run, sql
from profiles.language import schemas
from profiles.language.reading.reader import Reader
from segments.insight.rfm.cuts import RFM, cut_points
from segments.insight.rfm.groups import USUAL, group_names, groups
from segments.insight.rfm.scoring import in_cells, scored
from segments.rules.algebra import Filter, Ids, Part
from segments.rules.base import Condition, register
from segments.rules.clause import IS_IN, VALUE, Clause, choose, text
from segments.rules.context import CompileContext


@register
@dataclass(frozen=True)
class RfmCondition(Condition):
    """In the RFM group `group`, by the cuts of the moment and the person's own events."""

    kind = "rfm"
    group: str

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read the group."""
        reader.only("kind", "group")
        return cls(reader.choice("group", list(USUAL)))

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """What its JSON looks like."""
        group = {"type": "string", "enum": list(USUAL)}
        return schemas.strict({"group": group}, "group", example={"group": "champions"})

    @classmethod
    def clause(cls) -> Clause:
        """ "are in the RFM group Champions"."""
        return Clause(
            label=_("RFM group"),
            intent=IS_IN,
            also=_("recency, frequency, money, value, champions, loyal, at risk, lost"),
            order=35,
            focus="group",
            start={"kind": cls.kind, "group": "champions"},
            parts=[
                text(_("are in the RFM group")),
                choose("group", group_names(), name="group", look=VALUE),
            ],
        )

    def due_at(self, now: datetime) -> datetime | None:
        """Recency goes by whole days since the last event, and cuts are made anew each day."""
        return now

    def profiles(self) -> bool:
        """It was worked out about people."""
        return True

    def compile(self, context: CompileContext) -> Part:
        """Who is in one of the group's cells; nobody before the first cuts."""
        cuts = cut_points(context)
        if cuts is None:
            return Filter(FALSE)
        return Ids(in_cells(cuts, groups().get(self.group, ()), context), distinct=True)

    def describe(self) -> str:
        """In words."""
        return _("are in the RFM group “%(group)s”") % {"group": group_names()[self.group]}

    def depends_on(self) -> set[str]:
        """The cuts; `segments.services.dependencies` adds the event that they are of."""
        return {RFM}

    def found(self, context: CompileContext, profile_id: int) -> str:
        """The scores."""
        cuts = cut_points(context)
        if cuts is None:
            return _("nobody is scored yet")
        query = "SELECT s.r, s.f, s.m FROM ({scored}) s WHERE s.profile_id = {person}"
        rows = run(sql(query, scored=scored(cuts, context), person=profile_id))
        if not rows:
            return _("not among those who are scored")
        r, f, m = rows[0]
        return _("recency %(r)s, frequency %(f)s, money %(m)s of 5") % {"r": r, "f": f, "m": m}
