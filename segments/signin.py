"""What this app signs in at the registries of lower apps."""

from segments.conditions import consent, event, segment, trait  # noqa: F401 - they register
