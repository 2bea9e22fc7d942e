"""Which data is held, field by field, and what each purpose does with it."""
