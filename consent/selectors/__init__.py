"""Questions about permission."""

from consent.selectors.contactable import contactable, reachability, reachable_counts

__all__ = ["contactable", "reachability", "reachable_counts"]
