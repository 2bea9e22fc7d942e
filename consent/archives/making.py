"""Makes the archive of a person: everything that is held, row by row, and what it is for.

Over the same list as an erasure (`consent.privacy.holdings`), so that what is told and what is
erased is the same.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from django.apps import apps
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from config.postgres.sql import OR, Sql, sql, streamed
from config.workspace import audit
from config.workspace.registry import Registry
from config.workspace.selectors import workspace
from config.workspace.tables.belonging import Erased
from config.workspace.tables.lasting import Bounded, ForEver, Until
from config.workspace.work.due import wake
from consent.archives.files import ArchiveWriter, path_of, remove
from consent.archives.releasing import is_open
from consent.letters.languages import letter_language
from consent.models import PersonArchive, PrivacyRequest, Purpose, RetentionRule
from consent.models.privacy import RequestType
from consent.privacy.due import AGAIN, DOING, MACHINES
from consent.privacy.holdings import Holding, holdings_of
from consent.privacy.requests import FOLLOWING, REVIEW, WORK, CannotBeDone, complete
from consent.privacy.subject import DataSubject, person_of, subject_of
from consent.retention.words import keep_in_words
from profiles.models import Profile, Source

TYPES: Final = (RequestType.ACCESS, RequestType.PORTABILITY)  # of requests that get one
MOST_ROWS: Final = 100_000  # of one table
AT_A_TIME: Final = 500  # rows that are held at once
MOST_SCORES: Final = 1_000
REMAKE: Final = "archive_wanted"  # of `result`: it is to be made anew
# keys and digests of ours, which say nothing of the person
LEFT_OUT: Final = frozenset(
    {"digest", "lease", "lease_until", "tableoid", "sealed", "token_digest", "pass_digest"}
    | {"client_digest", "needles", "asked_digest"}
)
# name -> function(person, language): why they are where they are ({"name", "because"}), of
# whichever app sorts people
LOGIC: Registry[Callable[[Profile, str], list[dict[str, str]]]] = Registry("logic in archives")


def make(request: PrivacyRequest, until: float) -> bool:
    """Have it written. What a system asked is answered with it; else somebody reads it first."""
    person = person_of(request)
    if person is not None:
        request.result["rows"] = write(request, person).rows
        audit.record("privacy.archive_made", "privacy_request", str(request.public_id))
    if person is None or request.origin in MACHINES:
        complete(request)
        return True
    request.result[REVIEW] = timezone.now().isoformat()
    request.save(update_fields=["result"])
    return True


for _type in TYPES:
    DOING[_type] = make


@transaction.atomic
def write(request: PrivacyRequest, person: Profile) -> PersonArchive:
    """Anew, in the place of one that was made before. One query a table, and some."""
    subject = subject_of(person)
    archive, _is_new = PersonArchive.objects.get_or_create(request=request)
    channels, scores, cut = set[str](), list[dict[str, Any]](), list[str]()
    with ArchiveWriter(path_of(request), []) as writer:
        for holding in _of_tables(subject, person):
            n = 0
            for row in _rows(holding):
                writer.row(holding.table, row)
                n += 1
                _learn(holding.table, row, channels, scores)
            if n == MOST_ROWS:
                cut.append(holding.table)
        tables = [one["table"] for one in writer.tables]
        about = _about(request, person, subject, tables) | {
            "recipients": sorted(channels),
            "automated_decisions": scores,
            "not_in_full": cut,
        }
        archive.head_at = writer.head(about)
    archive.tables, archive.rows = writer.tables, sum(one["rows"] for one in writer.tables)
    archive.size, archive.made_at, archive.gone_at = writer.at, timezone.now(), None
    archive.released_at = archive.revoked_at = archive.expires_at = archive.token_digest = None
    archive.downloads = 0
    archive.save()
    archive.redactions.all().delete()  # they name places in the rows of before
    return archive


def _of_tables(subject: DataSubject, person: Profile) -> Iterator[Holding]:
    """One a table, so that no row comes twice."""
    found: dict[str, list[Sql]] = {"profile": [sql("t.id = {id}", id=person.pk)]}
    for holding in holdings_of(subject):
        found.setdefault(holding.table, []).append(holding.where)
    for table, tests in found.items():
        yield Holding(table, sql("({t})", t=OR.joined(tests)), Erased.KEPT)


def _rows(holding: Holding) -> Iterator[dict[str, Any]]:
    """The rows of one table as JSON, as they are stored."""
    query = sql(
        f"SELECT to_jsonb(t)::text FROM {holding.table} t WHERE {{w}} LIMIT {MOST_ROWS}",  # noqa: S608
        w=holding.where,
    )
    for (row,) in streamed(query, AT_A_TIME):
        yield {
            name: value
            for name, value in json.loads(row).items()
            if name not in LEFT_OUT and value is not None
        }


def _learn(
    table: str, row: dict[str, Any], channels: set[str], scores: list[dict[str, Any]]
) -> None:
    """Over which channels something was handed to somebody else; by which model what came out."""
    if table == "message" and row.get("sent_at"):
        channels.add(row["channel"])
    elif table == "score" and len(scores) < MOST_SCORES:
        scores.append({"model": row["model"], "value": row["value"], "because": row["reasons"]})


def _about(
    request: PrivacyRequest, person: Profile, subject: DataSubject, tables: list[str]
) -> dict[str, Any]:
    language = letter_language(request.language)
    return {
        "request": str(request.public_id),
        "controller": workspace().name,
        "person": str(person.public_id),
        "identifiers": [{"kind": one.kind, "value": one.value} for one in subject.known_by],
        "purposes": list(Purpose.objects.values("slug", "name", "description", "purpose_class")),
        "sources": list(Source.objects.values("id", "name", "kind")),
        "retention": _kept(tables, language),
        "logic": [line for _name, why in LOGIC for line in why(person, language)],
    }


def _kept(tables: Iterable[str], language: str) -> dict[str, str]:
    """How long the rows of each table stay, in the person's language: by a rule that is switched
    on, else by what its model says. One query.
    """
    lasting = {model._meta.db_table: getattr(model, "lasts", None) for model in apps.get_models()}
    rules = RetentionRule.objects.filter(is_enabled=True, name="")
    ruled = {row.data_class: row for row in rules}
    with translation.override(language):
        return {
            table: _stays(lasting.get(table), ruled.get(_OF.get(table, table))) for table in tables
        }


# a table whose rows go with those of another
_OF: Final = {"event_item": "event"}


def _stays(lasts: Any, rule: RetentionRule | None) -> str:
    if rule is not None:
        kept = keep_in_words(rule.keep_n, rule.keep_unit)
        return _("%(kept)s, by a rule of ours") % {"kept": kept}
    return str(lasts.in_words()) if isinstance(lasts, ForEver | Bounded | Until) else ""


def make_again(request: PrivacyRequest) -> None:
    """Have the worker write what is held by then, while it is not handed over.

    Raises CannotBeDone.
    """
    if request.type not in TYPES or person_of(request) is None:
        raise CannotBeDone(_("Nobody is known by this request any more."))
    archive = PersonArchive.objects.filter(request=request).first()
    if archive is not None and is_open(archive):
        raise CannotBeDone(_("It was handed over: revoke the link first."))
    request.result[REMAKE] = timezone.now().isoformat()
    request.save(update_fields=["result"])
    wake(WORK)


def _remake(request: PrivacyRequest, until: float) -> bool:
    person = person_of(request)
    if person is not None:
        write(request, person)
        audit.record("privacy.archive_made", "privacy_request", str(request.public_id))
    return True


AGAIN[REMAKE] = _remake


@FOLLOWING.register("archives")
def follow(request: PrivacyRequest, step: str) -> None:
    """What is not handed over is not kept."""
    if step == "cancelled" and request.type in TYPES:
        remove(request)
        PersonArchive.objects.filter(request=request).update(gone_at=timezone.now())
