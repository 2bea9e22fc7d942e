"""What stands in the documentation: tables, and blocks of code with what is said of each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.paths import BASE_DIR

DOCS = BASE_DIR / "docs"
_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<said>[^>]+?) -->\n+)?^ *```(?P<kind>[^\n`]*)\n(?P<text>.*?)^ *```$",
    re.M | re.S,
)


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its text, and what the comment right above it says."""

    page: Path
    line: int
    kind: str
    said: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands, for whoever has to mend it."""
        return f"{self.page.relative_to(BASE_DIR)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """All of a page, in order."""
    text = page.read_text()
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("kind")) + 1
        yield Block(page, line, found["kind"].strip(), found["said"] or "", found["text"])


def table(name: str, mark: str = "", heading: str = "") -> list[list[str]]:
    """The cells of the first table after `<!-- mark -->` or a heading, without its head."""
    text = (DOCS / name).read_text()
    at = text.index(f"<!-- {mark} -->" if mark else f"\n{heading}\n")
    lines = iter(text[at:].splitlines()[1:])
    rows: list[list[str]] = []
    for line in lines:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif rows:
            break
    return [[cell.replace("\\|", "|") for cell in row] for row in rows[2:]]


def code(cell: str) -> str:
    """What a cell has between backticks, without them."""
    found = re.fullmatch(r"(`+)(.*?)\1", cell)
    assert found, f"{cell} is no code"
    return found[2]
