"""What the settings import may be imported before them: workers begin with it."""

import subprocess
import sys

from django.conf import settings


def test_reasons_are_imported_before_the_settings_are():
    read = "import config.workspace.work.reasons"
    code = f"{read}, sys; print('config.settings' in sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True,
        env={"DJANGO_SETTINGS_MODULE": "config.settings", "PATH": ""}, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.returncode) == ("False", 0), done.stderr
