"""Of whom a file is: the question as it was asked, and those of them whose permission it needs."""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import QueryDict
from django.utils.translation import gettext as _

from config.postgres.sql import ids_in, sql
from consent.channels import addressed_channels
from consent.ledger.standing import WHOLE, standing
from consent.models import Purpose
from consent.reach import contactable
from consent.reach.contactable import is_free, reaches_row
from consent.suppression.withdrawing import EVERY_CHANNEL
from profiles.browsing.choosing import chosen_people
from profiles.language.reading.reader import RuleError, RuleProblem
from profiles.models import Profile
from profiles.personal.names import FieldPlace
from profiles.selectors.masking import Shown
from segments import services
from segments.builder.preview import context_at
from segments.exports.guarding import purposes_of, purposes_of_segment, refuse_other_purpose
from segments.models import Segment
from segments.rules import parse_rule
from segments.rules.algebra import all_of
from segments.rules.algebra import people as people_in
from segments.rules.compiler import compile_rule
from segments.rules.guarded import permits

WAYS: Final = ("segment", "rule", "query", "people")
_IN_IT = "SELECT profile_id FROM membership WHERE segment_id = %s AND left_at IS NULL"


def read_whom(whom: Any, shown: Shown, purpose: str) -> None:
    """Refuse what is no question, not theirs to ask, or not for this purpose. Raises RuleError."""
    if not isinstance(whom, dict) or len(whom) != 1 or next(iter(whom)) not in WAYS:
        message = _("Say of whom: one of %(ways)s.") % {"ways": ", ".join(WAYS)}
        raise RuleError([RuleProblem("", "required", message)])
    way, said = next(iter(whom.items()))
    if way == "segment":
        refuse_other_purpose("segment", purposes_of_segment(_segment(said)), purpose)
    elif way == "rule":
        rule = services.read_rule(said, shown=shown)
        refuse_other_purpose("rule", purposes_of(rule) if rule else (), purpose)
    elif way == "people" and (not isinstance(said, list) or not all(map(_is_text, said))):
        raise RuleError([RuleProblem("people", "type", _("This must be a list of ids."))])
    elif way == "query" and not _is_text(said):
        raise RuleError([RuleProblem("query", "type", _("This must be a text."))])
    elif way == "query":
        named = QueryDict(said).get("segment", "")
        segment = Segment.objects.filter(slug=named).first()
        if segment is not None:
            refuse_other_purpose("query", purposes_of_segment(segment), purpose)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _segment(slug: Any) -> Segment:
    found = Segment.objects.filter(slug=str(slug), archived_at=None).first()
    if found is None:
        message = _("There is no segment “%(slug)s”.") % {"slug": slug}
        raise RuleError([RuleProblem("segment", "unknown_segment", message)])
    return found


def people_of(whom: dict[str, Any], shown: Shown, who: object) -> QuerySet[Profile]:
    """Everybody who is meant and may be worked with. Raises RuleError."""
    way, said = next(iter(whom.items()))
    if way == "segment":
        inside = RawSQL(_IN_IT, [_segment(said).pk])  # noqa: S611 - bound
        return Profile.objects.usable().filter(pk__in=inside)
    if way == "rule":
        query = compile_rule(parse_rule(said), context_at(None))
        return Profile.objects.usable().filter(pk__in=query.raw())
    posted = QueryDict(mutable=True)
    if way == "people":
        posted.setlist("person", said)
    else:
        posted["all"], posted["query"] = "1", said
    found = chosen_people(posted, shown, who)
    return Profile.objects.usable().filter(pk__in=ids_in(found).raw())


def permitted(people: QuerySet[Profile], purpose: Purpose, channel: str) -> QuerySet[Profile]:
    """Those of them who may be taken out for this purpose.

    A transactional purpose needs no permission. For marketing it is who may be written to on the
    channel now; for processing, whose permission for the purpose stands.
    """
    if is_free(purpose):
        return people
    if purpose.purpose_class == Purpose.Class.MARKETING:
        return contactable(people, purpose=purpose, channel=channel)
    rows = standing(
        purpose=sql("{purpose}", purpose=purpose.pk), channel=EVERY_CHANNEL, topics=WHOLE
    )
    query = sql("SELECT c.profile_id FROM ({rows}) c WHERE c.status = 'granted'", rows=rows)
    return people.filter(pk__in=query.raw())


def still_permitted(ids: Sequence[int], purpose: Purpose, channel: str) -> QuerySet[Profile]:
    """Of these few people those who may be taken out now."""
    few = Profile.objects.usable().filter(pk__in=ids)
    if is_free(purpose):
        return few
    if purpose.purpose_class == Purpose.Class.MARKETING:
        return few.filter(reaches_row(channel, purpose=purpose))
    return permitted(few, purpose, channel)


def permitting(names: set[tuple[FieldPlace, str]], people: QuerySet[Profile]) -> QuerySet[Profile]:
    """Those of them whose own, explicit permission stands for what is guarded among the names."""
    parts = permits(names, context_at(None))
    return people.filter(pk__in=people_in(all_of(parts)).raw()) if parts else people


def channel_of(purpose: Purpose, given: str) -> str:
    """By which channel a permission is asked; "" where it is of the person. Raises RuleError."""
    if purpose.purpose_class != Purpose.Class.MARKETING:
        return ""
    known = addressed_channels()
    if not given:
        return known[0]
    if given not in known:
        message = _("One of: %(channels)s.") % {"channels": ", ".join(known)}
        raise RuleError([RuleProblem("channel", "unknown_choice", message)])
    return given
