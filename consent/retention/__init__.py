"""How long data stays: classes of data, rules, dry runs and runs."""
