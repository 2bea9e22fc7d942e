"""An ordinary installation's settings, but for a lease that a round can wait for."""

from config.settings import *  # noqa: F403

LEASE_SECONDS = 10
