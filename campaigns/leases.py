"""Leases on work: a worker holds rows for a while, and others go on with them once it is silent.

A lease begins and ends by the database's clock alone: a worker whose own clock is wrong neither
takes one that stands nor keeps one that is over. When something is due is a moment in the world,
compared with the clock of whoever asks, as everywhere.
"""

from datetime import timedelta
from typing import Final

from django.conf import settings

CLOCK: Final = "statement_timestamp()"  # now() would stand still within a transaction


def lease_time() -> timedelta:
    """How long a worker may be silent before others take over what it holds (`LEASE_SECONDS`)."""
    return timedelta(seconds=settings.LEASE_SECONDS)
