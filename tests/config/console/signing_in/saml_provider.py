"""A SAML 2.0 provider that signs by xmlsec, another library than the one that verifies here.

It answers what it was asked; `before` and `after` change its answer before and after it is signed.
"""

import base64
import datetime
import secrets
import zlib
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

P, A = "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:2.0:assertion"
NAMES = {"p": P, "a": A, "ds": "http://www.w3.org/2000/09/xmldsig#"}
FORMAT = "urn:oasis:names:tc:SAML:{}:nameid-format:{}"
PERSISTENT, TRANSIENT = FORMAT.format("2.0", "persistent"), FORMAT.format("2.0", "transient")
MAIL = FORMAT.format("1.1", "emailAddress")
ANSWER = """<p:Response xmlns:p="{p}" xmlns:a="{a}" ID="{response}" Version="2.0" \
IssueInstant="{now}" Destination="{consumer}" InResponseTo="{number}">
<a:Issuer>{entity}</a:Issuer>
<p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>
<a:Assertion ID="{assertion}" Version="2.0" IssueInstant="{now}"><a:Issuer>{entity}</a:Issuer>
<a:Subject><a:NameID Format="{format}">{name}</a:NameID>
<a:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><a:SubjectConfirmationData \
InResponseTo="{number}" Recipient="{consumer}" NotOnOrAfter="{until}"/></a:SubjectConfirmation>
</a:Subject>
<a:Conditions NotBefore="{now}" NotOnOrAfter="{until}"><a:AudienceRestriction>\
<a:Audience>{audience}</a:Audience></a:AudienceRestriction></a:Conditions>
<a:AuthnStatement AuthnInstant="{signed_in}" SessionIndex="s1"><a:AuthnContext>\
<a:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</a:AuthnContextClassRef>\
</a:AuthnContext></a:AuthnStatement>
<a:AttributeStatement>{attributes}</a:AttributeStatement></a:Assertion></p:Response>"""
METADATA = """<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}">
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" \
Location="{place}post"/><md:SingleSignOnService \
Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{place}"/>
</md:IDPSSODescriptor></md:EntityDescriptor>"""
KEY = """<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">\
<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
</md:KeyDescriptor>"""
METHODS = (xmlsec.Transform.RSA_SHA256, xmlsec.Transform.ECDSA_SHA256)


class KeyPair:
    """Its own certificate is over for long: an admin has chosen the key, not its end."""

    def __init__(self, bits=2048, curve=None):
        rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        key = ec.generate_private_key(curve) if curve else rsa_key
        self.method = METHODS[bool(curve)]
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")])
        begins = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
        made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
        made = made.not_valid_before(begins)
        made = made.not_valid_after(begins + datetime.timedelta(days=365))
        pem = serialization.Encoding.PEM
        form = serialization.PrivateFormat.PKCS8
        self.private = key.private_bytes(pem, form, serialization.NoEncryption())
        self.certificate = made.sign(key, hashes.SHA256()).public_bytes(pem)


OURS, EVIL, CURVE = KeyPair(), KeyPair(), KeyPair(curve=ec.SECP256R1())


@dataclass(frozen=True)
class Asked:
    """A request of ours, as the provider reads it."""

    number: str
    consumer: str
    audience: str
    is_anew: bool


class SamlIdp:
    """Signs whoever comes in as `name`, with these attributes."""

    entity, place = "https://idp.example/saml", "https://idp.example/sso?tenant=1&x=y"

    def metadata(self, *keys, **said):
        texts = ["".join(k.certificate.decode().split("\n")[1:-2]) for k in keys or (OURS,)]
        given = {"entity": self.entity, "place": self.place.replace("&", "&amp;"), **said}
        return METADATA.format(keys="".join(map(KEY.format, texts)), **given)

    def asked(self, url):
        assert url.startswith(self.place + "&SAMLRequest=")
        said = parse_qs(urlsplit(url).query)
        text = zlib.decompress(base64.b64decode(said["SAMLRequest"][0]), wbits=-15)
        root = etree.fromstring(text)
        return Asked(
            root.get("ID"),
            root.get("AssertionConsumerServiceURL"),
            root.findtext("a:Issuer", namespaces=NAMES),
            root.get("ForceAuthn") == "true",
        )

    def answer(
        self,
        asked,
        *,
        name="mei-1",
        format=PERSISTENT,
        late=0,
        signed_in=0,
        key=OURS,
        sign=("Assertion",),
        method=None,
        way=xmlsec.Transform.EXCL_C14N,
        before=None,
        after=None,
        **attributes,
    ):
        """`late`: seconds that its clock is behind. Each of the attributes is a list."""
        text = ANSWER.format(
            p=P,
            a=A,
            response=f"_{secrets.token_hex(8)}",
            assertion=f"_{secrets.token_hex(8)}",
            number=asked.number,
            consumer=asked.consumer,
            audience=asked.audience,
            entity=self.entity,
            now=moment(-late),
            until=moment(300 - late),
            signed_in=moment(-late - signed_in),
            name=name,
            format=format,
            attributes="".join(written(*one) for one in attributes.items()),
        )
        root = etree.fromstring(text)
        if before:
            before(root)
        for which in sign:
            element = root if which == "Response" else root.find(f"a:{which}", NAMES)
            signed(element, key, method or key.method, way)
        root = etree.fromstring(etree.tostring(root))
        if after:
            after(root)
        return base64.b64encode(etree.tostring(root)).decode()


def moment(seconds=0):
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def written(name, values):
    inside = "".join(f"<a:AttributeValue>{one}</a:AttributeValue>" for one in values)
    return f'<a:Attribute Name="{name}">{inside}</a:Attribute>'


def signed(element, key, method, way):
    """Right after the issuer, as the schema has it."""
    digest = xmlsec.Transform.SHA256
    if method == xmlsec.Transform.RSA_SHA1:
        digest = xmlsec.Transform.SHA1
    template = xmlsec.template.create(element, way, method, ns="ds")
    reference = xmlsec.template.add_reference(template, digest, uri=f"#{element.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, way)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(template))
    element.insert(1, template)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key.private, xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_memory(key.certificate, xmlsec.KeyFormat.CERT_PEM)
    xmlsec.tree.add_ids(element, ["ID"])
    context.sign(template)
