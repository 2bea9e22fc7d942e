"""What whoever launches has seen, held against what is: nobody launches another audience."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.services.rehearsing import rehearse
from segments.models import Segment

DRIFT_SHARE = 100  # a hundredth of the people shown, or one


@dataclass(frozen=True)
class ShownDraft:
    """A draft as it was seen; None is what was not looked at.

    `rule` is the version of the segment's rule; `audience` counts its people, `recipients` those of
    them who would get the mail. `was` is the number of recipients that the one before was refused
    for: who has seen it move, and presses again, launches an audience that goes on moving so.
    """

    revision: int | None = None
    segment: str | None = None
    rule: int | None = None
    audience: int | None = None
    recipients: int | None = None
    was: int | None = None

    @property
    def drift(self) -> int:
        """By how many recipients it may be off."""
        if self.was is None or self.recipients is None:
            return 0
        return min(abs(self.recipients - self.was), max(self.recipients // DRIFT_SHARE, 1))


class Differs(Exception):
    """Something is otherwise than it was shown: nothing was launched. `field` of Shown says what.

    `now` is what is there.
    """

    def __init__(self, field: str, words: str, now: int | str) -> None:
        super().__init__(words)
        self.field = field
        self.now = now


def refuse_other(campaign: Campaign, shown: ShownDraft) -> None:
    """Raise Differs at the first that is otherwise; counts the audience where a number was shown.

    Ask it with the campaign's row locked.
    """
    if shown.revision not in (None, campaign.revision):
        words = _("The campaign was changed since you opened this page. Look once more.")
        raise Differs("revision", words, campaign.revision)
    slug = campaign.entry.get("segment", "")
    if shown.segment not in (None, slug):
        values = {"now": slug, "was": shown.segment}
        words = _("The audience is the segment %(now)s now, not %(was)s.") % values
        raise Differs("segment", words, slug)
    if shown.rule is not None:
        _refuse_other_rule(slug, shown.rule)
    if shown.audience is not None or shown.recipients is not None:
        _refuse_other_count(campaign, shown)


def _refuse_other_rule(slug: str, version: int) -> None:
    segment = Segment.objects.filter(slug=slug).first()
    if segment is None or segment.version == version:
        return
    words = _("The rule of “%(name)s” was changed since. Look once more.")
    if version == segment.counted_version:
        words = _("“%(name)s” is being counted by its new rule. Wait a moment.")
    raise Differs("rule", words % {"name": segment.name}, segment.version)


def _refuse_other_count(campaign: Campaign, shown: ShownDraft) -> None:
    counted = rehearse(campaign)
    if shown.audience not in (None, counted.audience):
        values = {"now": counted.audience, "was": shown.audience}
        words = _("The audience holds %(now)d people now, not %(was)d.") % values
        raise Differs("audience", words, counted.audience)
    if shown.recipients is None:
        return
    if abs(counted.recipients - shown.recipients) > shown.drift:
        values = {"now": counted.recipients, "was": shown.recipients}
        words = _(
            "%(now)d people would get it now; %(was)d were shown. Press again if that is right."
        )
        raise Differs("recipients", words % values, counted.recipients)
