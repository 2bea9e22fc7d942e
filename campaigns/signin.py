"""What this app signs in at the registries of lower apps."""

from importlib.util import find_spec

from campaigns.delivery.rounds import advance_campaigns
from campaigns.delivery.worker import deliver
from config.workspace.work import WORK

WORK.register("campaigns", order=60)(advance_campaigns)
WORK.register("delivery", order=70)(deliver)

if find_spec("campaigns.tracking.conversions"):
    from campaigns.tracking import conversions  # noqa: F401
