"""What this app signs in at the registries of lower apps."""

from config.workspace.work import WORK
from consent import gpc, merging, panels, trail, uses  # noqa: F401 - each signs itself in
from consent.ledger import chain  # noqa: F401
from consent.services import carrying  # noqa: F401
from consent.services.elapsing import elapse

WORK.register("consents", order=20)(elapse)
