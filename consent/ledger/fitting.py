"""Which of the permissions that stand answers for an address and a topic: the best fit, once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.postgres.sql import AND, COMMA, Sql, run, sql
from consent.ledger.acts import BLOCKING
from consent.ledger.standing import standing
from consent.models import ConsentEntry
from profiles.people.lineage import given_people

_BLOCKING = COMMA.joined(Sql(f"'{status}'") for status in BLOCKING)


class Fit:
    """Which standing row answers for an address and a topic: the one that fits best.

    What is said of this topic for this address, else for the person; then of the purpose as a whole
    for the address, then for the person. But a refusal of the purpose for the address holds for its
    topics too, whatever is said of the topic for the person as a whole.
    """

    def __init__(self, address: Sql, topic: Sql | None = None) -> None:
        self.rows = {"sa": (address, Sql("0")), "sp": (Sql("''"), Sql("0"))}
        if topic is not None:
            self.rows = {"ta": (address, topic), "tp": (Sql("''"), topic), **self.rows}

    def joins(self, stood: Sql, match: Callable[[str], Sql]) -> Sql:
        """Joins each row of the relation `stood` that may answer; `match` says of a name what else
        it is joined by (at least its `profile_id`).
        """
        return Sql("\n").joined(
            sql(
                "LEFT JOIN {stood} {name} ON {match} AND {name}.contact_point = {point}"
                " AND {name}.topic_key = {topic}",
                stood=stood,
                name=Sql(name),
                match=match(name),
                point=point,
                topic=topic,
            )
            for name, (point, topic) in self.rows.items()
        )

    def column(self, name: str) -> Sql:
        """Of the row that answers; `status`, `entry_id` and `at` are null where nothing is said."""
        found = [Sql(f"{row}.{name}") for row in self.rows]
        if "ta" in self.rows:
            refused = "CASE WHEN sa.status IN ({blocking}) THEN sa.{name} END"
            found.insert(1, sql(refused, blocking=_BLOCKING, name=Sql(name)))
        return sql("coalesce({found})", found=COMMA.joined(found))

    @property
    def permitted(self) -> Sql:
        """Granted, and no wider refusal as late (a safeguard: the derivation hands them down)."""
        refused = AND.joined(
            sql(
                "(({name}.status IN ({blocking}) AND {name}.at >= {at}) IS NOT TRUE)",
                name=Sql(name),
                blocking=_BLOCKING,
                at=self.column("at"),
            )
            for name in list(self.rows)[1:]
        )
        return sql(
            "(({status} = 'granted') IS TRUE AND {refused})",
            status=self.column("status"),
            refused=refused,
        )


@dataclass(frozen=True)
class PermissionAsked:
    """What may be allowed or refused: of an address ("" for the person), of a topic (0: none)."""

    purpose_id: int
    channel: str
    contact_point: str
    topic_id: int = 0


_ANSWERS = """
SELECT {entry} FROM unnest({purposes}::bigint[], {channels}::text[], {points}::text[],
                           {topics}::bigint[])
     WITH ORDINALITY AS q(purpose_id, channel, point, topic_id, n)
{joins} ORDER BY q.n
"""


def answers_of(profile_id: int, asked: Sequence[PermissionAsked]) -> list[ConsentEntry | None]:
    """For each of `asked` the entry that answers, None where nothing was said; two queries."""
    fit = Fit(Sql("q.point"), Sql("q.topic_id"))
    stood = sql("({stood})", stood=standing(given_people([profile_id])))
    query = sql(
        _ANSWERS,
        entry=fit.column("entry_id"),
        purposes=[one.purpose_id for one in asked],
        channels=[one.channel for one in asked],
        points=[one.contact_point for one in asked],
        topics=[one.topic_id for one in asked],
        joins=fit.joins(
            stood,
            lambda name: Sql(f"{name}.purpose_id = q.purpose_id AND {name}.channel = q.channel"),
        ),
    )
    found = [entry_id for (entry_id,) in run(query)]
    rows = ConsentEntry.objects.filter(profile_id=profile_id, id__in=set(found) - {None})
    entries = {row.pk: row for row in rows.select_related("purpose", "topic", "source")}
    return [entries.get(entry_id) for entry_id in found]
