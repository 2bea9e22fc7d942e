"""What this app signs in at the registries of lower apps."""

from config.workspace.work import WORK
from profiles.identity import merging, rewriting
from profiles.ingest import processor

WORK.register("ingest")(processor.work)
WORK.register("merge")(merging.run_pending)
WORK.register("rewrite")(rewriting.rewrite_events)
