"""`campaign launch SLUG [--hold SECONDS]`: what the console's button does."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.models import Campaign
from campaigns.services.launching import NotReady, WrongStatus, launch


class Command(BaseCommand):
    """Launches a campaign."""

    help = "Launch a campaign by its slug."

    def add_arguments(self, parser: CommandParser) -> None:
        """`launch SLUG [--hold SECONDS]`."""
        actions = parser.add_subparsers(dest="action", required=True)
        one = actions.add_parser("launch", help="freeze the draft and send it")
        one.add_argument("slug")
        one.add_argument("--hold", type=int, default=0, help="seconds in which it can be undone")

    def handle(self, *args: Any, **options: Any) -> None:
        """Launch, and say where it stands."""
        slug = options["slug"]
        campaign = Campaign.objects.filter(slug=slug).first()
        if campaign is None:
            raise CommandError(f"There is no campaign {slug!r}.")
        try:
            campaign = launch(campaign, hold=max(options["hold"], 0))
        except NotReady as error:
            lines = [f"  {check.message} {check.remedy}" for check in error.checks]
            raise CommandError("The campaign is not ready:\n" + "\n".join(lines)) from error
        except WrongStatus as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{campaign.slug}: {campaign.status}")
