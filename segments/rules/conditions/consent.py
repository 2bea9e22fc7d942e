"""Permission for a purpose on a channel."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config.console.words import day_words
from config.postgres.sql import Sql, every, run, sql
from consent.channels import channel_names
from consent.ledger.standing import WHOLE, standing
from consent.models import Purpose
from consent.models.ledger import ConsentStatus
from profiles.language import schemas
from profiles.language.reading.references import Lookup
from segments.rules import Condition, Reader, register
from segments.rules.algebra import Ids, Part
from segments.rules.clause import MAY, NAME, VALUE, Clause, choose, pick, text
from segments.rules.context import CompileContext

NEVER_ASKED = "never_asked"


def _names_of(slugs: Collection[str]) -> dict[str, str]:
    return dict(Purpose.objects.filter(slug__in=slugs).values_list("slug", "name"))


def _missing(slug: str) -> str:
    known = ", ".join(Purpose.objects.values_list("slug", flat=True))
    message = _("“%(purpose)s” is no purpose; known are %(known)s.")
    return message % {"purpose": slug, "known": known}


PURPOSES = Lookup("unknown_purpose", _names_of, _missing)
STATUSES = (*ConsentStatus.values, NEVER_ASKED)


@register
@dataclass(frozen=True)
class ConsentCondition(Condition):
    """Has this status for `purpose` as a whole on `channel`, at any of their addresses.

    `never_asked`: no entry at all. Somebody with two addresses may hold two statuses.
    """

    kind = "consent"
    purpose: str
    channel: str
    status: str

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read purpose, channel and status."""
        reader.only("kind", "purpose", "channel", "status")
        purpose = reader.text("purpose")
        if purpose:
            reader.refer("purpose", PURPOSES, purpose)
        return cls(
            purpose, reader.choice("channel", channel_names()), reader.choice("status", STATUSES)
        )

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """What its JSON looks like."""
        channel = {"type": "string", "enum": channel_names()}
        status = {"type": "string", "enum": list(STATUSES)}
        fields = {"purpose": schemas.TEXT, "channel": channel, "status": status}
        example = {"purpose": "marketing", "channel": "email", "status": "granted"}
        return schemas.strict(fields, *fields, example=example)

    @classmethod
    def clause(cls) -> Clause:
        """ "allowed marketing by email"."""
        statuses = {
            "granted": _("allowed"),
            "denied": _("refused"),
            "pending": _("have not confirmed"),
            "withdrawn": _("withdrew"),
            "expired": _("let expire"),
            NEVER_ASKED: _("were never asked about"),
        }
        start = {"purpose": "$value", "channel": "email", "status": "granted"}
        return Clause(
            label=_("permission"),
            intent=MAY,
            also=_("permission, consent, opt-in, subscribed"),
            order=40,
            offers="purposes",
            focus="status",
            start={"kind": cls.kind} | start,
            parts=[
                choose("status", statuses, name="status"),
                pick("purpose", "purposes", name="purpose", look=NAME),
                text(pgettext("channel", "by")),
                pick("channel", "channels", name="channel", look=VALUE),
            ],
        )

    @property
    def holds_when_unknown(self) -> bool:  # type: ignore[override]
        """A new person was never asked."""
        return self.status == NEVER_ASKED

    def compile(self, context: CompileContext) -> Part:
        """By what stands, or stood at the moment of the question."""
        rows = self._standing(context)
        if self.status == NEVER_ASKED:
            asked = sql("SELECT c.profile_id FROM ({rows}) c", rows=rows)
            return Ids(asked, negated=True)
        return Ids(
            sql(
                "SELECT c.profile_id FROM ({rows}) c WHERE c.status = {status}",
                rows=rows,
                status=self.status,
            )
        )

    def describe(self) -> str:
        """In words."""
        words = {
            "granted": _("allowed %(purpose)s by %(channel)s"),
            "denied": _("refused %(purpose)s by %(channel)s"),
            "pending": _("have not confirmed %(purpose)s by %(channel)s yet"),
            "withdrawn": _("withdrew %(purpose)s by %(channel)s"),
            "expired": _("let %(purpose)s by %(channel)s expire"),
            NEVER_ASKED: _("were never asked about %(purpose)s by %(channel)s"),
        }
        return words[self.status] % {"purpose": self.purpose, "channel": self.channel}

    @classmethod
    def refers_to(cls, data: Mapping[str, Any]) -> set[tuple[str, str]]:
        """That purpose."""
        slug = data.get("purpose")
        return {("purpose", slug)} if isinstance(slug, str) else set()

    def depends_on(self) -> set[str]:
        """Any change of permission."""
        return {"consent"}

    def found(self, context: CompileContext, profile_id: int) -> str:
        """The newest of what stands."""
        states = sql(
            "SELECT c.status, c.at FROM ({rows}) c WHERE c.profile_id = {person}"
            " ORDER BY c.at DESC LIMIT 1",
            rows=self._standing(context),
            person=profile_id,
        )
        for status, at in run(states):
            words = {"status": ConsentStatus(status).label, "day": day_words(at)}
            return _("%(status)s since %(day)s") % words
        return _("never asked")

    def _standing(self, context: CompileContext) -> Sql:
        return standing(
            as_of=None if context.is_now else context.moment,
            purpose=sql("(SELECT id FROM purpose WHERE slug = {slug})", slug=self.purpose),
            channel=self.channel,
            topics=WHOLE,
            narrow=lambda column: every(context.narrowing(column)),
        )
