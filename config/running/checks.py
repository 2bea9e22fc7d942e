"""`manage.py check --deploy`: what a public installation still lacks, one warning each."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError, connection

from config import connections, paths
from config.console.words import capitalised
from config.postgres.backend.pooling import RefusedPooler, SharedSessions


def _lacks(number: int, setting: str, message: str, hint: str) -> CheckMessage:
    return Warning(f"{setting}: {message}", hint=hint, id=f"rapport.W{number:03}")


@register(Tags.security, deploy=True)
def public_installation(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Settings that a laptop may leave alone and a public server may not."""
    found = []
    if not settings.BEHIND_TLS:
        hint = "Set BASE_URL to the https:// address that customers' mails will link to."
        found.append(_lacks(1, "BASE_URL", "is not https", hint))
    if settings.BEHIND_TLS and not settings.TRUSTED_PROXIES:
        hint = "Name the proxy's address; else all callers are one, and one of them locks out all."
        found.append(_lacks(8, "TRUSTED_PROXIES", "is not set, though BASE_URL is https", hint))
    if "*" in settings.ALLOWED_HOSTS:
        hint = "List the host names that this server answers to."
        found.append(_lacks(2, "ALLOWED_HOSTS", "answers to any name", hint))
    if settings.SECRET_KEY_IS_GENERATED:
        hint = "Set it, or back up VAR_DIR: all sessions end when it is lost."
        found.append(_lacks(3, "SECRET_KEY", "is generated and kept in VAR_DIR", hint))
    if settings.SECRETS_KEY_IS_GENERATED:
        hint = "Set it, or back up VAR_DIR: without it the links in sent mails end."
        found.append(_lacks(4, "SECRETS_KEY", "is generated and kept in VAR_DIR", hint))
    if not settings.EMAIL_URL:
        hint = "Set it to your mail server; until then every mail goes to the demo mailbox."
        found.append(_lacks(5, "EMAIL_URL", "is not set", hint))
    elif connections.mail_server(settings.EMAIL_URL).is_open:
        hint = "Add ?tls=true, and leave ssl_verify out: mails and password can be read on the way."
        found.append(_lacks(7, "EMAIL_URL", "does not encrypt, or checks no certificate", hint))
    if not settings.METRICS_TOKEN:
        hint = "Set it where figures are collected: without it /metrics answers nobody."
        found.append(_lacks(9, "METRICS_TOKEN", "is not set", hint))
    if not paths.is_private(Path(settings.VAR_DIR)):
        hint = "Give it to the user that runs this, mode 0700: mails and logs lie in it."
        found.append(_lacks(10, "VAR_DIR", "can be read or written by others", hint))
    if settings.EMBEDDED_POSTGRES:
        hint = "Fine on one machine with backups (`dbserver backup`); else set DATABASE_URL."
        found.append(_lacks(6, "DATABASE_URL", "is not set: the embedded server is used", hint))
    elif pooler := _refused_pooler():
        number = 11 if isinstance(pooler, SharedSessions) else 12
        hint = f"{capitalised(pooler.remedy)}."
        found.append(
            _lacks(number, "DATABASE_URL", f"is behind a pooler that {pooler.fault}", hint)
        )
    return found


def _refused_pooler() -> RefusedPooler | None:
    """Whatever else a database in the way has to say, the commands that need it do."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        return error.__cause__ if isinstance(error.__cause__, RefusedPooler) else None
    return None


def open_without(host: str, *, is_meant: bool) -> str:
    """What is wrong with listening at `host`; "" for nothing.

    Beyond this machine cookies and passwords are safe under https alone, whose address BASE_URL is.
    """
    if connections.is_local(host) or is_meant:
        return ""
    if "*" in settings.ALLOWED_HOSTS:
        return "ALLOWED_HOSTS answers to any name: list those of this server before it is open."
    if not settings.BEHIND_TLS:
        return (
            f"BASE_URL is {settings.BASE_URL}, and --host {host} is open to others: set BASE_URL "
            "to the https:// address of a proxy in front, or say --in-the-open if that is meant."
        )
    return ""
