"""What a new campaign begins with: a newcomer changes words and does not face a blank page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.composition.contents import EDITED

MESSAGE_ID = "mail"
PLACEHOLDER = "[[ your words ]]"


@dataclass(frozen=True)
class Starter:
    """A way to begin: its name, what it is good for, and what it makes."""

    key: str
    name: str | Promise
    text: str | Promise


STARTERS = (
    Starter(
        "letter",
        gettext_lazy("A letter"),
        gettext_lazy("A greeting, two paragraphs and a button. Good for most news."),
    ),
    Starter(
        "offer",
        gettext_lazy("An announcement"),
        gettext_lazy("One large line, three short reasons, one button."),
    ),
    Starter(
        "html",
        gettext_lazy("My own HTML"),
        gettext_lazy("An almost empty page, to paste a design into."),
    ),
)

_FRAME = """<mjml>
  <mj-head>
    <mj-attributes>
      <mj-all font-family="Helvetica, Arial, sans-serif" />
      <mj-text font-size="16px" line-height="1.55" color="#262d30" />
      <mj-button background-color="#0f6a88" color="#ffffff" border-radius="6px" align="left" />
    </mj-attributes>
  </mj-head>
  <mj-body background-color="#eff1f1">
    <mj-section background-color="#ffffff" padding="28px 12px">
      <mj-column>
{body}
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""
_LETTER = """        <mj-text font-size="22px" font-weight="600">
          {greeting} {{{{ first_name | default: "{fallback}" }}}},
        </mj-text>
        <mj-text>{mark}</mj-text>
        <mj-text>{second}</mj-text>
        <mj-button href="https://example.com/">{button}</mj-button>
        <mj-text padding-top="20px">{{{{ sender.name }}}}</mj-text>"""
_OFFER = """        <mj-text font-size="28px" line-height="1.2" font-weight="700">{mark}</mj-text>
        <mj-text>{first}</mj-text>
        <mj-text>• {reason}<br />• {reason}<br />• {reason}</mj-text>
        <mj-button href="https://example.com/">{button}</mj-button>"""
_HTML = """<!doctype html>
<html>
<body style="margin:0;padding:24px;font-family:Helvetica,Arial,sans-serif;color:#262d30">
<p>{greeting} {{{{ first_name | default: "{fallback}" }}}},</p>
<p>{mark}</p>
</body>
</html>
"""


def content_of(key: str) -> dict[str, Any]:
    """The content that a starter makes."""
    mark = _("What is new, and what they get out of it.")
    words = {
        "greeting": _("Hello"),
        "fallback": _("there"),
        "mark": f"{PLACEHOLDER} {mark}",
        "second": _("One more thing that helps them to decide."),
        "first": _("One sentence about what it is and for whom."),
        "reason": _("A reason"),
        "button": _("Have a look"),
    }
    if key == "html":
        return {"subject": "", "preheader": "", "html": _HTML.format(**words)}
    body = (_OFFER if key == "offer" else _LETTER).format(**words)
    return {"subject": "", "preheader": "", "mjml": _FRAME.format(body=body)}


def first_step(content: Mapping[str, Any]) -> dict[str, Any]:
    """The one step of a new campaign."""
    return {
        "id": MESSAGE_ID,
        "kind": "message",
        "channel": EDITED,
        "purpose": "marketing",
        "content": dict(content),
    }
