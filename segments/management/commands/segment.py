"""`segment count SLUG` and `segment refresh SLUG`: what the console's buttons do."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from segments.builder.preview import context_at
from segments.members.stored import refresh
from segments.models import Segment
from segments.rules import RuleError, parse_rule
from segments.rules.compiler import count_of


class Command(BaseCommand):
    """Counts by the rule, or brings the stored members up to date."""

    help = "count: how many the rule finds now; refresh: store who came in and who went."

    def add_arguments(self, parser: CommandParser) -> None:
        """What, and which."""
        parser.add_argument("act", choices=["count", "refresh"])
        parser.add_argument("slug")

    def handle(self, *args: Any, act: str, slug: str, **options: Any) -> None:
        """Prints one line."""
        segment = Segment.objects.filter(slug=slug, archived_at=None).first()
        if segment is None:
            raise CommandError(f"There is no segment {slug!r}.")
        if act == "count":
            self.stdout.write(str(_count(segment)))
            return
        moved = refresh(segment.pk)
        segment.refresh_from_db()
        if segment.status == Segment.Status.FAILED:
            raise CommandError(f"{slug}: {segment.error}")
        self.stdout.write(
            f"{slug}: {segment.count} people, {len(moved.entered)} came in, {len(moved.left)} went"
        )


def _count(segment: Segment) -> int:
    if segment.kind == Segment.Kind.STATIC:
        return segment.count
    try:
        return count_of(parse_rule(segment.rule), context_at(None))
    except RuleError as error:
        raise CommandError(str(error)) from error
