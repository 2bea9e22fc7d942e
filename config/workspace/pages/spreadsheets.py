"""Tables that people open in a spreadsheet: no cell of ours is taken for a formula."""

import re
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
_BEHIND: Final = re.compile(r"([;\t\r\n])(?=[=+\-@＝＋－＠])")  # noqa: RUF001


def cell(text: str) -> str:
    """As it is; what a spreadsheet would take for a formula is quoted (OWASP, CSV Injection).

    Also behind what may be a separator where the file is opened: `;` in many languages.
    """
    text = _BEHIND.sub(r"\1'", text)
    return f"'{text}" if text.startswith(_FORMULA) else text


class Line:
    """Takes what `csv` writes and gives it back, so that a table leaves line by line."""

    def write(self, text: str) -> str:
        """As it is."""
        return text
