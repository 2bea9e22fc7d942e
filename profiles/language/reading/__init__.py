"""Reading what is written in the language, without the database."""
