"""What is cited can be read by whoever reads the code: a document of ours, or a public source."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TEXTS = {".py", ".md", ".js", ".css", ".html", ".txt", ".sql", ".toml", ".in", ".yml", ".yaml"}
NOT_OURS = ("locale/", "requirements/", "tests/sdk/node_modules/", "static/vendor/")
TOYS = Path("tests/docs")  # it makes pages of its own
HISTORY = Path("CHANGELOG.md")  # it names what was there then
DOCUMENT = re.compile(r"(?<![\w*{<}])((?:[\w.-]+/)*[A-Za-z][\w-]*\.md)\b")
NUMBERED = re.compile(r"\b(?:sections?|guarantees?|rule|chapter) (?:no\. ?)?\d+", re.IGNORECASE)
# laws and standards that anybody finds by these words
PUBLIC = re.compile(
    r"RFC|GDPR|ePrivacy|CCPA|CASL|CRTC|CAN-SPAM|Code|Statutes|\bAct\b|U\.S\.C\.|O\.S\.|HGB|UWG|BGH"
    r"|GPP|IAB|DPDP|OpenDSR|specification|Tax code|ASVS"
)
NEAR = 3  # lines in which the source of a number stands


def texts() -> Iterator[Path]:
    """Every text of the repository that somebody wrote, from the root."""
    answer = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        pytest.skip("not a clone: nobody says which files are ours")
    for name in answer.stdout.splitlines():
        path = Path(name)
        is_ours = path.suffix in TEXTS or path.name == "Makefile"
        if is_ours and not name.startswith(NOT_OURS) and (ROOT / path).is_file():
            yield path


def is_there(cited: str, path: Path) -> bool:
    """Whether it is in the repository: by its path, or a page of docs/ by its name alone."""
    if any((ROOT / base / cited).exists() for base in ("", "docs", path.parent)):
        return True
    return Path(cited).name in {page.name for page in (ROOT / "docs").rglob("*.md")}


def test_every_document_that_is_named_is_in_the_repository():
    missing, named = [], 0
    for path in texts():
        if path == HISTORY or path.is_relative_to(TOYS):
            continue
        for found in DOCUMENT.finditer((ROOT / path).read_text(errors="replace")):
            before = (ROOT / path).read_text(errors="replace")[: found.start()]
            if before.endswith(("://", "/")) and "://" in before.rsplit(None, 1)[-1]:
                continue  # an address on the web
            named += 1
            if not is_there(found[1], path):
                missing.append(f"{path}: {found[1]}")
    assert named > 50, "the documents are not where this test looks for them"
    assert missing == []


def test_a_number_is_of_something_that_anybody_can_look_up():
    """ "Section 15" of what? Say the thing itself, or name the law or the standard."""
    loose = []
    for path in texts():
        if path == Path("tests/test_citations.py"):
            continue
        lines = (ROOT / path).read_text(errors="replace").splitlines()
        for number, line in enumerate(lines):
            around = " ".join(lines[max(number - NEAR, 0) : number + NEAR])
            if NUMBERED.search(line) and not PUBLIC.search(around):
                loose.append(f"{path}:{number + 1}: {line.strip()}")
    assert loose == []
