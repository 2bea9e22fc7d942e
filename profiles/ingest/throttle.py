"""A token bucket for each source, in each web process."""

import math
import threading
import time

from django.conf import settings

_buckets: dict[int, tuple[float, float]] = {}  # source id: (tokens, as of)
_lock = threading.Lock()


def seconds_to_wait(source_id: int) -> int:
    """0: go ahead. Else the whole seconds after which a request of this source will be taken.

    `settings.INGEST_RATE_LIMIT` is requests a second; a second's worth may come at once. Each web
    process counts for itself: the limit guards a server, it is no quota.
    """
    limit: int = settings.INGEST_RATE_LIMIT
    if limit <= 0:
        return 0
    now = time.monotonic()
    with _lock:
        tokens, then = _buckets.get(source_id, (float(limit), now))
        tokens = min(float(limit), tokens + (now - then) * limit)
        wait = 0 if tokens >= 1 else math.ceil((1 - tokens) / limit)
        _buckets[source_id] = (tokens if wait else tokens - 1, now)
    return wait
