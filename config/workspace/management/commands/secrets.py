"""Compares SECRETS_KEY with the database, changes it, or gives up what it cannot open."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import paths
from config.workspace import audit
from config.workspace.access import rotation, tokens

NO_KEY_BEFORE = (
    "There is no key before. Set SECRETS_KEY to a new one and SECRETS_KEY_BEFORE to the one that "
    "was there (or run `secrets new`, where the key is kept in VAR_DIR), restart, then rotate."
)


class Command(BaseCommand):
    """`secrets check | new | rotate | give-up`."""

    help = (
        "Compares SECRETS_KEY with the database; `new` and `rotate` change it; give-up ends the "
        "links that it cannot open."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one thing to do."""
        parser.add_argument("action", choices=["check", "new", "rotate", "give-up"])

    def handle(self, *args: Any, **options: Any) -> None:
        """`check` ends with 1 where a key cannot be read; the others say what they did."""
        said = {
            "check": self._check,
            "new": self._new,
            "rotate": self._rotate,
            "give-up": self._give_up,
        }[options["action"]]()
        self.stdout.write(said)

    def _check(self) -> str:
        tokens.ensure_readable()
        return "SECRETS_KEY opens every key in the database."

    def _give_up(self) -> str:
        count = tokens.give_up_unreadable()
        return f"{count} keys are given up; the links made with them have ended."

    def _new(self) -> str:
        if not settings.SECRETS_KEY_IS_GENERATED:
            raise CommandError(
                "SECRETS_KEY is set, so that it is yours to change. " + NO_KEY_BEFORE
            )
        try:
            paths.renew_secret(Path(settings.VAR_DIR), "secrets_key")
        except FileExistsError:
            words = "A key before is kept still: finish with `secrets rotate` first."
            raise CommandError(words) from None
        return "A new key is kept in VAR_DIR, and the one before beside it. Restart, then rotate."

    def _rotate(self) -> str:
        if not settings.SECRETS_KEY_BEFORE:
            raise CommandError(NO_KEY_BEFORE)
        done = rotation.rotate()
        audit.record("secret.rotated", "secret", detail={"found": done.sealed})
        if done.unreadable:
            raise CommandError(
                f"{done.sealed} sealed anew; {done.unreadable} are opened by neither key: keep "
                "SECRETS_KEY_BEFORE, and see `secrets check`."
            )
        (Path(settings.VAR_DIR) / "secrets_key_before.txt").unlink(missing_ok=True)
        return f"{done.sealed} sealed anew. SECRETS_KEY_BEFORE is not needed any more."
