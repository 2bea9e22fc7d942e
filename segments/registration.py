"""What this app signs in at the registries of lower apps."""

from config.workspace.work.due import WORK
from segments import (  # noqa: F401 - each signs itself in
    ageing,
    erasing,
    field_uses,
    incident_lists,
    logic,
    redefining,
    uses,
)
from segments.api import computed, subroutes  # noqa: F401
from segments.builder import catalogue  # noqa: F401
from segments.exports import making  # noqa: F401
from segments.insight.rfm import condition  # noqa: F401 - signs itself in
from segments.insight.rfm.cuts import cut_daily
from segments.insight.silence import watching  # noqa: F401
from segments.members import due, merging, pruning, told  # noqa: F401
from segments.pages import card, exports, people_acts, people_filters  # noqa: F401
from segments.rules.conditions import sign_in

sign_in()
WORK.register("rfm", order=35)(cut_daily)
