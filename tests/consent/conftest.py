"""Files that an archive leaves belong to one test: another one's search would find them."""

import pytest


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.VAR_DIR = str(tmp_path)
