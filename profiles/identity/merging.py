from typing import Any


def run_pending() -> int:
    return 0


def remember(cursor: Any, joins: Any, ids: Any) -> None:
    pass
