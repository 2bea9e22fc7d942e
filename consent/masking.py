"""An address shown to whoever holds a link, or may not see personal data."""

DOT = "•"
_SHOWN_DIGITS = 4


def masked(value: str) -> str:
    """`m•••••@e••••.com` for a mail address, `•••• 0142` for a number."""
    local, at, domain = value.rpartition("@")
    if not at:
        digits = value[-_SHOWN_DIGITS:] if len(value) > _SHOWN_DIGITS else ""
        return f"{DOT * 4} {digits}".strip()
    name, dot, ending = domain.rpartition(".")
    hidden = name[:1] + DOT * max(len(name) - 1, 1) if name else ""
    return f"{local[:1]}{DOT * max(len(local) - 1, 1)}@{hidden}{dot}{ending}"
