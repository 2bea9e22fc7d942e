"""Changes: one function, one change, in one transaction, with its audit entry."""
