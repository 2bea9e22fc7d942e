"""What this app signs in at the registries of lower apps."""

from campaigns import panels  # noqa: F401 - signs itself in
from campaigns.api import signin  # noqa: F401 - signs itself in
from campaigns.delivery.rounds import advance_campaigns
from campaigns.delivery.worker import deliver
from campaigns.tracking import conversions, messages  # noqa: F401 - each signs itself in
from config.workspace.work import WORK

WORK.register("campaigns", order=60)(advance_campaigns)
WORK.register("delivery", order=70)(deliver)
