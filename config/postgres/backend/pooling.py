"""Is there a pooler in between that gives one session of the server to several clients in turn?

Our role, what a worker listens to and the locks of units of work last as long as a session does. By
transaction pooling (or pooling of statements) another client would act in our role, and we in none.
And a pooler of sessions that hands one on as it was left, without a reset in between, keeps the
locks of a worker that died, and has an owner act in the role of whoever was before.
"""

import secrets
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

import psycopg

ROUNDS: Final = 5  # others may be handed in between what we look for
_SAY: Final = "SELECT set_config('rapport.said', %s, false)"
_HEAR: Final = "SELECT current_setting('rapport.said', true)"

Link = psycopg.Connection[Any]


class RefusedPooler(psycopg.OperationalError):
    """One that we cannot work through; what it does, and what is to be done."""

    fault = ""
    remedy = ""

    def __init__(self) -> None:
        super().__init__(f"a pooler {self.fault}")


class SharedSessions(RefusedPooler):
    """What a session is told would be somebody else's."""

    fault = "gives one session to several clients in turn (transaction or statement pooling)"
    remedy = "let it pool whole sessions (pool_mode = session), or name the server itself"


class KeptSessions(RefusedPooler):
    """What the client before told a session would be ours."""

    fault = "hands a session on as the client before left it"
    remedy = "let it reset each (server_reset_query = DISCARD ALL), or name the server itself"


def refuse_shared(link: Link, connect: Callable[[], Link]) -> None:
    """Raises SharedSessions, KeptSessions, and what `connect` raises.

    One query where nothing is in between: a pooler has numbers of its own for its sessions. Else
    a few more connections for a moment.
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
    _refuse_kept(connect)


def _refuse_kept(connect: Callable[[], Link]) -> None:
    """Whoever is next is mostly given the session that was given back last."""
    said = secrets.token_hex(8)
    with closing(connect()) as before:
        _asked(before, _SAY, said)
    for _ in range(ROUNDS):
        with closing(connect()) as after:
            if _asked(after, _HEAR) == said:
                raise KeptSessions


def _asked(link: Link, query: str, *values: str) -> Any:
    """In a transaction of its own, where none is open."""
    with link.transaction():
        row = link.execute(query, values).fetchone()
    return row[0] if row else None
