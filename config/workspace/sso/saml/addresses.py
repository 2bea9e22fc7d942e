"""Our own addresses for a provider, what we say of ourselves, and whether the extra is here."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext_noop

from config.workspace.pages.public_address import base_url

NEEDS: Final = ("lxml", "signxml")
NOT_INSTALLED: Final = gettext_noop(
    "SAML 2.0 is an extra that is not installed here. Whoever runs the server installs it with "
    "“make install-saml” and starts anew."
)
# SAML 2.0 Metadata, 2.4.4
_METADATA: Final = """<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}">
  <md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true"
      protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
        Location="{consumer}" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
"""


@dataclass(frozen=True)
class OwnAddresses:
    """Who we are for a provider, and where its word is taken."""

    entity: str  # also where it is described
    consumer: str


def is_installed() -> bool:
    """Whether what reads and checks signed XML is here."""
    return all(find_spec(name) is not None for name in NEEDS)


def addresses_of(request: HttpRequest, slug: str) -> OwnAddresses:
    """As the provider has to know them."""
    base = base_url(request)
    entity, consumer = reverse("saml_metadata", args=[slug]), reverse("saml_back", args=[slug])
    return OwnAddresses(base + entity, base + consumer)


def described(own: OwnAddresses) -> str:
    """Our metadata, to be read by the provider."""
    return _METADATA.format(entity=escape(own.entity), consumer=escape(own.consumer))
