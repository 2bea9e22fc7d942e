"""What this app signs in at the registries of lower apps."""

from campaigns import panels  # noqa: F401 - signs itself in
from campaigns.api import signin  # noqa: F401 - signs itself in
from campaigns.delivery.claims import chunks_left
from campaigns.delivery.rounds import UNDER_WAY, advance_campaigns
from campaigns.delivery.worker import CHANNEL, deliver
from campaigns.services import uses  # noqa: F401 - signs itself in
from campaigns.tracking import conversions, messages  # noqa: F401 - each signs itself in
from config.workspace.work import LEFT, WORK, left_of

WORK.register("campaigns", order=60)(advance_campaigns)
WORK.register("delivery", order=70)(deliver)
LEFT.register("campaigns", order=60)(left_of(UNDER_WAY))
LEFT.register("delivery", order=70)(lambda: chunks_left(CHANNEL))
