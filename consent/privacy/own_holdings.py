"""Rows that no declaration finds, of tables of this app and of those below it.

Texts that came in and have no owner are found by what they hold: whoever is named in one is erased
from it with the whole of it.
"""

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext_lazy as _

from config.postgres.sql import Sql, sql
from config.workspace.tables.belonging import Erased
from consent.models import IdentityLink
from consent.privacy.holdings import HOLDINGS, Holding, holds_a_needle
from consent.privacy.subject import DataSubject


@HOLDINGS.register("identifiers", order=10)
def _of_identifiers(subject: DataSubject) -> Iterable[Holding]:
    """What names identifiers by their number."""
    ids = list(subject.identifier_ids)
    for table, one, other in (
        ("identifier_link", "one_id", "other_id"),
        ("merge_pending", "identifier_id", "other_identifier_id"),
    ):
        where = sql(
            f"(t.{one} = ANY({{ids}}::bigint[]) OR t.{other} = ANY({{ids}}::bigint[]))", ids=ids
        )
        yield Holding(table, where, Erased.ERASED, at_once=True)


@HOLDINGS.register("contact points", order=20)
def _of_points(subject: DataSubject) -> Iterable[Holding]:
    """Under another's key: from a time when the address was theirs, or they were one."""
    yield Holding(
        "consent_entry",
        sql("t.contact_point = ANY({points}::text[])", points=subject.points),
        Erased.SCRUBBED,
        emptied={"contact_point": "''", "evidence": "'{}'"},
    )
    yield Holding(
        "suppression",
        sql("t.digest = ANY({digests}::bytea[])", digests=[o.digest for o in subject.known_by]),
        Erased.SCRUBBED,
        emptied={"hint": "''", "detail": "''"},
    )
    yield Holding(
        "outgoing_mail",
        sql("t.digest = ANY({digests}::bytea[])", digests=[o.digest for o in subject.known_by]),
        Erased.ERASED,
        at_once=True,
    )
    yield Holding(
        "audit_entry",
        sql(
            "t.target_kind = 'profile' AND t.target = ANY({ids}::text[])", ids=_public_ids(subject)
        ),
        Erased.SCRUBBED,
        emptied={"target": "''", "profile_id": "NULL"},
    )


def _public_ids(subject: DataSubject) -> list[str]:
    return [one.value for one in subject.known_by if one.kind == "rapport_id"]


@HOLDINGS.register("texts", order=30)
def _of_texts(subject: DataSubject) -> Iterable[Holding]:
    """Whole rows of texts that hold one of their identifiers."""
    needles = subject.needles
    rejected = holds_a_needle(("t.body", "t.message_id", "t.errors::text"), needles)
    yield Holding("rejection", rejected, Erased.ERASED)
    yield Holding(
        "webhook_delivery",
        holds_a_needle(("t.answer",), needles),
        Erased.SCRUBBED,
        emptied={"answer": "''"},
    )
    yield Holding(
        "data_warning",
        holds_a_needle(("t.example", "t.detail"), needles),
        Erased.SCRUBBED,
        emptied={"example": "''"},
    )
    yield Holding(
        "job",
        holds_a_needle(("t.result::text", "t.error", "t.title"), needles),
        Erased.SCRUBBED,
        emptied={"result": "'{}'", "error": "''"},
    )
    yield Holding(
        "privacy_request",
        sql(
            "({known} AND {held})",
            known=_requests_of(subject, "t.id"),
            held=holds_a_needle([f"t.{name}" for name in _REASONS], needles),
        ),
        Erased.SCRUBBED,
        emptied=dict.fromkeys(_REASONS, "''"),
    )
    # an accepted call that waits: what is erased with it was sent before the erasure
    yield Holding("inbox", _waits(subject), Erased.ERASED)


_REASONS: Final = ("extended_because", "proven_by", "closed_because")


@HOLDINGS.register("comments on requests", order=40)
def _of_comments(subject: DataSubject) -> Iterable[Holding]:
    """Free text of the team about the person, in which nobody knows what stands."""
    where = _requests_of(subject, "t.request_id")
    yield Holding("request_comment", where, Erased.SCRUBBED, emptied={"text": "''"})


_ANSWERED: Final = _("proves that a request was answered")


@HOLDINGS.register("what they wrote", order=50)
def _of_their_own(subject: DataSubject) -> Iterable[Holding]:
    """Words of the person, letters to them, and links. The last letter of an erasure is sealed
    until it is written, and emptied then (`consent.letters.sending`).
    """
    yield Holding(
        "privacy_request", _requests_of(subject, "t.id"), Erased.SCRUBBED, emptied={"details": "''"}
    )
    kept = Sql(
        "t.kind = 'completed' AND EXISTS (SELECT FROM privacy_request e WHERE e.id = t.request_id"
        " AND e.erasing_since IS NOT NULL AND e.completed_at IS NULL)"
    )
    yield Holding(
        "request_letter",
        sql("({theirs} AND NOT ({kept}))", theirs=_requests_of(subject, "t.request_id"), kept=kept),
        Erased.SCRUBBED,
        _("proves what the person was told, and when"),
        emptied={"sealed": "''", "address": "''"},
    )
    of_archives = sql(
        "t.archive_id IN (SELECT a.id FROM person_archive a WHERE {theirs})",
        theirs=_requests_of(subject, "a.request_id"),
    )
    yield Holding(
        "archive_redaction", of_archives, Erased.SCRUBBED, _ANSWERED, emptied={"reason": "''"}
    )
    yield Holding(
        "archive_download", of_archives, Erased.SCRUBBED, _ANSWERED, emptied={"client": "''"}
    )
    yield Holding(
        "identity_link",
        sql(
            "(t.profile_id = ANY({people}::bigint[]) OR t.digest = ANY({digests}::bytea[]))",
            people=list(subject.ever),
            digests=[one.digest for one in subject.known_by],
        ),
        IdentityLink.belongs.erased,
        _(IdentityLink.belongs.why),
        emptied=IdentityLink.belongs.scrubbed,
        at_once=IdentityLink.belongs.at_once,
    )


def _requests_of(subject: DataSubject, column: str) -> Sql:
    return sql(
        f"{column} IN (SELECT r.id FROM privacy_request r"  # noqa: S608 - a column of ours
        " WHERE r.profile_id = ANY({people}::bigint[]))",
        people=list(subject.ever),
    )


def _waits(subject: DataSubject) -> Sql:
    """Calls that failed for good; what is only waiting is refused when it is worked off."""
    held = holds_a_needle(("encode(t.body, 'escape')", "t.error"), subject.needles)
    return sql("(t.failed_at IS NOT NULL AND {held})", held=held)
