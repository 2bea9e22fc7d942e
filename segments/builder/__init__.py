"""What screens ask of rules: names and values to pick from, numbers, clause by clause, and why."""
