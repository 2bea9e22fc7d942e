"""Classes whose rows are of one table and go by one column of time: no more to say of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from config.postgres.sql import TRUE, Sql, every, one, run, sql
from consent.retention.classes import (
    CLASSES,
    DELETE,
    ROWS,
    DryRunCount,
    Extent,
    RetainedClass,
    RetentionTerms,
    TakenPortion,
)
from consent.retention.extent import extent_of, first
from consent.retention.holds import kept_by_law

_COUNT: Final = "SELECT count(*), {people}, min(t.{at}) FROM {table} t WHERE {goes}"
_TAKE: Final = """
WITH done AS ({change} WHERE t.ctid = ANY(ARRAY(
    SELECT t.ctid FROM {table} t WHERE {goes} ORDER BY t.{at} LIMIT {limit})) AND {goes}
RETURNING 1) SELECT count(*) FROM done
"""


@dataclass(frozen=True)
class AgedTable:
    """`at` is the column of time, `ended` a test on `t` that it is done with, `person` the column
    that names somebody. `emptied`: the row stays, and these columns of it hold what is said here.
    """

    table: str
    at: str
    ended: str = "TRUE"
    person: str = ""
    emptied: Mapping[str, str] = field(default_factory=dict)

    def extent(self) -> Extent:
        """Of the whole table; the oldest that the rule could take."""
        oldest = first(f"SELECT min(t.{self.at}) FROM {self.table} t WHERE {self.ended}")  # noqa: S608
        return extent_of(self.table, oldest)

    def count(self, terms: RetentionTerms) -> DryRunCount:
        """One statement."""
        people = Sql(f"count(DISTINCT t.{self.person})" if self.person else "NULL::bigint")
        query = sql(_COUNT, people=people, goes=self._goes(terms), **self._names())
        rows, people_, oldest = one(query)
        return DryRunCount(rows, people_, oldest)

    def portion(self, terms: RetentionTerms, place: Mapping[str, Any]) -> TakenPortion:
        """The oldest first; a portion that took nothing was the last."""
        done = sql(
            _TAKE,
            change=Sql(self._change()),
            goes=self._goes(terms),
            limit=ROWS,
            **self._names(),
        )
        n = int(run(done)[0][0])
        return TakenPortion({self.table: n}, place={}) if n else TakenPortion()

    def _change(self) -> str:
        if not self.emptied:
            return f"DELETE FROM {self.table} t"  # noqa: S608 - a table of ours
        values = ", ".join(f"{name} = {empty}" for name, empty in self.emptied.items())
        return f"UPDATE {self.table} t SET {values}"  # noqa: S608 - as above

    def _names(self) -> dict[str, Sql]:
        return {"table": Sql(self.table), "at": Sql(self.at)}

    def _goes(self, terms: RetentionTerms) -> Sql:
        held = TRUE
        if self.person and terms.held:
            test = f"t.{self.person} <> ALL({{held}}::bigint[])"
            held = sql(test, held=list(terms.held))
        left = TRUE
        if self.emptied:
            full = (f"t.{name} IS DISTINCT FROM {empty}" for name, empty in self.emptied.items())
            left = Sql(f"({' OR '.join(full)})")
        law = kept_by_law().get(self.table)
        lawful = sql("NOT ({law})", law=law) if law else TRUE
        old = sql(f"t.{self.at} < {{before}}", before=terms.before)
        return every([old, Sql(f"({self.ended})"), held, left, lawful])


def aged(
    name: str,
    table: AgedTable,
    *,
    label: Any,
    explained: Any,
    without: Any = "",
    order: int = 50,
    **more: Any,
) -> None:
    """Sign such a class in."""
    CLASSES.register(name, order=order)(
        RetainedClass(
            name=name,
            label=label,
            explained=explained,
            without=without,
            extent=table.extent,
            count=table.count,
            portion=table.portion,
            **({"acts": (DELETE,)} | more),
        )
    )


aged(
    "trait_history",
    AgedTable("trait_history", "replaced_at", person="profile_id"),
    label=_("Former values of traits"),
    explained=_("What a source had said of a person before it said something else."),
    setting="TRAIT_HISTORY_MONTHS",
    setting_unit="month",
    order=30,
)
aged(
    "identifier_link",
    AgedTable("identifier_link", "last_seen"),
    label=_("Which identifiers were named together"),
    explained=_("By the numbers of identifiers; resolving anew goes by it."),
    setting="IDENTIFIER_LINK_MONTHS",
    setting_unit="month",
    order=35,
)
aged(
    "rejection",
    AgedTable("rejection", "received_at"),
    label=_("Refused calls"),
    explained=_("With the text that came in. How many they were is kept as a number."),
    setting="REJECTION_DAYS",
    order=60,
)
aged(
    "job",
    AgedTable("job", "finished_at", ended="t.finished_at IS NOT NULL"),
    label=_("Imports and other jobs"),
    explained=_("Their titles, results and errors."),
    setting="JOB_DAYS",
    order=65,
)
aged(
    "webhook_delivery",
    AgedTable(
        "webhook_delivery",
        "created_at",
        ended="t.delivered_at IS NOT NULL OR t.failed_at IS NOT NULL",
    ),
    label=_("Calls of outgoing webhooks"),
    explained=_("What was sent, once it was delivered or given up."),
    setting="WEBHOOK_DELIVERY_DAYS",
    order=70,
)
