"""The database backend named in settings; Django looks for `base.DatabaseWrapper`."""
