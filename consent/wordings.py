"""The words of forms that ask for permission: said anew as a version, found again by its id."""

from collections.abc import Mapping

from django.db import transaction

from config.postgres.sql import run, sql
from config.workspace import audit
from consent.models import Wording


def banner_key(source_id: int) -> str:
    """Of the banner of a source."""
    return f"banner-{source_id}"


@transaction.atomic
def say(key: str, language: str, parts: Mapping[str, str]) -> Wording:
    """The wording with these texts: the newest one where it says the same, else a new version.

    Texts keep the order in which they are given. Of two at once the second sees the first.
    """
    run(sql("SELECT pg_advisory_xact_lock(hashtext({key}))", key=f"wording {key} {language}"))
    newest = newest_of(key).get(language)
    said = [[name, text] for name, text in parts.items()]
    if newest is not None and newest.parts == said:
        return newest
    version = newest.version + 1 if newest else 1
    made = Wording.objects.create(
        key=key, language=language, version=version, parts=said, actor=str(audit.current_actor())
    )
    audit.record("wording.said", "wording", str(made.pk), detail={"kind": key, "version": version})
    return made


def newest_of(key: str) -> dict[str, Wording]:
    """The newest version in each language; one query."""
    rows = Wording.objects.filter(key=key).order_by("language", "-version").distinct("language")
    return {row.language: row for row in rows}
