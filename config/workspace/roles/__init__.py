"""What somebody works as: roles that an admin makes, and what each is shown of a person's data."""
