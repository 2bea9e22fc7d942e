"""Sentences that are kept as text, in English, and said in the language of whoever reads them.

What refuses a call or stops a campaign is written down by a process that does not know who will
read it. Its sentences stand in a list with places (`%(n)d`); what was kept is found among them
again, and said anew. What is in no list (a mail server's own words) stays as it is.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import get_language, gettext

PLACE = re.compile(r"%\((\w+)\)([ds])|%(%)")
AGAIN = "why"  # a place of this name holds a sentence of the same list


class Sentences:
    """English sentences, marked with `gettext_noop` where they are written down."""

    def __init__(self, *templates: str) -> None:
        # that with most letters of its own goes first: it says most exactly what is meant
        ordered = sorted(templates, key=lambda one: -len(PLACE.sub("", one)))
        self._known = [(_pattern(template), template) for template in ordered]

    def find(self, text: str) -> tuple[str, dict[str, Any]] | None:
        """The sentence that `text` was made of, and what stands in its places; None if of none."""
        for pattern, template in self._known:
            found = pattern.fullmatch(text)
            if found is not None:
                read = {name: _read(template, name, own) for name, own in found.groupdict().items()}
                return template, read
        return None

    def in_words(self, text: str) -> str:
        """`text` in the reader's language. No query."""
        if (get_language() or "en").startswith("en"):
            return text
        found = self.find(text)
        if found is None:
            return text
        template, values = found
        if AGAIN in values:
            values[AGAIN] = self.in_words(str(values[AGAIN]))
        return gettext(template) % values if values else gettext(template).replace("%%", "%")


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("".join(_pieces(template)), re.DOTALL)


def _pieces(template: str) -> Iterator[str]:
    end = 0
    for place in PLACE.finditer(template):
        yield re.escape(template[end : place.start()])
        yield "%" if place[3] else f"(?P<{place[1]}>{r'-?[0-9]+' if place[2] == 'd' else '.*?'})"
        end = place.end()
    yield re.escape(template[end:])


def _read(template: str, name: str, found: str) -> Any:
    return int(found) if f"%({name})d" in template else found
