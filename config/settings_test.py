"""Settings of the test suite: a database server of its own, nothing that leaves the process."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
# Said before the import: a developer's environment or .env must not reach the tests.
os.environ |= {
    "VAR_DIR": str(BASE_DIR / ".test-var"),
    "DATABASE_URL": "",
    "CELERY_BROKER_URL": "",
    "EMAIL_URL": "",
    "BASE_URL": "http://testserver",
    "ALLOWED_HOSTS": "testserver,localhost,.localhost,127.0.0.1",
    "DEBUG": "false",
    "SECRET_KEY": "only for tests " * 4,
    "SECRETS_KEY": "only for tests too " * 4,
    "SECRETS_KEY_BEFORE": "",
    "CONN_MAX_AGE": "0",
    "DATABASE_CONNECTIONS": "0",
    "CONSOLE_HOLD_SECONDS": "60",
    "INGEST_RATE_LIMIT": "0",
    "MESSAGE_ID_MONTHS": "13",
    "WAKE_BY_CELERY": "false",
    "LOG_LEVEL": "WARNING",
    "LOG_FORMAT": "line",
    "METRICS_TOKEN": "",
    "TRUSTED_PROXIES": "",
}

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES  # noqa: E402

# Nothing here survives a power cut, nor has to.
EMBEDDED_POSTGRES_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
}
DATABASES["default"] |= {"CONN_HEALTH_CHECKS": False}
# several suites may run beside each other on one machine
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("TEST_DATABASE_NAME", "test_rapport")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True  # no walk over all static files at each start
