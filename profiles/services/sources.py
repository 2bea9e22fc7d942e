"""Sources: made, switched off and on. A write key is shown once, at its making.

What a source of ours says of somebody's address is believed, and mails go there. Whoever may make
or change such a source can therefore read what is written to people, and has to be allowed to see
them in the first place.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from config.workspace import audit
from config.workspace.digests import key_digest
from profiles.models import Source

HINT_LENGTH = 8
CLIENT_KINDS = (Source.Kind.BROWSER, Source.Kind.MOBILE)
DEFAULT_TRUST = {
    Source.Kind.SERVER: 70,
    Source.Kind.WAREHOUSE: 60,
    Source.Kind.IMPORT: 50,
    Source.Kind.MOBILE: 40,
    Source.Kind.BROWSER: 30,
}


def permissions_for(kind: str) -> tuple[str, ...]:
    """All of which somebody needs to make or change a source of this kind, or to take its key."""
    proves = kind in Source.VERIFIED_KINDS
    return ("sources.edit", "people.personal") if proves else ("sources.edit",)


class UnknownKind(ValueError):
    """No such kind of source; the message lists those there are."""


@transaction.atomic
def create_source(*, name: str, kind: str, is_internal: bool = False) -> tuple[Source, str]:
    """The source and its write key, of which only a digest is kept.

    A client-side source's key is public anyway and kept, since it stands in URLs. Raises
    UnknownKind, and IntegrityError where the name is taken.
    """
    if kind not in Source.Kind.values:
        known = ", ".join(Source.Kind.values)
        raise UnknownKind(f"unknown kind of source: {kind}; known: {known}")
    key = f"wk_{secrets.token_hex(20)}"
    source = Source.objects.create(
        name=name,
        kind=kind,
        trust=DEFAULT_TRUST[Source.Kind(kind)],
        write_key_digest=key_digest(key),
        write_key_hint=key[:HINT_LENGTH],
        public_write_key=key if kind in CLIENT_KINDS else "",
        is_internal=is_internal,
    )
    audit.record("source.created", "source", str(source.pk), detail={"kind": kind})
    return source, key


@transaction.atomic
def change_source(*, source: Source, values: Mapping[str, Any]) -> Source:
    """Change name, trust or whether it is on. Raises IntegrityError where the name is taken."""
    row = Source.objects.select_for_update().get(pk=source.pk)
    for name, value in values.items():
        setattr(row, name, value)
    if values:
        row.save(update_fields=list(values))
        audit.record("source.changed", "source", str(row.pk), fields=list(values))
    return row


@transaction.atomic
def renew_write_key(*, source: Source) -> str:
    """A new write key; the old one is refused from now on (within seconds)."""
    key = f"wk_{secrets.token_hex(20)}"
    Source.objects.filter(pk=source.pk).update(
        write_key_digest=key_digest(key),
        write_key_hint=key[:HINT_LENGTH],
        public_write_key=key if source.kind in CLIENT_KINDS else "",
    )
    audit.record("source.key_renewed", "source", str(source.pk))
    return key


def source_named(name: str, *, kind: str = Source.Kind.IMPORT) -> Source:
    """The source of this name; made, without a write key, if it is not there yet."""
    source, made = Source.objects.get_or_create(
        name=name, defaults={"kind": kind, "trust": DEFAULT_TRUST[Source.Kind(kind)]}
    )
    if made:
        audit.record("source.created", "source", str(source.pk), detail={"kind": str(kind)})
    return source


def internal_source(name: str) -> Source:
    """A source of ours (tracking of campaigns, the demo): verified, may name `rapport_id`."""
    source, _made = Source.objects.get_or_create(
        name=name, defaults={"kind": Source.Kind.SERVER, "trust": 90, "is_internal": True}
    )
    return source
