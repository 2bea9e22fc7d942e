"""Where sessions are kept: Django's table. A cookie that can be no key of one is asked nothing."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS

KEY_LETTERS = frozenset(VALID_KEY_CHARS)


class SessionStore(db.SessionStore):
    """Cookies are unquoted before they are read: U+0000 may stand in one, which no column holds."""

    was_ended = False  # by whoever holds this, since it was read

    def flush(self) -> None:
        """End the session: whoever answers then takes its cookie back."""
        super().flush()
        self.was_ended = True

    def _validate_session_key(self, key: Any) -> bool:
        """Whether Django may have made it. No query."""
        return bool(key) and len(key) >= 8 and KEY_LETTERS.issuperset(key)  # noqa: PLR2004
