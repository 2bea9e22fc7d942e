"""Why a line of reach lets nothing through: the sub-reason, and the row that shows it.

Of an address that is suppressed, what made it so; of a permission that is not there, what was said
instead. The words are the ledger's and the suppressions' own, with three that the ledger has under
withdrawals and grants: `objected` (a privacy request), `paused` (resumes by itself) and
`not_accepted` (granted, but not on a ground that the policy of their country accepts).
"""

from typing import Final

from config.postgres.sql import Sql, sql

NEVER_ASKED, NOT_ACCEPTED = "never_asked", "not_accepted"
OBJECTED, PAUSED = "objected", "paused"
INVALID = "invalid"  # of an address that is no address, without a suppression
# of the words below, those after which asking again is not for us to do
REFUSED: Final = ("denied", "withdrawn", OBJECTED)

_PERMISSION = """CASE {line}.status WHEN 'granted' THEN 'not_accepted'
    WHEN 'withdrawn' THEN coalesce((SELECT CASE WHEN e.evidence->>'type' = 'objection'
        THEN 'objected' WHEN e.evidence->>'then' = 'resume' THEN 'paused' END
        FROM consent_entry e WHERE e.profile_id = {person} AND e.id = {line}.said_id), 'withdrawn')
    ELSE {line}.status END"""


def why_suppressed(line: str) -> Sql:
    """Of a line of reach whose address is suppressed: a reason of `Suppression`."""
    return Sql(f"coalesce({line}.suppressed_by, '{INVALID}')")


def why_not_permitted(line: str, person: str) -> Sql:
    """Of a line of reach that nothing permits; `person` is whose entries it read."""
    return sql(_PERMISSION, line=Sql(line), person=Sql(person))
