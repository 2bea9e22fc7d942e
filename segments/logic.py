"""What an archive tells a person of segments: which they are in, and the rule that says so."""

from django.utils import translation

from consent.archives.making import LOGIC
from profiles.language.reading.reader import RuleError
from profiles.models import Profile
from profiles.selectors.masking import HARMLESS_ALONE
from segments.models import Membership, Segment
from segments.rules import parse_rule
from segments.rules.personal import is_hidden

MOST = 500


@LOGIC.register("segments")
def told(person: Profile, language: str) -> list[dict[str, str]]:
    """In this language; a rule that reads personal values stands without them: they may be others'.
    One query.
    """
    rows = Membership.objects.filter(profile_id=person.pk, left_at=None).select_related("segment")
    with translation.override(language):
        return [
            {"name": row.segment.name, "because": sentence_of(row.segment)}
            for row in rows.order_by("segment__name")[:MOST]
        ]


def sentence_of(segment: Segment) -> str:
    """The rule in words; "" of a list, and of what cannot be read any more."""
    if segment.kind == Segment.Kind.STATIC:
        return ""
    try:
        rule = parse_rule(segment.rule)
    except RuleError:
        return ""
    return (rule.masked(HARMLESS_ALONE) if is_hidden(rule, HARMLESS_ALONE) else rule).describe()
