"""What this app signs in at the registries of lower apps."""

from config.workspace.work import WORK
from profiles.ingest import processor

WORK.register("ingest")(processor.work)
