"""Writes docs/operators/settings.md from .env.example, which has every setting with its words.

`make docs` runs it; a test fails where the page is not what this makes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "operators" / "settings.md"
HEAD = """\
# Settings

<!-- Made of .env.example by tools/settings_page.py (`make docs`): change it there. -->

Settings are environment variables, or lines of a file `.env` beside `manage.py`; the
environment wins. None is required: without any of them an installation runs by itself, on this
machine alone. What is not understood to its end (an unknown scheme, a number out of its bounds, a
switch that is neither `true` nor `false`) ends every program at its start, in one sentence that
names it. An empty variable is an unset one. A change counts from the next start.

For an installation that others use, begin with [BASE_URL](#base_url),
[DATABASE_URL](#database_url), [EMAIL_URL](#email_url), [SECRET_KEY](#secret_key) and
[SECRETS_KEY](#secrets_key), and behind a proxy [TRUSTED_PROXIES](#trusted_proxies).
`manage.py check --deploy` names what is missing.
"""


@dataclass
class Setting:
    """One variable: its default as it is written, "" where it is unset."""

    name: str
    default: str
    words: str


@dataclass
class Section:
    """What stands between two lines `# --- title ---`."""

    title: str
    settings: list[Setting] = field(default_factory=list)


def sections(text: str) -> Iterator[Section]:
    """Of the text of .env.example."""
    found: list[Section] = []
    words: list[str] = []
    for line in text.splitlines():
        if title := re.fullmatch(r"# --- (.+) ---", line):
            found.append(Section(title[1]))
            words = []
        elif setting := re.fullmatch(r"#?([A-Z_]+)=(.*)", line):
            found[-1].settings.append(Setting(setting[1], setting[2], " ".join(words)))
            words = []
        elif line.startswith("# "):
            words.append(line[2:].strip())
        elif not line.strip():
            words = []
    yield from found


def described(setting: Setting, before: Setting | None) -> str:
    """Default and words of one as Markdown: what is typed as code, pages as links.

    Without words of its own it shares those of the one `before` it.
    """
    if not setting.words and before:
        return f"As [{before.name}](#{before.name.lower()}) says. Default: `{setting.default}`."
    words = re.sub(r"docs/operators/([\w-]+)\.md", r"[\1](\1.md)", setting.words)
    words = " ".join(map(_typed, words.split(" "))).replace("<", "&lt;")
    if "Default:" in words or (not setting.default and "Unset:" in words):
        return words
    return f"{words} Default: {f'`{setting.default}`' if setting.default else 'unset'}."


def _typed(word: str) -> str:
    """As code where it is an address, a parameter or an escape."""
    found = re.fullmatch(r"(\(?)((?:\?\w|[^`]*://|%\w\w).*?)((?<!\.)[,;.:)]?|\)\.)", word)
    return f"{found[1]}`{found[2]}`{found[3]}" if found and "`" not in word else word


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for section in sections((ROOT / ".env.example").read_text()):
        title = section.title[0].upper() + section.title[1:]
        lines.append(f"## {title}\n")
        before = None
        for setting in section.settings:
            lines.append(f"### {setting.name}\n\n{described(setting, before)}\n")
            before = setting if setting.words else before
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page())
