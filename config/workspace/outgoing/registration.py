"""What the calls of webhooks sign in at: work, its pool, what waits, what is pruned."""

from config.workspace.outgoing.claims import QUEUE, left
from config.workspace.outgoing.delivery import deliver_due
from config.workspace.outgoing.notices import WORK as NAME
from config.workspace.work.due import DELIVERY, LEFT, POOLS, WORK
from config.workspace.work.pruning import PRUNERS
from config.workspace.work.waiting import WAITING

WORK.register(NAME, order=98)(deliver_due)
POOLS.register(NAME)(DELIVERY)
LEFT.register(NAME, order=98)(left)
WAITING.register(NAME)(QUEUE.oldest_due)
PRUNERS.register("webhook_deliveries")(QUEUE.prune)
