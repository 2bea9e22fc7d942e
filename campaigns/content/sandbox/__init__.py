"""Content behind a wall: what users wrote is compiled and rendered in child processes.

`calls` is what everybody else uses; `tasks` is what a child does. Nothing outside of
`campaigns.content` renders or compiles by itself.
"""
