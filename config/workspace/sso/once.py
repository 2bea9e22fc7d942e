"""A provider's assertion is taken once, whatever process it comes to and whenever."""

import hashlib
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from config.workspace.models import TakenAssertion
from config.workspace.work.pruning import PORTION, PRUNERS, deleted

OVER: Final = """
    DELETE FROM taken_assertion WHERE id IN (
        SELECT id FROM taken_assertion WHERE expires_at < %s LIMIT %s)
"""


def take(issuer: str, assertion: str, until: datetime) -> bool:
    """Whether it is the first time. One statement, which waits for another that takes the same."""
    digest = hashlib.sha256(f"{issuer}\0{assertion}".encode()).digest()
    try:
        with transaction.atomic():
            TakenAssertion.objects.create(digest=digest, expires_at=until)
    except IntegrityError:
        return False
    return True


@PRUNERS.register("taken_assertions")
def prune(now: datetime) -> int:
    """Those that nobody would take any more."""
    return deleted(OVER, [now, PORTION])
