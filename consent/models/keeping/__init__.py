"""How long data stays, which there is, and what went wrong with it."""
