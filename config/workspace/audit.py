"""The audit trail: every look at personal data and every change, without personal values."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from config.workspace.models import ApiKey, AuditedPeople, AuditEntry, User
from config.workspace.selectors import workspace


@dataclass(frozen=True)
class Actor:
    """Who acts: a user, an API key, the person themself (public pages), or the system."""

    kind: str
    id: int | None = None
    name: str = ""

    def __str__(self) -> str:
        return self.kind if self.id is None else f"{self.kind}:{self.id}"


SYSTEM = Actor("system")
STRANGER = Actor("stranger")  # at the log-in, before anybody knows who it is
PERSON = Actor("person")
_actor: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def actor_of_user(user: User) -> Actor:
    """The actor that a console user is."""
    return Actor("user", user.pk, user.get_username())


def actor_of_key(key: ApiKey) -> Actor:
    """The actor that an API key is."""
    return Actor("api_key", key.pk, key.name)


def current_actor() -> Actor:
    """Whoever acts in this request or task."""
    return _actor.get()


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Everything inside is done in this actor's name."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def act_as(actor: Actor) -> None:
    """From here to the end of the surrounding `acting` block, in this actor's name."""
    _actor.set(actor)


def record(
    action: str,
    target_kind: str,
    target: str = "",
    *,
    fields: Iterable[str] = (),
    detail: dict[str, Any] | None = None,
    profile_id: int | None = None,
    people: Iterable[int] = (),
) -> None:
    """Append one entry, in the caller's transaction. `fields` are names; never pass a value.

    `people` are the numbers of all whom a list or an answer showed.
    """
    actor = current_actor()
    entry = AuditEntry.objects.create(
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        target_kind=target_kind,
        target=target[:200],
        fields=sorted(fields),
        detail=detail or {},
        profile_id=profile_id,
        digest=hashlib.sha256(f"{workspace().salt}:{profile_id or ''}:{target}".encode()).digest(),
    )
    if shown := sorted(set(people)):
        AuditedPeople.objects.create(entry=entry, profile_ids=shown)
