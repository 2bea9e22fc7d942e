"""Fixtures for tests with real processes."""

import pytest

from tests.profiles.installation import Installation


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A whole second installation; its tables are shared by the tests of a file.

    No longer: its worker asks for work all the time.
    """
    folder = tmp_path_factory.mktemp("installation")
    folder.chmod(0o755)
    made = Installation(folder)
    try:
        made.set_up()
        yield made
    finally:
        made.stop()
