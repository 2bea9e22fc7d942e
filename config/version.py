"""Which version of Rapport this is: pyproject.toml says it, once."""

import tomllib
from functools import cache

from config.paths import BASE_DIR


@cache
def version() -> str:
    """As 0.1.0; "unknown" where the file is not installed with the code."""
    try:
        found = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())
    except (OSError, tomllib.TOMLDecodeError):
        return "unknown"
    return str(found.get("project", {}).get("version", "unknown"))
