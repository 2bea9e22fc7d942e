"""Looks whether every link, anchor, image and named page of the documentation is there.

Of each Markdown file of the repository: links to files and to headings of them, as a forge shows
them. Of all other text: pages of docs/ that are named in it. Links to the outside are not called.
Prints each that leads nowhere and exits with 1.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^( *)(`{3,}|~{3,}).*?^ *\2`*~*\s*$", re.M | re.S)
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.M)
NAMED = re.compile(r"\bdocs/[\w./-]*\w\.(?:md|png|webp)\b")
OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.I)
TEXT = {".css", ".example", ".html", ".in", ".js", ".md", ".po", ".py", ".sql", ".toml", ".txt"}


def files() -> list[Path]:
    """What git knows of, and what is new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def prose(text: str) -> str:
    """Without code, whose brackets are no links; line numbers stay."""
    blank = lambda found: "\n" * found[0].count("\n")  # noqa: E731
    return CODE.sub(lambda found: "x" + blank(found), FENCE.sub(blank, text))


@cache
def anchors(path: Path) -> frozenset[str]:
    """The names of a file's headings, as forges and MyST make them."""
    found: dict[str, int] = {}
    names = set()
    for title in HEADING.findall(FENCE.sub("", path.read_text())):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        again = found.get(slug, 0)
        found[slug] = again + 1
        names.add(f"{slug}-{again}" if again else slug)
    return frozenset(names)


def broken_links(path: Path) -> Iterator[tuple[int, str]]:
    """(line, target) of what leads nowhere from this Markdown file."""
    text = prose(path.read_text())
    for found in LINK.finditer(text):
        target = found[1]
        if OUTSIDE.match(target):
            continue
        name, _, anchor = target.partition("#")
        there = (path.parent / unquote(name)).resolve() if name else path
        is_ours = there.is_relative_to(ROOT) and there.exists()
        if not is_ours or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            yield text.count("\n", 0, found.start()) + 1, target


def unknown_pages(path: Path) -> Iterator[tuple[int, str]]:
    """(line, name) of pages of docs/ that are named in a text and are not there."""
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        for name in NAMED.findall(line):
            if not (ROOT / name).exists():
                yield number, name


def faults() -> list[str]:
    """Each as `file:line: target`."""
    said = []
    for path in files():
        if path.suffix in TEXT or path.name == "Makefile":
            found = list(unknown_pages(path)) if path.name != "CHANGELOG.md" else []
            found += broken_links(path) if path.suffix == ".md" else ()
            said += [f"{path.relative_to(ROOT)}:{line}: {target}" for line, target in found]
    return sorted(set(said))


if __name__ == "__main__":
    leading_nowhere = faults()
    for fault in leading_nowhere:
        print(f"leads nowhere: {fault}", file=sys.stderr)
    sys.exit(1 if leading_nowhere else 0)
