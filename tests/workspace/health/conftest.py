"""What this process noted belongs to one test."""

import pytest

from config.workspace.work import recording


@pytest.fixture(autouse=True)
def nothing_noted():
    recording.forget()
    yield
    recording.forget()
