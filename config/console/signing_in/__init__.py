"""How people of the team come in, and the pages on which they see to it."""
