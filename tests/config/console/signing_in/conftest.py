"""A mail server for the tests of this folder."""

import pytest

from campaigns.composition.senders import create_sender
from tests.campaigns.builders import smtp_server


@pytest.fixture
def server():
    """A real mail server, and somebody whom mails are from."""
    create_sender(name="Puncak", address="hello@puncak.example")
    with smtp_server() as running:
        yield running
