"""How long a request's question to the database may take, and what is answered when it took longer.

Nobody's question holds a connection for ever. The processes of the web server end every statement
after `SECONDS`; previews are given less (`segments.builder.preview.SECONDS`), workers as long as
they need.
"""

from collections.abc import Callable
from typing import Any

from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse

from config.answers.errors import too_slow
from config.answers.requests import area_of
from config.workspace.health import counters
from config.workspace.work.faults import took_too_long

SECONDS = 30


def end_long_statements() -> None:
    """From now on each new connection of this process has the limit; one statement a connection."""
    connection_created.connect(limit, dispatch_uid="config.answers.patience")


def limit(connection: Any, **_more: Any) -> None:
    """Until the connection closes; a transaction may set less."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{SECONDS}s'")


class PatienceMiddleware:
    """A statement that was ended becomes an answer that says so, and is counted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """No query."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """503 where the database ended a statement of ours; anything else is not for us."""
        if not took_too_long(exception):
            return None
        counters.count(counters.ENDED, area=area_of(request.path_info))
        return too_slow(request)
