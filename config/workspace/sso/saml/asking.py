"""The request to let somebody sign in, by way of their browser (SAML 2.0 Bindings, 3.4)."""

import base64
import secrets
import zlib
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from django.utils.html import escape

from config.workspace.sso.saml.addresses import OwnAddresses
from config.workspace.zones import stamp

_REQUEST: Final = (
    '<p:AuthnRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"'
    ' xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="{number}" Version="2.0"'
    ' IssueInstant="{now}" Destination="{place}" AssertionConsumerServiceURL="{consumer}"{anew}'
    ' ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST">'
    "<a:Issuer>{entity}</a:Issuer>"
    '<p:NameIDPolicy AllowCreate="true"/></p:AuthnRequest>'
)


def new_number() -> str:
    """That nobody can guess, of a request; an answer has to name it."""
    return f"_{secrets.token_hex(20)}"


def address_of(place: str, own: OwnAddresses, number: str, *, anew: bool) -> str:
    """Where the browser is led. `anew`: they have to show there who they are, also if in."""
    text = _REQUEST.format(
        number=number,
        now=stamp(datetime.now(UTC)),
        place=escape(place),
        consumer=escape(own.consumer),
        entity=escape(own.entity),
        anew=' ForceAuthn="true"' if anew else "",
    )
    packed = zlib.compressobj(wbits=-15)
    raw = packed.compress(text.encode()) + packed.flush()
    asked = urlencode({"SAMLRequest": base64.b64encode(raw).decode(), "RelayState": number})
    return f"{place}{'&' if '?' in place else '?'}{asked}"
