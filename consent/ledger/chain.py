"""The ledger as it is sealed: what of an entry is personal, its digest, and what never changes.

An erasure empties the personal columns and leaves the digest, so that the chain holds; the row goes
on proving that something was said, of what, on which ground and when.
"""

from functools import partial

from config.postgres.sql import Sql, sql
from config.workspace.trail.sealing import LEDGERS, Ledger, seal_due
from config.workspace.work.due import WORK
from consent.models import ConsentEntry

# Of an entry `e` and the salt `w.salt`. By the database, whose text of a jsonb is the same whenever
# it is asked. Each entry has a salt of its own: two with the same address have nothing in common,
# and a proof of one may tell its salt, which leads to no other.
SEALED = Sql(
    "jsonb_build_array(encode(sha256(convert_to(w.salt || ':entry:' || e.id, 'UTF8')), 'hex'),"
    " e.id, e.contact_point, e.evidence)::text"
)
DIGEST = sql("sha256(convert_to({sealed}, 'UTF8'))", sealed=SEALED)
# as of before: entries were written so until there were proofs
_FORMER = Sql(
    "sha256(convert_to(jsonb_build_array(w.salt, e.id, e.contact_point, e.evidence)::text, 'UTF8'))"
)
_FITS = sql(
    "coalesce((SELECT e.digest = {digest} OR e.digest = {former} FROM workspace w), TRUE)"
    " OR (e.contact_point = '' AND e.evidence = '{{}}')",
    digest=DIGEST,
    former=_FORMER,
)
CONSENTS = LEDGERS.register("consents")(
    Ledger(
        ConsentEntry,
        (
            "id",
            "profile_id",
            "purpose_id",
            "channel",
            "topic_id",
            "status",
            "basis",
            "outcome",
            "source_id",
            "actor",
            "at",
            "recorded_at",
            "cites_id",
            "wording",
            "language",
            "digest",
        ),
        "recorded_at",
        _FITS,
    )
)
WORK.register("consent_seal", order=91)(partial(seal_due, CONSENTS))
