"""A mail server for the tests of this folder."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from campaigns.composition.senders import create_sender
from tests.campaigns.builders import smtp_server


@pytest.fixture
def server():
    """A real mail server, and somebody whom mails are from."""
    create_sender(name="Puncak", address="hello@puncak.example")
    with smtp_server() as running:
        yield running


@pytest.fixture
def metadata_server():
    """Serves a provider's metadata, and other answers beside it."""
    from tests.config.console.signing_in.saml_provider import SamlIdp  # noqa: PLC0415

    class Metadata(BaseHTTPRequestHandler):
        def log_message(self, *args):
            """Says nothing."""

        def do_GET(self):  # noqa: N802
            text = SamlIdp().metadata().encode()
            status = {"/missing": 404, "/moved": 302}.get(self.path, 200)
            body = b" " * 1_100_000 if self.path == "/large" else text
            self.send_response(status)
            self.send_header("Location", "/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Metadata) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()
