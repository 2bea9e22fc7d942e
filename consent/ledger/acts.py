"""What a statement may be, as far as the rule of `consent.ledger.fold` looks at it."""

from typing import Final

from consent.models.ledger import ConsentStatus

BLOCKING: Final = (ConsentStatus.WITHDRAWN.value, ConsentStatus.DENIED.value)
# `act` of an entry by which the undoing of a merge takes back what the merge had said of somebody
UNDONE: Final = "merge_undone"
# the acts of the person that end a withdrawal
OWN_ACTS: Final = ("form", "double_opt_in", "recorded_call")
