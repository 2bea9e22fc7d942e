"""What this app signs in at the registries of lower apps."""

from config.workspace.work.due import LEFT, WORK, left_of
from config.workspace.work.waiting import WAITING
from profiles import trail, uses  # noqa: F401 - each signs itself in
from profiles.api import notes  # noqa: F401 - signs in at the sub-routes
from profiles.browsing import own_filters  # noqa: F401 - signs in at the people list
from profiles.ingest import (
    processor,
    pruning,  # noqa: F401 - signs itself in
)
from profiles.merging import rewriting
from profiles.notes import telling  # noqa: F401 - signs in at the timeline
from profiles.selectors import joins  # noqa: F401 - signs in at the timeline

WORK.register("ingest")(processor.work)
WORK.register("merge")(processor.merge)
WORK.register("rewrite")(rewriting.rewrite_events)

LEFT.register("ingest")(left_of("SELECT id FROM inbox WHERE failed_at IS NULL"))
LEFT.register("merge")(left_of("SELECT id FROM merge_pending"))
LEFT.register("rewrite")(left_of("SELECT id FROM alias_pending"))

WAITING.register("ingest")(
    "SELECT received_at FROM inbox WHERE failed_at IS NULL ORDER BY id LIMIT 1"
)
WAITING.register("merge")("SELECT created_at FROM merge_pending ORDER BY id LIMIT 1")
WAITING.register("rewrite")("SELECT min(created_at) FROM alias_pending")
