"""The names of hosts as the network knows them: IDNA 2008, UTS 46 in its non-transitional form.

`straße.de` and `strasse.de` are the domains of two owners, and so are names with a final sigma or a
joiner. The codec of the standard library is of 2003 and writes one for the other.
"""

import re
from functools import lru_cache

import idna

_LETTERS = re.compile(r'[^\s<>@,;:"()\[\]\\\x00-\x20\x7f]+')


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """The ASCII form of a domain. Raises ValueError where there is none."""
    if not _LETTERS.fullmatch(domain):
        raise ValueError("no domain")
    if domain.isascii() and "xn--" not in domain.lower():
        return domain
    return idna.encode(domain, uts46=True, transitional=False).decode("ascii")
