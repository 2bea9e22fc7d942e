"""Hand-over to real mail servers: what is asked to be encrypted is, or nothing is said."""

import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from campaigns.channels.base import SENT, TEMPORARY
from campaigns.channels.email.session import SmtpSession
from campaigns.channels.email.wire import WireMail

MAIL = WireMail(1, "shop@example.com", "ada@example.com", b"Subject: Hello\r\n\r\nHello\r\n")
ME = "me:geheim@"


def encrypted(server) -> bool:
    return server.transport.get_extra_info("ssl_object") is not None


class Heard:
    """What a mail server was told, and whether that was encrypted."""

    def __init__(self):
        self.passwords, self.mails = [], []

    def authenticate(self, server, session, envelope, mechanism, data):
        self.passwords.append((data.password, encrypted(server)))
        return AuthResult(success=True)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.mails.append(encrypted(server))
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Key and self-signed certificate of 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a mail server")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def serve(certificate):
    """Starts a server that offers `starttls`, `tls` from the start, or nothing; its port."""
    running = []

    def start(how: str) -> tuple[Heard, int]:
        heard = Heard()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        controller = Controller(
            heard, hostname="127.0.0.1", port=port, authenticator=heard.authenticate,
            auth_require_tls=False, tls_context=context if how == "starttls" else None,
            ssl_context=context if how == "tls" else None,
        )  # fmt: skip
        controller.start()
        running.append(controller)
        return heard, port

    yield start
    for controller in running:
        controller.stop()


def hand_over(url: str):
    session = SmtpSession(url)
    [outcome] = session.send([MAIL])
    session.close()
    return outcome


@pytest.mark.parametrize(
    ("how", "address"),
    [("starttls", "smtp://{}?tls=true"), ("starttls", "smtp+tls://{}"), ("tls", "smtps://{}")],
)
def test_password_and_mail_are_encrypted_for_a_server_that_is_who_it_says(
    serve, certificate, monkeypatch, how, address
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    heard, port = serve(how)
    assert hand_over(address.format(f"{ME}127.0.0.1:{port}")).kind == SENT
    assert (heard.passwords, heard.mails) == ([(b"geheim", True)], [True])


@pytest.mark.parametrize(("how", "scheme"), [("starttls", "smtp+tls"), ("tls", "smtps")])
def test_a_certificate_that_nobody_vouches_for_is_refused_with_the_reason(serve, how, scheme):
    heard, port = serve(how)
    outcome = hand_over(f"{scheme}://{ME}127.0.0.1:{port}")
    assert (outcome.kind, heard.passwords, heard.mails) == (TEMPORARY, [], [])
    assert outcome.word == "the certificate is not trusted"
    assert hand_over(f"{scheme}://{ME}127.0.0.1:{port}?ssl_verify=false").kind == SENT


def test_a_server_that_offers_no_encryption_is_told_nothing(serve):
    heard, port = serve("nothing")
    outcome = hand_over(f"smtp://{ME}127.0.0.1:{port}?tls=true")
    assert (outcome.kind, heard.passwords, heard.mails) == (TEMPORARY, [], [])
    assert "STARTTLS" in outcome.word


def test_without_encryption_only_where_that_is_said(serve):
    heard, port = serve("starttls")
    assert hand_over(f"smtp://{ME}127.0.0.1:{port}?tls=false").kind == SENT
    assert heard.mails == [False]
