"""What ingest keeps for a time only: refused calls, their counts, examples of what could not be
used, the claims of message ids, names that anybody may make up, and jobs of imports that were
killed."""

from datetime import datetime, timedelta

from django.conf import settings

from config.workspace.work.pruning import PORTION, PRUNERS, before, deleted
from profiles.calls.reading import DAYS_A_MONTH
from profiles.ingest import refusals

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
OLD_WARNINGS = """
    DELETE FROM data_warning WHERE id IN (
        SELECT id FROM data_warning WHERE last_seen < %s LIMIT %s)
"""
# a name that is said again is made again; pickers offer it as before, by what people have
OLD_TRAIT_NAMES = """
    DELETE FROM trait_name WHERE id IN (
        SELECT id FROM trait_name
        WHERE NOT is_proven AND NOT is_hidden AND made_at < %s LIMIT %s)
"""
# what somebody set on it has a meaning for the events to come
OLD_EVENT_NAMES = """
    DELETE FROM event_definition WHERE id IN (
        SELECT id FROM event_definition
        WHERE NOT is_proven AND NOT is_hidden AND made_at < %s AND last_seen < %s
          AND value_property = '' AND NOT is_conversion AND NOT is_money
          AND slots = '{}' AND tags = '{}' LIMIT %s)
"""
KILLED_IMPORTS = """
    DELETE FROM job WHERE id IN (
        SELECT id FROM job WHERE kind = 'import' AND finished_at IS NULL AND created_at < %s
        LIMIT %s)
"""
SPARE = timedelta(days=31)  # a claim outlives the age at which its message would be refused


@PRUNERS.register("refusals")
def prune_refusals(now: datetime) -> int:
    """Sum counts up; take away what is too old and what is too much. Some six statements."""
    done = refusals.fold(now) + deleted(SURPLUS, [MOST_REJECTIONS, PORTION])
    if settings.REJECTION_DAYS:
        came = now - timedelta(days=settings.REJECTION_DAYS)
        for old in (OLD_REJECTIONS, OLD_COUNTS, OLD_EXAMPLES):
            done += deleted(old, [came, PORTION])
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
    moment = now - timedelta(days=DAYS_A_MONTH * months)
    return deleted(statement, [moment, PORTION]) if months > 0 else 0


@PRUNERS.register("message_claims")
def prune_claims(now: datetime) -> int:
    """Claims of messages that would be refused for their age by now."""
    months = settings.MESSAGE_ID_MONTHS
    if months <= 0:
        return 0
    day = (now - timedelta(days=DAYS_A_MONTH * months) - SPARE).date()
    return deleted(OLD_CLAIMS, [day, PORTION])


@PRUNERS.register("data_warnings")
def prune_warnings(now: datetime) -> int:
    """Warnings that were not met again for long: at most 200 of a source and code to look at."""
    seen = before(now, "DATA_WARNING_DAYS")
    return deleted(OLD_WARNINGS, [seen, PORTION]) if seen else 0


@PRUNERS.register("names")
def prune_names(now: datetime) -> int:
    """Names that only public keys said. They are found by the index of those."""
    made = before(now, "UNPROVEN_NAME_DAYS")
    if made is None:
        return 0
    return deleted(OLD_TRAIT_NAMES, [made, PORTION]) + deleted(
        OLD_EVENT_NAMES, [made, made, PORTION]
    )


@PRUNERS.register("killed_imports")
def prune_killed_imports(now: datetime) -> int:
    """Jobs of imports that were killed, so that nobody ended them: no import takes as long."""
    began = before(now, "JOB_DAYS")
    return deleted(KILLED_IMPORTS, [began, PORTION]) if began else 0
