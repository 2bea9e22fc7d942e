"""The people list: what it is narrowed and ordered by, who is chosen in it, taken as a file."""
