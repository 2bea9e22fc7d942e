"""A change that builds on a revision that has passed, on the wire."""

from config.workspace.api.problems import FieldError, Problem
from config.workspace.lifecycle.revisions import Stale


def problem_of(error: Stale) -> Problem:
    """409 with the revision of now."""
    one = FieldError(path="revision", code="stale", message=str(error))
    return Problem(409, detail=str(error), errors=[one], extra={"revision": error.revision})
