"""What the units of work have waiting: each app signs in beside its unit."""

from config.workspace.registry import Registry

WORKER = "worker"  # the tick, as a unit
DELIVERY_WORKER = "delivery_worker"  # the pool that hands messages over, as a unit
WORKERS = (WORKER, DELIVERY_WORKER)
# units only while something is wrong with them
DISK, PROCESSES, CONNECTIONS = "disk", "processes", "connections"
SENDING = "send."  # + channel: handing over, as a unit

# Unit -> SQL of one value: when the oldest work that is due and not done became due, or NULL. It is
# asked on every page of the console (kept for some seconds): an index must answer it.
WAITING: Registry[str] = Registry("waiting work")
# Unit -> SQL of one boolean: whether there is something to do now. Asked at each tick in place of
# the above, for a unit whose due work is more than what can be late.
DUE: Registry[str] = Registry("due work")
