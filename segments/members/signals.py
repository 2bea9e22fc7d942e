"""What this app tells those above it."""

from django.dispatch import Signal

# Sent inside the transaction that stored the change, so that what a receiver writes stands or falls
# with it. Arguments: segment, entered (profile ids), left (profile ids), at,
# is_first (the segment was never counted before: these were in already when it was made).
membership_changed = Signal()
