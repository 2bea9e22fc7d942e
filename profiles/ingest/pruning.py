"""What ingest keeps for a time only: refused calls, their counts, examples of what could not be
used, and the claims of message ids."""

from datetime import datetime, timedelta

from django.conf import settings

from config.workspace.pruning import PORTION, PRUNERS, deleted
from profiles.ingest import refusals
from profiles.ingest.reading import DAYS_A_MONTH

MOST_REJECTIONS = 20_000  # of one source, the newest
OLD_REJECTIONS = """
    DELETE FROM rejection WHERE received_at < %s
      AND id IN (SELECT id FROM rejection ORDER BY id LIMIT %s)
"""
SURPLUS = """
    DELETE FROM rejection WHERE id IN (
        SELECT r.id FROM source s CROSS JOIN LATERAL (
            SELECT id FROM rejection WHERE source_id = s.id
            ORDER BY id DESC OFFSET %s LIMIT %s) r)
"""
OLD_COUNTS = """
    DELETE FROM refusal_count WHERE id IN (SELECT id FROM refusal_count WHERE at < %s LIMIT %s)
"""
OLD_CLAIMS = """
    DELETE FROM message_claim WHERE digest IN (
        SELECT digest FROM message_claim WHERE received_on < %s LIMIT %s)
"""
OLD_EXAMPLES = """
    UPDATE data_warning SET example = '' WHERE id IN (
        SELECT id FROM data_warning WHERE example <> '' AND last_seen < %s LIMIT %s)
"""
OLD_TRAITS = """
    DELETE FROM trait_history t USING (
        SELECT profile_id, id FROM trait_history WHERE replaced_at < %s LIMIT %s) old
    WHERE t.profile_id = old.profile_id AND t.id = old.id
"""
OLD_LINKS = """
    DELETE FROM identifier_link l USING (
        SELECT one_id, other_id FROM identifier_link WHERE last_seen < %s LIMIT %s) old
    WHERE l.one_id = old.one_id AND l.other_id = old.other_id
"""
SPARE = timedelta(days=31)  # a claim outlives the age at which its message would be refused


@PRUNERS.register("refusals")
def prune_refusals(now: datetime) -> int:
    """Sum counts up; take away what is too old and what is too much. Some six statements."""
    done = refusals.fold(now) + deleted(SURPLUS, [MOST_REJECTIONS, PORTION])
    if settings.REJECTION_DAYS:
        before = now - timedelta(days=settings.REJECTION_DAYS)
        for old in (OLD_REJECTIONS, OLD_COUNTS, OLD_EXAMPLES):
            done += deleted(old, [before, PORTION])
    return done


@PRUNERS.register("trait_history")
def prune_traits(now: datetime) -> int:
    """What was said of a trait long ago."""
    return _older(OLD_TRAITS, settings.TRAIT_HISTORY_MONTHS, now)


@PRUNERS.register("identifier_links")
def prune_links(now: datetime) -> int:
    """Pairs of identifiers that no call has named for long."""
    return _older(OLD_LINKS, settings.IDENTIFIER_LINK_MONTHS, now)


def _older(statement: str, months: float, now: datetime) -> int:
    before = now - timedelta(days=DAYS_A_MONTH * months)
    return deleted(statement, [before, PORTION]) if months > 0 else 0


@PRUNERS.register("message_claims")
def prune_claims(now: datetime) -> int:
    """Claims of messages that would be refused for their age by now."""
    months = settings.MESSAGE_ID_MONTHS
    if months <= 0:
        return 0
    before = (now - timedelta(days=DAYS_A_MONTH * months) - SPARE).date()
    return deleted(OLD_CLAIMS, [before, PORTION])
