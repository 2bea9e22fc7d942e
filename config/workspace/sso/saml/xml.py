"""XML of strangers: read without entities, document types, comments and anything from elsewhere."""

from datetime import UTC, datetime
from typing import Any, Final

from lxml import etree

NAMES: Final = {
    "p": "urn:oasis:names:tc:SAML:2.0:protocol",
    "a": "urn:oasis:names:tc:SAML:2.0:assertion",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
DEEPEST: Final = 60  # elements within each other; no document of theirs has as many
MOST_SPACES: Final = 50  # that an element knows: each costs at every canonicalization


class NotXml(ValueError):
    """It is not read: no XML in UTF-8, or with a document type, too deep or of too many spaces."""


def read(text: bytes) -> Any:
    """The root. Raises NotXml.

    A document type could hold entities that grow without an end or name files. UTF-8 alone, so that
    none hides in another coding. Comments are dropped: `a<!-- -->b` is else read as `a`.
    """
    try:
        whole = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotXml from error
    if "<!DOCTYPE" in whole or "<!ENTITY" in whole:
        raise NotXml
    try:
        root = etree.fromstring(text, _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml from error
    if root.getroottree().docinfo.doctype or not _is_plain(root):
        raise NotXml
    return root


def tag(name: str) -> str:
    """`a:Assertion` as lxml has it."""
    prefix, _colon, local = name.partition(":")
    return f"{{{NAMES[prefix]}}}{local}"


def only(element: Any, path: str) -> Any:
    """The one child there; None where there is none or several."""
    found = element.findall(path, NAMES)
    return found[0] if len(found) == 1 else None


def text_of(element: Any) -> str:
    """All its text, without the blanks around it; "" of none."""
    return "" if element is None else "".join(element.itertext()).strip()


def moment(text: str | None) -> datetime | None:
    """`2026-11-27T18:24:00.123Z`; without a zone it is UTC (SAML 2.0 Core, 1.3.3)."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _parser() -> Any:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _is_plain(root: Any) -> bool:
    level = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        level += 1 if event == "start" else -1
        if level > DEEPEST or len(element.nsmap) > MOST_SPACES:
            return False
    return True
