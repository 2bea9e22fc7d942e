"""Is there a pooler in between that gives one session of the server to several clients in turn?

Our role, what a worker listens to and the locks of units of work last as long as a session does. By
transaction pooling (or pooling of statements) another client would act in our role, and we in none.
"""

import secrets
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

import psycopg

IN_TURN: Final = "gives one session to several clients in turn"
ROUNDS: Final = 5  # others may be handed in between what we look for
_SAY: Final = "SELECT set_config('rapport.said', %s, false)"
_HEAR: Final = "SELECT current_setting('rapport.said', true)"

Link = psycopg.Connection[Any]


class SharedSessions(psycopg.OperationalError):
    """What a session is told would be somebody else's."""

    def __init__(self) -> None:
        super().__init__(f"a pooler {IN_TURN}")


def refuse_shared(link: Link, connect: Callable[[], Link]) -> None:
    """Raises SharedSessions, and what `connect` raises.

    One query where nothing is in between: a pooler has numbers of its own for its sessions. Else
    one more connection for a moment.
    """
    if _asked(link, "SELECT pg_backend_pid()") == link.info.backend_pid:
        return
    with closing(connect()) as other:
        for _ in range(ROUNDS):
            said = secrets.token_hex(8)
            _asked(link, _SAY, said)
            with other.transaction():  # it keeps what it was given meanwhile
                heard = _asked(other, _HEAR)
                if heard == said or _asked(link, _HEAR) != said:
                    raise SharedSessions


def _asked(link: Link, query: str, *values: str) -> Any:
    """In a transaction of its own, where none is open."""
    with link.transaction():
        row = link.execute(query, values).fetchone()
    return row[0] if row else None
