"""`.env.example` and what settings really read."""

import re

from config.paths import BASE_DIR


def test_each_variable_that_settings_read_is_explained_and_no_other():
    settings = (BASE_DIR / "config" / "settings.py").read_text()
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', settings))
    explained = re.findall(r"^#?([A-Z_]+)=", (BASE_DIR / ".env.example").read_text(), re.M)
    assert sorted(explained) == sorted(read)
