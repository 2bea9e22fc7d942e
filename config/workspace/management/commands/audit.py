"""Whether the audit trail is whole."""

from config.workspace.trail.sealing import AUDIT
from config.workspace.trail.verifying import VerifyCommand


class Command(VerifyCommand):
    """`audit verify`."""

    help = "verify: hashes the sealed audit trail again and says what was changed since."
    ledger = AUDIT
