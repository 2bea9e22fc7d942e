"""What a mail is made of: a subject, and mjml, html or text."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from campaigns.content.kinds import ContentFault, ContentKind
from campaigns.content.render import Compiled, MessageUrls
from campaigns.content.sandbox.calls import compile_content, render_many

PARTS = ("subject", "mjml", "html", "text", "preheader")
BODIES = ("mjml", "html", "text")


class MailContent(ContentKind):
    """`{"subject", "mjml" or "html", "text"?, "preheader"?}`."""

    needs_sender = True

    @property
    def wanted(self) -> str:
        """In a sentence."""
        return _("A subject, and mjml, html or text.")

    def schema(self) -> dict[str, Any]:
        """As OpenAPI has it."""
        return {
            "type": "object",
            "properties": {name: {"type": "string"} for name in PARTS},
            "required": ["subject"],
            "example": {"subject": "Tents", "text": "Tents {{ unsubscribe_url }}"},
        }

    def faults(self, content: Mapping[str, Any]) -> Iterator[ContentFault]:
        """Parts that are no texts, and names of none."""
        for name in PARTS:
            if content.get(name) is not None and not isinstance(content[name], str):
                yield ContentFault(name, "type", _("A text."))
        for name in set(content) - set(PARTS):
            yield ContentFault(name, "unknown", _("Unknown."))

    def lacks(self, content: Mapping[str, Any]) -> Iterator[ContentFault]:
        """A subject and a body."""
        if not (content.get("subject") or "").strip():
            yield ContentFault(
                "subject", "no_subject", _("The mail has no subject."), _("Write one.")
            )
        if not any((content.get(name) or "").strip() for name in BODIES):
            yield ContentFault("", "no_body", _("The mail is empty."), _("Write it."))

    def compile(self, content: Mapping[str, Any], *, purpose_class: str) -> Compiled:
        """In a child process. Raises ContentError."""
        return compile_content(
            content.get("subject") or "",
            content.get("html") or "",
            content.get("text") or "",
            mjml=content.get("mjml") or "",
            purpose_class=purpose_class,
        )

    def load(self, stored: Mapping[str, Any]) -> Compiled:
        """As it was compiled."""
        return Compiled(**stored)

    def texts(
        self, prepared: Compiled, people: Sequence[Mapping[str, Any]], *, urls: MessageUrls
    ) -> list[list[str] | Exception]:
        """The parts for readers with and without html, as far as there are any."""
        return [
            one if isinstance(one, Exception) else [part for part in _parts(one[0]) if part]
            for one in render_many(prepared, people, urls=urls)
        ]


def _parts(rendered: Any) -> tuple[str, str]:
    return rendered.html, rendered.text
