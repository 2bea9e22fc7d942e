"""What this app signs in at the registries of lower apps."""

from config.workspace.work import WORK
from profiles.identity import rewriting
from profiles.ingest import processor

WORK.register("ingest")(processor.work)
WORK.register("merge")(processor.merge)
WORK.register("rewrite")(rewriting.rewrite_events)
