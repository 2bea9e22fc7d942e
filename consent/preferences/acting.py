"""What a tap on the preference page does: stop, pause, a limit, undo, save."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy

from config.workspace.frequency import Frequency
from config.workspace.zones import stamp
from consent.confirming.asking import Answered, record_or_ask
from consent.ledger.elapsing import PAUSE
from consent.ledger.history import states_of
from consent.ledger.recording import Statement, record_consents
from consent.models import ConsentEntry
from consent.models.ledger import Basis, ConsentStatus
from consent.preferences.choices import Option, Visitor, choices_of
from consent.suppression.withdrawing import marketing_purposes, withdraw_address
from consent.volume import ChosenLimit, set_limits
from consent.volume import evidence_of as volume_evidence
from consent.volume import in_words as volume_words

PAGE = "preference page"
UNDO_WITHIN = timedelta(days=1)
# permissions that a person's links give in a day: the ledger is for ever, and whoever holds a link
# could fill it. What is taken back is always taken back, and needs one that was given before.
MOST_A_DAY = 200
# what the buttons say, and so the wording of what they record
STOP_WORDS = gettext_lazy("Stop all marketing email")
PAUSE_WORDS = gettext_lazy("Pause for 30 days")
UNDO_WORDS = gettext_lazy("Undo")
UNLIMITED_WORDS = gettext_lazy("As often as you write")


def evidence_of(kind: str, agent: str = "") -> dict[str, object]:
    """What proves a choice made on the page: the person held a link sent to that address."""
    return {"act": "form", "collection_point": PAGE, "kind": kind, "user_agent": agent[:200]}


@transaction.atomic
def stop(
    visitor: Visitor, *, agent: str = "", kind: str = "stop", wording: str | None = None
) -> None:
    """No more marketing mail to this address, of whoever holds it.

    `wording` is what was pressed, the page's own button by default; "" where that is not known.
    """
    evidence = evidence_of(kind, agent)
    del evidence["act"]
    wording = str(STOP_WORDS) if wording is None else wording
    withdraw_address(
        channel=visitor.channel,
        address=visitor.address,
        profile_id=visitor.profile_id,
        evidence=evidence,
        wording=wording,
        language=_language() if wording else "",
    )


def _language() -> str:
    return translation.get_language() or ""


@transaction.atomic
def pause(visitor: Visitor, *, agent: str = "", now: datetime | None = None) -> datetime:
    """Nothing for 30 days, then the choices of before count again; until when.

    A withdrawal whose end the person chose with it: `consent.ledger.elapsing` resumes it.
    """
    until = (now or timezone.now()) + PAUSE
    evidence = evidence_of("pause", agent) | {"until": stamp(until), "then": "resume"}
    del evidence["act"]
    rows = _granted(visitor, states_of(visitor.profile_id))
    record_consents(
        [_again(row, ConsentStatus.WITHDRAWN, evidence, str(PAUSE_WORDS)) for row in rows]
    )
    return until


def _granted(visitor: Visitor, rows: Sequence[ConsentEntry]) -> list[ConsentEntry]:
    """Of these the permissions for marketing mail to this address."""
    marketing = set(marketing_purposes())
    return [
        row
        for row in rows
        if row.purpose_id in marketing
        and row.channel == visitor.channel
        and row.contact_point in ("", visitor.address)
        and row.status == ConsentStatus.GRANTED
    ]


def _scope(row: ConsentEntry) -> tuple[int, str, int]:
    return row.purpose_id, row.contact_point, row.topic_id or 0


def _again(
    row: ConsentEntry, status: str, evidence: Mapping[str, object], wording: str
) -> Statement:
    return Statement(
        profile_id=row.profile_id,
        purpose_id=row.purpose_id,
        channel=row.channel,
        contact_point=row.contact_point,
        topic_id=row.topic_id,
        status=status,
        basis=row.basis,
        actor="person",
        cites_id=row.pk,
        evidence=evidence,
        wording=wording,
        language=_language(),
    )


def may_give_more(visitor: Visitor) -> bool:
    """Whether this person's links have given few enough permissions in the last day. One query."""
    given = ConsentEntry.objects.filter(
        profile_id=visitor.profile_id,
        status=ConsentStatus.GRANTED,
        recorded_at__gte=timezone.now() - timedelta(days=1),
        evidence__collection_point=PAGE,
    )
    return given[:MOST_A_DAY].count() < MOST_A_DAY


@transaction.atomic
def limit(visitor: Visitor, wanted: Frequency | None, *, agent: str = "") -> None:
    """How often we write to this address at most; None is as often as we write.

    The permissions that stand are said again with it, so that their history has it.
    """
    set_limits([ChosenLimit(visitor.profile_id, visitor.channel, visitor.address, wanted)])
    evidence = evidence_of("volume", agent) | {"at_most": volume_evidence(wanted)}
    words = volume_words(wanted) if wanted else str(UNLIMITED_WORDS)
    rows = _granted(visitor, states_of(visitor.profile_id))
    record_consents([_again(row, ConsentStatus.GRANTED, evidence, words) for row in rows])


@transaction.atomic
def undo(visitor: Visitor, *, agent: str = "") -> int:
    """Take back the last stop or pause made within a day; the number of permissions back."""
    since = timezone.now() - UNDO_WITHIN
    rows = ConsentEntry.objects.filter(
        profile_id=visitor.profile_id,
        status=ConsentStatus.WITHDRAWN,
        recorded_at__gte=since,
        channel=visitor.channel,
        evidence__kind__in=["stop", "pause", "one_click"],
    )
    last = rows.order_by("-recorded_at").first()
    if last is None:
        return 0
    before = states_of(visitor.profile_id, last.at - timedelta(microseconds=1))
    now = _granted(visitor, states_of(visitor.profile_id))
    is_back = {_scope(row) for row in now if row.recorded_at > last.recorded_at}
    back = [row for row in _granted(visitor, before) if _scope(row) not in is_back]
    evidence = evidence_of("undo", agent)
    record_consents([_again(row, ConsentStatus.GRANTED, evidence, str(UNDO_WORDS)) for row in back])
    return len(back)


@transaction.atomic
def save(
    visitor: Visitor,
    wanted: Mapping[str, bool],
    *,
    were_on: Collection[str] = (),
    gpc: bool = False,
    agent: str = "",
    may_give: bool = True,
    caller: str = "",
) -> list[Answered]:
    """Record every switch that stands otherwise than wanted; what became of each.

    Without `may_give` only what is taken back. What wants a double opt-in is asked by mail.

    `wanted` holds the switches that were on the page: one that was not there is not touched. Who
    leaves one on that the page showed on (`were_on`) gives no permission by it: it may have been
    withdrawn since the page was opened, and nobody switched it on again.
    """
    statements = [
        Statement(
            profile_id=visitor.profile_id,
            purpose_id=choice.purpose_id,
            channel=choice.channel,
            contact_point=choice.contact_point,
            topic_id=choice.topic_id,
            status=ConsentStatus.GRANTED if wanted[choice.name] else _refusal(choice),
            basis=Basis.CONSENT,
            actor="person",
            evidence=evidence_of("choice", agent),
            wording=choice.wording,
            language=_language(),
        )
        for choice in choices_of(visitor, gpc=gpc)
        if choice.name in wanted and not choice.fixed and wanted[choice.name] != choice.on
        if not wanted[choice.name] or (may_give and choice.name not in were_on)
    ]
    return record_or_ask(statements, caller=caller, language=_language())


def _refusal(choice: Option) -> str:
    return ConsentStatus.WITHDRAWN if choice.entry is not None else ConsentStatus.DENIED
