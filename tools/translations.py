"""Compiles locale/*/LC_MESSAGES/*.po that are newer than their .mo (which are not kept in git)."""

import os
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def main() -> int:
    """The number of files that could not be read."""
    failures = 0
    for source in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        try:
            with source.open("rb") as file:
                catalog = read_po(file, locale=source.parts[-3], abort_invalid=True)
            # whoever reads it meanwhile gets the old or the new one, never a half
            half = target.with_suffix(f".{os.getpid()}")
            with half.open("wb") as file:
                write_mo(file, catalog)
            half.replace(target)
        except Exception as error:
            print(f"{source}: {error}", file=sys.stderr)
            failures += 1
    return failures


if __name__ == "__main__":
    sys.exit(main())
