"""The one language in which values of people and events are compared: operators, times, windows.

Whatever has a `where` uses it: rules of segments, goals of campaigns. What is written is read by a
`Reader` without the database, what it names is looked up in a second step (`references`), and a
test in SQL comes out of it. There is no second evaluator.
"""
