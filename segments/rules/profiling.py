"""What was worked out about people (a score, a group, a stage) finds nobody who objected to it.

Which conditions ask by that, they say themselves (`Condition.profiles`): by their kind, or by a
name that an officer or usage calls so. Who objected is not found by them, whatever they say.
"""

from typing import TYPE_CHECKING

from config.postgres.sql import every
from consent.reach.profiling import objectors
from segments.rules.algebra import Ids, Part

if TYPE_CHECKING:
    from segments.rules.context import CompileContext


def unless_objected(context: "CompileContext") -> Part:
    """Everybody but those who had objected at the moment of the question."""
    query = objectors(
        None if context.is_now else context.moment,
        lambda column: every(context.narrowing(column)),
    )
    return Ids(query, negated=True)
