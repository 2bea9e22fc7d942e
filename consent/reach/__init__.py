"""Questions about permission."""

from consent.reach.contactable import contactable, reachability, reachable_counts

__all__ = ["contactable", "reachability", "reachable_counts"]
