"""Whose data stays whatever its age (an open request, a restriction, a legal hold), and what of
everybody a law asks for.

Each hold says whom it is about; a person's rows may lie under every number that they ever had.
"""

from collections.abc import Callable, Iterable

from config.postgres.sql import OR, Sql
from config.workspace.registry import Registry
from consent.models import PrivacyRequest
from consent.privacy.duties import of_duties
from consent.privacy.erasure.exceptions import tests_of
from profiles.models import Profile
from profiles.people.lineage import ever_of, today_of

# name -> function(): numbers of people
HOLDS: Registry[Callable[[], Iterable[int]]] = Registry("holds")


def held_people() -> list[int]:
    """Every number of everybody whose data stays. Two queries, and one a kind of hold."""
    named = {number for _name, holds in HOLDS for number in holds()}
    everyone = {
        number for ever in ever_of(set(today_of(named).values())).values() for number in ever
    }
    return sorted(named | everyone)


@HOLDS.register("open requests", order=10)
def of_open_requests() -> Iterable[int]:
    """What a person asked about is still there when they are answered."""
    rows = PrivacyRequest.objects.filter(
        status__in=PrivacyRequest.OPEN, profile_id__isnull=False, erasing_since=None
    )
    return (number for number in rows.values_list("profile_id", flat=True) if number)


@HOLDS.register("exceptions", order=15)
def of_exceptions() -> Iterable[int]:
    """What an erasure left goes by its own time, with a new certificate."""
    rows = PrivacyRequest.objects.filter(exceptions__done_at=None, exceptions__isnull=False)
    for profile_id, former in rows.values_list("profile_id", "former_ids").distinct():
        yield from former
        if profile_id:
            yield profile_id


def kept_by_law() -> dict[str, Sql]:
    """By table a test on `t`: a duty (`ErasureDuty`) asks for the row, whoever it is of."""
    found = tests_of(of_duties())
    return {table: OR.joined(test for _duty, test in tests) for table, tests in found.items()}


@HOLDS.register("restrictions", order=20)
def of_restrictions() -> Iterable[int]:
    """Who asked that their data be kept and not used (GDPR, article 18) needs it kept."""
    return Profile.objects.filter(state=Profile.State.RESTRICTED).values_list("pk", flat=True)
