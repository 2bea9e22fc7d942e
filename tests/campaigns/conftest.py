"""What tests of sending share."""

import pytest

from tests.campaigns.builders import smtp_server


@pytest.fixture
def server():
    """A mail server; `mails` is what it took."""
    with smtp_server() as handler:
        yield handler
