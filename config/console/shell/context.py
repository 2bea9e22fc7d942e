"""What every template of ours may ask for, computed when it is asked."""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from config.console.shell.theme import resolve, tabs
from config.workspace.permissions import may, rights_of, role_in_words
from config.workspace.roles.sight import DataKind, Level


class Console:
    """`console` in templates; each attribute costs at most one query, and only when used."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def workspace(self) -> Any:
        """The one workspace row (kept for some seconds by its selector)."""
        from config.workspace.selectors import workspace  # noqa: PLC0415

        return workspace()

    @cached_property
    def workspace_name(self) -> str:
        """Its name, for the sidebar and for public pages."""
        return getattr(self.workspace, "name", "") or "Rapport"

    @cached_property
    def currency(self) -> str:
        """The workspace's currency: event values are in it."""
        return getattr(self.workspace, "currency", "") or "EUR"

    @cached_property
    def health(self) -> Any:
        """The dot and the banner. One small query, kept for some seconds by the process."""
        from config.console.shell.health import shown  # noqa: PLC0415

        return shown()

    @cached_property
    def is_masked(self) -> bool:
        """Whether this user is not shown personal data: pages say so where some is hidden."""
        return not may(getattr(self._request, "user", None), "people.personal")

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        """The pages behind the same line of the menu as this one."""
        return tabs(self._request)

    @cached_property
    def is_partly_shown(self) -> bool:
        """Whether their role is shown some personal data, and not all."""
        sight = rights_of(self._request.user).sight
        some = any(sight.of_kinds([kind]) is Level.SHOWN for kind in DataKind)
        return some and not sight.is_whole

    @property
    def demo_mail(self) -> bool:
        """No mail server is set: the demo mailbox takes every mail."""
        return not settings.EMAIL_URL

    @property
    def mailbox_url(self) -> str:
        """The demo mailbox' page, or "": its mails are somebody's."""
        if self.is_masked:
            return ""
        return resolve(["console:mailbox", "mailbox"])

    @property
    def languages(self) -> list[tuple[str, str]]:
        """Codes and own names of the languages that the console speaks."""
        return list(settings.LANGUAGES)

    @cached_property
    def role(self) -> str:
        """The user's role in a word, for the foot of the sidebar."""
        return role_in_words(getattr(self._request.user, "role", ""))


def console(request: HttpRequest) -> dict[str, Any]:
    """The context processor: one lazy object."""
    return {"console": Console(request)}
