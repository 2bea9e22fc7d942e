"""The documentation builds, every link leads somewhere, and what is made of code is as made."""

import re
import subprocess
import sys

import pytest

from config.paths import BASE_DIR
from tools import links, screenshots, settings_page

LARGEST = 250_000  # bytes of a picture


def test_no_link_leads_nowhere():
    assert links.faults() == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](b.md)", ["b.md"]),
        ("[a](page.md#not-there)", ["page.md#not-there"]),
        ("[a](page.md#a-heading-with-code)", []),
        ("[a](#here)", ["#here"]),
        ("![a](images/x.png) and `[a](b.md)`", ["images/x.png"]),
        ("```\n[a](b.md)\n```", []),
        ("[a](https://example.com/x#y)", []),
    ],
)
def test_a_link_to_what_is_not_there_is_found(tmp_path, monkeypatch, text, found):
    monkeypatch.setattr(links, "ROOT", tmp_path)
    (tmp_path / "page.md").write_text("# Page\n\n## A heading, with `code`\n")
    (tmp_path / "text.md").write_text(text)
    assert [target for _line, target in links.broken_links(tmp_path / "text.md")] == found


def test_a_page_that_is_named_in_code_has_to_be_there(tmp_path, monkeypatch):
    monkeypatch.setattr(links, "ROOT", tmp_path)
    name = "/".join(("docs", "none.md"))  # in one piece the test above would find it here
    (tmp_path / "code.py").write_text(f"# {name} has more\n")
    assert list(links.unknown_pages(tmp_path / "code.py")) == [(1, name)]


def test_the_page_of_settings_is_made_of_env_example():
    assert settings_page.PAGE.read_text() == settings_page.page(), "run: make docs"
    explained = re.findall(r"^#?([A-Z_]+)=", (BASE_DIR / ".env.example").read_text(), re.M)
    assert re.findall(r"^### ([A-Z_]+)$", settings_page.PAGE.read_text(), re.M) == explained


def test_each_picture_is_taken_by_the_script_and_stands_on_a_page():
    there = {path.stem: path for path in (BASE_DIR / "docs" / "images").glob("*.webp")}
    assert set(there) == {picture.name for picture in screenshots.PICTURES}
    text = "".join(page.read_text() for page in (BASE_DIR / "docs").rglob("*.md"))
    assert [name for name in there if f"images/{name}.webp" not in text] == []
    assert [name for name, path in there.items() if path.stat().st_size > LARGEST] == []


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_fetches_nothing_from_elsewhere(tmp_path):
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--nitpicky", "-j", "auto"]
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "docs", str(tmp_path)],
        cwd=BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) >= len(list((BASE_DIR / "docs").rglob("*.md")))
    loads = r'<(?:script|img|iframe|source)[^>]*?\bsrc="((?:https?:)?//[^"]+)"'
    loads += r'|<link[^>]*\brel="(?:stylesheet|preload|icon)"[^>]*\bhref="((?:https?:)?//[^"]+)"'
    for page in pages:
        assert re.findall(loads, page.read_text()) == [], page
    for sheet in tmp_path.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", sheet.read_text()), sheet
