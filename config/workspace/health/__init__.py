"""How each unit of work fares: one answer for screens, readiness, metrics and Home.

`recording` notes what every run came to, `units` says what waits, `status` judges; the words for
it are `config.console.health_words`. Nothing here holds anything personal. `alive`, `reasons` and
`repeats` need no database.
"""
