"""What this app signs in at the registries of lower apps."""

from campaigns import ageing, erasing, merging, panels, pruning, trail  # noqa: F401 - each signs in
from campaigns.api import registration  # noqa: F401 - signs itself in
from campaigns.composition.senders import default_sender
from campaigns.conditions import message  # noqa: F401 - signs itself in
from campaigns.delivery.service_mails import send_due
from campaigns.delivery.worker import deliver, left
from campaigns.engine.claims import enrolments_left
from campaigns.engine.executor import advance_enrolments
from campaigns.outcomes import conversions, public_pages  # noqa: F401 - each signs itself in
from campaigns.services import field_uses, uses  # noqa: F401 - each signs itself in
from campaigns.services.advance import UNDER_WAY, advance_campaigns
from config.workspace.mails.outgoing import NEEDED, OLDEST_DUE
from config.workspace.work.due import DELIVERY, LEFT, POOLS, WORK, left_of
from config.workspace.work.waiting import DUE, WAITING

WORK.register("campaigns", order=60)(advance_campaigns)
WORK.register("journeys", order=65)(advance_enrolments)
WORK.register("delivery", order=70)(deliver)
WORK.register("mails", order=98)(send_due)
POOLS.register("delivery")(DELIVERY)
POOLS.register("mails")(DELIVERY)
NEEDED.register("sender")(lambda: default_sender() is not None)
LEFT.register("campaigns", order=60)(left_of(UNDER_WAY))
LEFT.register("journeys", order=65)(enrolments_left)
LEFT.register("delivery", order=70)(left)

WAITING.register("campaigns")(
    "SELECT least(min(hold_until) FILTER (WHERE status = 'held'), "
    "min(scheduled_at) FILTER (WHERE status = 'scheduled')) FROM campaign "
    "WHERE status = 'held' AND hold_until <= now() "
    "OR status = 'scheduled' AND scheduled_at <= now()"
)
# what a killed worker left marked is looked for too (`delivery.strays`)
DUE.register("campaigns")(
    f"(EXISTS ({UNDER_WAY})"  # noqa: S608 - pieces of ours
    " OR EXISTS (SELECT 1 FROM message WHERE state = 'handing_over'))"
)
WAITING.register("journeys")(
    "SELECT min(d.due_at) FROM campaign k CROSS JOIN LATERAL (SELECT e.due_at FROM enrolment e "
    "WHERE e.campaign_id = k.id AND e.ended_at IS NULL AND e.due_at <= now() "
    "AND (e.lease IS NULL OR e.lease_until < now()) ORDER BY e.due_at LIMIT 1) d "
    "WHERE k.status = 'running'"
)
WAITING.register("mails")(OLDEST_DUE)
# as `delivery.claims` leases: what a paused campaign holds is not due
WAITING.register("delivery")(
    "SELECT c.due_at FROM message_chunk c WHERE c.due_at <= now() "
    "AND (c.lease IS NULL OR c.lease_until < now()) AND (c.campaign_id IS NULL OR EXISTS "
    "(SELECT 1 FROM campaign k WHERE k.id = c.campaign_id AND k.status = 'running')) "
    "ORDER BY c.due_at LIMIT 1"
)
