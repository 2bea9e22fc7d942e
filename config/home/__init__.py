"""Home and the palette's finders: what looks at every app. The shell is `config.console`."""
