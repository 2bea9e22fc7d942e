"""Addresses that must not be used, by keyed digest; how far it reaches follows from the reason."""

from collections.abc import Collection
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from config.workspace import audit
from config.workspace.digests import contact_digest
from config.workspace.selectors import workspace
from consent.masking import masked
from consent.models import Suppression

LEVELS: Final[dict[str, str]] = {
    Suppression.Reason.HARD_BOUNCE: Suppression.Level.ALL,
    Suppression.Reason.INVALID: Suppression.Level.ALL,
    Suppression.Reason.COMPLAINT: Suppression.Level.MARKETING,
    Suppression.Reason.UNSUBSCRIBE: Suppression.Level.MARKETING,
    Suppression.Reason.MANUAL: Suppression.Level.MARKETING,
}


def silenced(kind: str, digests: Collection[bytes]) -> QuerySet[Suppression]:
    """Of these addresses of a kind, by `contact_digest`, those to which nothing goes at all: no
    letter, link or question of ours either.
    """
    return Suppression.objects.filter(kind=kind, digest__in=digests, level=Suppression.Level.ALL)


def suppressed_levels(
    addresses: Collection[tuple[str, str]],
) -> dict[tuple[str, str], set[str]]:
    """How far each of these (kind, normalised value) is suppressed; empty where it is not."""
    salt = workspace().salt
    digests = {key: contact_digest(*key, salt) for key in addresses}
    rows = Suppression.objects.filter(digest__in=set(digests.values()))
    found: dict[tuple[str, bytes], set[str]] = {}
    for kind, digest, level in rows.values_list("kind", "digest", "level"):
        found.setdefault((kind, bytes(digest)), set()).add(level)
    return {key: found.get((key[0], digest), set()) for key, digest in digests.items()}


@transaction.atomic
def suppress(
    *, kind: str, value: str, reason: str, detail: str = "", level: str = ""
) -> tuple[Suppression, bool]:
    """Suppress a normalised address; the row and whether it is new. Said again, the first stays.

    `level` where it reaches further than its reason says by itself.
    """
    row, created = Suppression.objects.get_or_create(
        kind=kind,
        digest=contact_digest(kind, value),
        level=level or LEVELS[reason],
        defaults={"reason": reason, "detail": detail[:500], "hint": masked(value)[:120]},
    )
    if created:
        audit.record("suppress", "suppression", str(row.pk), fields=["reason"])
    return row, created


@transaction.atomic
def suppress_many(kind: str, values: list[str], *, reason: str, details: list[str]) -> int:
    """The same for many at once, in one statement; the number of new ones."""
    rows = [
        Suppression(
            kind=kind,
            digest=contact_digest(kind, value),
            hint=masked(value)[:120],
            level=LEVELS[reason],
            reason=reason,
            detail=detail[:500],
        )
        for value, detail in zip(values, details, strict=True)
    ]
    made = Suppression.objects.bulk_create(rows, ignore_conflicts=True)
    return len(made)


@transaction.atomic
def release(suppression: Suppression) -> None:
    """Take the address back into use; who did so stays in the audit trail."""
    audit.record("release", "suppression", str(suppression.pk), fields=["reason"])
    suppression.delete()
