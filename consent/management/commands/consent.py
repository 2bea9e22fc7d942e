"""Whether the ledger of permissions is whole."""

from config.workspace.trail.verifying import VerifyCommand
from consent.ledger.chain import CONSENTS


class Command(VerifyCommand):
    """`consent verify`."""

    help = "verify: hashes the sealed ledger of permissions again and says what was changed since."
    ledger = CONSENTS
