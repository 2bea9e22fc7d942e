"""The gate: who gets a message, and for everyone else the one reason why not."""
