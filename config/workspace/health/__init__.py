"""How each unit of work fares: one answer for screens, readiness, metrics and Home.

`config.workspace.work` notes what every run came to and says what waits, `status` judges; the words
for it are `config.console.health_words`. Nothing here holds anything personal. `alive` needs no
database.
"""
