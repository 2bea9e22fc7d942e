"""Got a message of ours, or did not, and what came of it: of one campaign or any."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Self

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from campaigns.models import Campaign
from campaigns.outcomes.measured import unmeasured
from campaigns.people.announcing import MESSAGE
from campaigns.people.whose import JOIN_OWNER, PERSON, messages_by
from config.console.words import when_words
from config.postgres.sql import AND, Sql, one, sql
from config.workspace.models import User
from config.workspace.permissions import may
from consent.channels import channel_names, label_of
from profiles.language import schemas
from profiles.language.comparisons import Comparison
from profiles.language.counts import ONCE, is_none, read_count, times
from profiles.language.events import since_entry
from profiles.language.operators import shown
from profiles.language.reading.reader import Reader
from profiles.language.reading.references import FoundNames, Lookup
from profiles.language.times.windows import Window, read_window
from profiles.people.lineage import given_people
from segments.rules import Condition, register
from segments.rules.algebra import Ids, Part
from segments.rules.clause import (
    GOT,
    NAME,
    SOURCES,
    VALUE,
    Choice,
    Choices,
    Clause,
    choose,
    count,
    mode,
    pick,
    text,
    window,
)
from segments.rules.context import CompileContext
from segments.rules.counting import counted

_LEFT = "m.state IN ('sent', 'delivered', 'bounced')"
# status -> (when it became true, further tests), over the message `m`: at any moment what
# `campaigns.outcomes.figures` counts at the moment of now
STATUSES: Final[Mapping[str, tuple[str, str]]] = {
    "sent": ("coalesce(m.sent_at, m.bounced_at)", _LEFT),
    "delivered": ("m.sent_at", f"{_LEFT} AND (m.bounced_at IS NULL OR m.bounced_at >= {{moment}})"),
    "opened": ("m.opened_at", ""),
    "clicked": ("m.clicked_at", ""),
    "converted": ("m.converted_at", ""),
    "bounced": ("m.bounced_at", "m.state = 'bounced'"),
    "unsubscribed": ("m.unsubscribed_at", ""),
}
_COLUMNS: Final = (
    "m.id, m.campaign_id, m.channel, m.state, m.is_test, m.sent_at, m.opened_at, m.clicked_at,"
    " m.converted_at, m.bounced_at, m.unsubscribed_at"
)
SEEN: Final = ("opened", "clicked")  # by those alone who let themselves be measured
MEASURED: Final = "email"  # the channel on which that is seen
ANY: Final = ""
MOST: Final = 300  # campaigns to choose from
CAMPAIGN: Final = "campaign:"
# what tells of a status as it comes; what is put right later is announced by itself
TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "opened": ("Email Opened",),
    "clicked": ("Email Link Clicked",),
    "unsubscribed": ("Unsubscribed",),
}


def _names_of(slugs: Collection[str]) -> dict[str, str]:
    return dict(Campaign.objects.filter(slug__in=slugs).values_list("slug", "name"))


CAMPAIGNS = Lookup(
    "unknown_campaign",
    _names_of,
    lambda slug: _("There is no campaign “%(slug)s”.") % {"slug": slug},
)


@SOURCES.register("campaigns")
def campaigns(user: User, given: Mapping[str, str]) -> Choices:
    """Any message, and the campaigns, the newest first; what was not launched yet says so. Their
    names are for those who may see campaigns.
    """
    may_see = may(user, "campaigns.view")
    newest = F("launched_at").desc(nulls_first=True)
    rows = Campaign.objects.order_by(newest, "-id")[:MOST] if may_see else ()
    items = [
        Choice(row.slug, row.name, note="" if row.launched_at else _("not launched yet"))
        for row in rows
    ]
    return Choices([Choice(ANY, _("any message")), *items])


@register
@dataclass(frozen=True)
class MessageCondition(Condition):
    """So many messages (`count`) of `campaign`, or of any, over `channel`, or any, came to `status`
    within `window`; each message counts once, when it first did.

    Copies of a test count nowhere. Opens and clicks are those of people.
    """

    kind = "message"
    status: str
    campaign: str = ANY
    channel: str = ANY
    window: Window = Window()
    count: Comparison = ONCE
    name: str = field(default="", compare=False)

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read all fields; the campaign must be there."""
        reader.only("kind", "status", "campaign", "channel", "window", "count")
        campaign = reader.text("campaign") if reader.data.get("campaign") else ANY
        if campaign:
            reader.refer("campaign", CAMPAIGNS, campaign)
        channel = reader.choice("channel", channel_names()) if reader.data.get("channel") else ANY
        return cls(
            reader.choice("status", list(STATUSES)),
            campaign,
            channel,
            read_window(reader),
            read_count(reader),
        )

    def named(self, found: FoundNames) -> Self:
        """With the campaign's name."""
        name = found.label(CAMPAIGNS, self.campaign) if self.campaign else ""
        return replace(self, name=name)

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """What its JSON looks like."""
        anything = {"description": 'A slug; absent or "" for any.'}
        return schemas.strict(
            {
                "status": {"type": "string", "enum": list(STATUSES)},
                "campaign": {"type": "string"} | anything,
                "channel": {"type": "string", "enum": [ANY, *channel_names()]},
                "window": schemas.WINDOW,
                "count": schemas.count(),
            },
            "status",
            example={"status": "opened", "channel": "email", "window": {"last": {"days": 30}}},
        )

    @classmethod
    def clause(cls) -> Clause:
        """ "have opened any message by email at least 1 time in the last 30 days"."""
        never = {"count": {"op": "eq", "value": 0}}
        channels = {ANY: _("any channel")} | {name: str(label_of(name)) for name in channel_names()}
        start = {"status": "opened", "campaign": ANY, "window": {"last": {"days": 30}}}
        return Clause(
            label=_("message of ours"),
            intent=GOT,
            also=_("campaign, mail, sent, opened, clicked, bounced, engagement"),
            order=50,
            focus="status",
            start={"kind": cls.kind} | start,
            parts=[
                mode(
                    "did",
                    {"label": _("have"), "drop": ["count"]},
                    {"label": _("have not"), "set": never},
                ),
                choose("status", _status_words(), name="status"),
                pick(
                    "campaign",
                    "campaigns",
                    name="campaign",
                    look=NAME,
                    named=True,
                    known={ANY: [_("any message"), ""]},
                ),
                text(_("by")),
                choose("channel", channels, name="channel", look=VALUE),
                count("count", unless=never),
                window("window"),
            ],
        )

    def due_at(self, now: datetime) -> datetime | None:
        """A rolling window."""
        return self.window.due_at(now)

    @property
    def holds_when_unknown(self) -> bool:  # type: ignore[override]
        """Who got nothing got it zero times."""
        return self.count.holds(0)

    def compile(self, context: CompileContext) -> Part:
        """Those with so many; for none, everybody but those with one."""
        query = sql(
            "SELECT {person} AS profile_id {rows}",
            person=_person(context),
            rows=self._rows(context),
        )
        return counted(query, _person(context), self.count, context.clock())

    def unknown(self, context: CompileContext) -> Part | None:
        """Of who is said not to have opened: whoever has one that nobody may measure."""
        if self.status not in SEEN or not self.count.holds(0):
            return None
        tests = AND.joined(self._which() + self._within(context, "m.sent_at"))
        ids = unmeasured(tests, self.channel or MEASURED)
        if ids is None:
            return None
        people = "SELECT {person} AS profile_id FROM message m {join} WHERE m.id IN ({ids})"
        return Ids(sql(people, person=Sql(PERSON), join=Sql(JOIN_OWNER), ids=ids))

    def _rows(self, context: CompileContext) -> Sql:
        """`FROM message m ... WHERE ...`; whose they are says `_person`."""
        moment, more = STATUSES[self.status]
        tests = [*self._which(), *self._within(context, moment)]
        if more:
            tests.append(sql(more, moment=context.moment))
        if context.profile_ids is None:
            rows = Sql(f"message m {JOIN_OWNER}")
        else:
            given = given_people(context.profile_ids)
            rows = sql("{rows} m", rows=messages_by(given, _COLUMNS))
        entries = since_entry(self.window, context, _person(context), Sql(moment))
        return sql(
            "FROM {rows}{entries} WHERE {tests}",
            rows=rows,
            entries=entries,
            tests=AND.joined(tests),
        )

    def _which(self) -> list[Sql]:
        tests = [Sql("NOT m.is_test")]
        if self.campaign:
            which = "m.campaign_id = (SELECT id FROM campaign WHERE slug = {slug})"
            tests.append(sql(which, slug=self.campaign))
        if self.channel:
            tests.append(sql("m.channel = {channel}", channel=self.channel))
        return tests

    def _within(self, context: CompileContext, moment: str) -> list[Sql]:
        first, end = self.window.lower(context.clock()), self.window.upper(context.clock())
        tests = [sql(f"{moment} < {{end}}", end=end)]
        return [*tests, sql(f"{moment} >= {{first}}", first=first)] if first else tests

    def describe(self) -> str:
        """In words: "have not opened “Autumn” in the last 30 days"."""
        did_not = is_none(self.count)
        words = [_("have not") if did_not else _("have"), str(_status_words()[self.status])]
        words.append(f"“{self.name or self.campaign}”" if self.campaign else _("any message"))
        if self.channel:
            words.append(_("by %(channel)s") % {"channel": label_of(self.channel)})
        if not did_not:
            words.append(times(self.count))
        words.append(self.window.describe())
        return " ".join(word for word in words if word)

    @classmethod
    def refers_to(cls, data: Mapping[str, Any]) -> set[tuple[str, str]]:
        """That campaign."""
        slug = data.get("campaign")
        return {("campaign", slug)} if isinstance(slug, str) and slug else set()

    def depends_on(self) -> set[str]:
        """What is announced of messages, and the events by which people answer them."""
        told = {f"event:{name}" for name in TOLD.get(self.status, ())}
        return {MESSAGE + self.status, *told} | (
            {CAMPAIGN + self.campaign} if self.campaign else set()
        )

    def found(self, context: CompileContext, profile_id: int) -> str:
        """How many, and when last."""
        moment = Sql(STATUSES[self.status][0])
        query = sql(
            "SELECT count(*), max({moment}) {rows}", moment=moment, rows=self._rows(context)
        )
        count, last = one(query)
        if not count:
            return _("none")
        words = ngettext("%(n)s message", "%(n)s messages", int(count)) % {"n": shown(count)}
        return _("%(times)s; last on %(day)s") % {"times": words, "day": when_words(last)}


def _status_words() -> dict[str, str]:
    """After "have" or "have not", before the campaign or "any message"."""
    return {
        "sent": pgettext("have", "been sent"),
        "delivered": pgettext("have", "received"),
        "opened": pgettext("have", "opened"),
        "clicked": pgettext("have", "clicked in"),
        "converted": pgettext("have", "reached the goal after"),
        "bounced": pgettext("have", "bounced on"),
        "unsubscribed": pgettext("have", "left by"),
    }


def _person(context: CompileContext) -> Sql:
    return Sql(PERSON if context.profile_ids is None else "m.person_id")
