"""What is due, how it went, and what goes wrong with it, for every app.

`due` has the units of work and `waiting` since when theirs waits; `recording` notes what every run
came to, in words of `reasons`, which hold nothing personal. `reasons` and `repeats` need no
database.
"""
