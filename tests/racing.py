"""Two real connections at the same moment."""

import threading
from collections.abc import Callable

from django.db import connection, transaction

from tests.waiting import wait_until


def at_the_same_moment(first: Callable[[], object], second: Callable[[], object]) -> list[object]:
    """`second` begins while `first` has not committed yet; what each returned or raised."""
    outcomes: dict[int, object] = {}
    waits, done = threading.Event(), threading.Event()

    def run(number: int, act: Callable[[], object]) -> None:
        try:
            with transaction.atomic():
                outcomes[number] = act()
                if number == 0:
                    done.set()
                    waits.wait(10)
        except Exception as error:
            outcomes[number] = error
            done.set()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate((first, second))]
    threads[0].start()
    done.wait(10)
    threads[1].start()
    while threads[1].is_alive() and not _somebody_waits():
        threads[1].join(0.01)
    waits.set()
    for thread in threads:
        thread.join(10)
    return [outcomes[0], outcomes[1]]


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pid IN"
            " (SELECT pid FROM pg_stat_activity WHERE datname = current_database()))"
        )
        return bool(cursor.fetchone()[0])


def until_others_ended(seconds: float = 300.0) -> None:
    """Wait for every transaction that is under way on the server, other workers' tests too.

    What is sealed, or erased for good, waits for whoever began before; a test that fills its
    database once for a whole module holds its transaction for as long.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        [mine] = cursor.fetchone()

        def has_ended() -> bool:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            return bool(cursor.fetchone()[0] > mine)

        wait_until(has_ended, "the transactions of others end", seconds)
