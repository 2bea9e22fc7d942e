"""Is this name, is this value personal? The one answer for every app.

`usual` knows the usual names, `tags` what an officer said of a name (rows both), `looks` what a
value gives away by itself. Whoever may not see personal data is shown, and may ask by, what is
known to be harmless; a name of which nothing is known is treated as personal.
`profiles.selectors.masking.Shown` is the gate through which values leave.
"""
