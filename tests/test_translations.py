"""The Indonesian catalogue is complete and true to its source, and the pages speak it."""

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

from campaigns.models import Message as Mail
from config.workspace.access import tokens
from tests.campaigns.builders import launched, make_person, make_segment, say
from tests.cast import make_user
from tools import translations

ROOT = Path(settings.BASE_DIR)
APPS = ("campaigns", "config", "consent", "profiles", "segments")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\{ \w+ \}\}|\{\w*\}|</?[a-z][^>]*>|&\w+;")
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
}
Key = tuple[str | None, str]


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (ROOT / "locale/id/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale="id", abort_invalid=True)


def entries(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def key_of(message: Message) -> Key:
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def extracted(path: Path) -> Iterator[Key]:
    """What makemessages takes from a file, a template by way of Django's own reader."""
    text = path.read_text()
    if path.suffix == ".html":  # its indentation is none of Python's
        text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
    for _line, found, _comments, context in extract("python", io.BytesIO(text.encode()), KEYWORDS):
        message = found if isinstance(found, str) else found[0]
        if message:
            yield context, message


# --- the sources ------------------------------------------------------------------------------
def test_no_message_stands_inside_an_f_string():
    """From Python 3.12 on extraction does not see it, before it does."""
    found = []
    for path in (path for app in APPS for path in (ROOT / app).rglob("*.py")):
        texts = (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.JoinedStr))
        calls = (n for text in texts for n in ast.walk(text) if isinstance(n, ast.Call))
        found += [
            f"{path}:{call.lineno}"
            for call in calls
            if isinstance(call.func, ast.Name) and call.func.id in KEYWORDS
        ]
    assert found == []


# --- the catalogue ----------------------------------------------------------------------------
def test_there_is_one_catalogue():
    found = [path for app in (*APPS, "locale") for path in (ROOT / app).rglob("*.po")]
    assert found == [ROOT / "locale/id/LC_MESSAGES/django.po"]


def test_every_entry_is_translated_and_none_is_fuzzy(catalogue):
    assert catalogue.num_plurals == 1
    assert not list(catalogue.obsolete)
    wanting = [
        message.id
        for message in entries(catalogue)
        if message.fuzzy
        or not (message.string if isinstance(message.string, str) else all(message.string))
    ]
    assert wanting == []


def test_every_placeholder_is_kept(catalogue):
    wrong = []
    for message in entries(catalogue):
        source = message.id if isinstance(message.id, str) else message.id[-1]
        target = message.string if isinstance(message.string, str) else message.string[0]
        kept = sorted(PLACEHOLDER.findall(source)) == sorted(PLACEHOLDER.findall(target))
        ends = [text[: len(text) - len(text.lstrip(" \n"))] for text in (source, target)]
        if not kept or ends[0] != ends[1]:
            wrong.append((source, target))
    assert wrong == []


@pytest.mark.parametrize("folder", ["templates", *APPS])
def test_every_string_of_the_code_is_in_the_catalogue(catalogue, folder):
    known = {key_of(message) for message in entries(catalogue)}
    files = sorted((ROOT / folder).rglob("*.html" if folder == "templates" else "*.py"))
    asked = {key: path for path in files for key in extracted(path)}
    assert asked, "nothing was read"
    assert {key: path.name for key, path in asked.items() if key not in known} == {}


# --- the pages --------------------------------------------------------------------------------
@pytest.fixture
def _compiled():
    """As `make up` does it; what Django read before is forgotten."""
    assert translations.main() == 0
    trans_real._translations.clear()
    trans_real._default = None


@pytest.fixture
def client(db, _compiled) -> Client:
    client = Client()
    client.force_login(make_user(locale="id"))
    return client


def words_of(html: str) -> str:
    """What one reads: no tags, scripts, attributes, commands, names of the theme's icons."""
    html = re.sub(r"<(script|style|svg|code|pre)\b.*?</\1>", " ", html, flags=re.S)
    html = re.sub(r'<span class="material-symbols[^>]*>[^<]*</span>', " ", html)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def english_of(text: str) -> list[str]:
    """What stands in it in English, with the words around it."""
    return [text[max(0, m.start() - 60) : m.end() + 60] for m in ENGLISH.finditer(text)]


ENGLISH = re.compile(
    r"\b(the|and|with|your|people|nobody|segments?|campaigns?|customers?|permission|sources?"
    r"|settings|unsubscribe|search|save|undo|sign out|everything|nothing)\b(?!\.\w)",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/console/", "Beranda"),
        ("/console/people/", "Orang"),
        ("/console/segments/", "Segmen"),
        ("/console/segments/-/new/", "Segmen baru"),
        ("/console/campaigns/", "Kampanye"),
        ("/console/campaigns/new/", "Kampanye baru"),
        ("/console/messages/", "Pesan"),
        ("/console/live/", "Peristiwa langsung"),
        ("/console/profiles/source/", "Sumber"),
        ("/console/consent/suppression/", "Daftar blokir"),
        ("/console/workspace/user/", "Tim"),
    ],
)
def test_a_page_of_the_console_speaks_indonesian(client, path, expected):
    response = client.get(path, follow=True)
    assert response.status_code == 200
    html = response.content.decode()
    assert '<html lang="id"' in html
    text = words_of(html)
    assert expected in text
    assert english_of(text) == []


@pytest.mark.parametrize("path", ["preferences", "unsubscribe"])
def test_what_the_customer_sees_speaks_indonesian(db, _compiled, path):
    person = make_person("ada")
    say(person)
    launched(make_segment(person))
    message = Mail.objects.get(profile=person)
    url = f"/preferences/{tokens.issue('preferences', person.pk, message.pk)}/"
    if path == "unsubscribe":
        url = f"/u/{tokens.issue('unsubscribe', person.pk, message.pk)}/"
    text = words_of(Client(headers={"accept-language": "id"}).get(url).content.decode())
    assert "pemasaran" in text
    assert english_of(text) == []
