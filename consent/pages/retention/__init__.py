"""Privacy, Retention: the classes with their rules, and one rule with its dry run."""
