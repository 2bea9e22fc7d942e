"""Everything that is held of a person, as one archive: what an access request is answered with.

Over the same list as an erasure (`holdings`), so that what is told and what is erased is the same.
"""

import json
from typing import Any, Final

from django.apps import apps

from config.postgres.sql import run, sql
from config.workspace.selectors import workspace
from config.workspace.tables.belonging import Erased
from config.workspace.tables.lasting import Bounded, ForEver, Until
from consent.models import PrivacyRequest, Purpose
from consent.models.privacy import RequestType
from consent.privacy.holdings import Holding, holdings_of
from consent.privacy.subject import subject_of
from profiles.models import Profile, Source

TYPES: Final = (RequestType.ACCESS, RequestType.PORTABILITY)  # of requests that get one
MOST_ROWS: Final = 100_000  # of one table
# keys and digests of ours, which say nothing of the person
LEFT_OUT: Final = frozenset({"digest", "lease", "lease_until", "tableoid"})


def archive_of(request: PrivacyRequest, person: Profile) -> dict[str, Any]:
    """`person`, `data{table: rows}`, `purposes`, `sources`, `retention`, `not_in_full`.

    Rows are as they are stored. Three queries a table at most.
    """
    subject = subject_of(person)
    data: dict[str, list[Any]] = {
        "profile": _rows(Holding("profile", sql("t.id = {id}", id=person.pk), Erased.KEPT))
    }
    cut = []
    for holding in holdings_of(subject):
        rows = _rows(holding)
        if len(rows) == MOST_ROWS:
            cut.append(holding.table)
        if rows:
            data.setdefault(holding.table, []).extend(rows)
    return {
        "request": str(request.public_id),
        "controller": workspace().name,
        "person": str(person.public_id),
        "identifiers": [{"kind": one.kind, "value": one.value} for one in subject.known_by],
        "data": data,
        "purposes": list(Purpose.objects.values("slug", "name", "description", "purpose_class")),
        "sources": list(Source.objects.values("id", "name", "kind")),
        "recipients": _recipients(data),
        "retention": {table: _kept(table) for table in data},
        "automated_decisions": _scores(data),
        "not_in_full": cut,
    }


def _rows(holding: Holding) -> list[dict[str, Any]]:
    """The rows of one holding as JSON."""
    query = sql(
        f"SELECT to_jsonb(t)::text FROM {holding.table} t WHERE {{w}} LIMIT {MOST_ROWS}",  # noqa: S608
        w=holding.where,
    )
    return [
        {
            name: value
            for name, value in json.loads(row).items()
            if name not in LEFT_OUT and value is not None
        }
        for (row,) in run(query)
    ]


def _recipients(data: dict[str, list[Any]]) -> list[str]:
    """Over which channels something was handed to somebody else to deliver."""
    return sorted({row["channel"] for row in data.get("message", []) if row.get("sent_at")})


def _scores(data: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """By which model, what came out and why."""
    return [
        {"model": row["model"], "value": row["value"], "because": row["reasons"]}
        for row in data.get("score", [])
    ]


def _kept(table: str) -> str:
    for model in apps.get_models():
        if model._meta.db_table == table:
            lasts = getattr(model, "lasts", None)
            if isinstance(lasts, ForEver):
                return lasts.why
            if isinstance(lasts, Bounded):
                return lasts.by
            if isinstance(lasts, Until):
                return lasts.rule
    return ""
