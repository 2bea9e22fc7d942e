"""`manage.py rules`: writes docs/integrators/rules.md anew, from the classes."""

from typing import Any

from django.core.management.base import BaseCommand

from segments.documenting import PAGE, page


class Command(BaseCommand):
    """Writes the page."""

    help = "Write docs/integrators/rules.md, the reference of the rule language, from the classes."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's name

    def handle(self, *args: Any, **options: Any) -> None:
        """Over the one that is there."""
        PAGE.write_text(page())
        self.stdout.write(f"{PAGE} is written.")
