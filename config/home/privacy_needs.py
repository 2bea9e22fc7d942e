"""What of people's data needs somebody: requests, letters, fields, and who is told of it."""

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.console.words import in_words, num
from config.home.need import AT_MOST, GIVEN_UP_AFTER, Need
from config.webhooks.words import health_in_words
from config.workspace.health import status
from config.workspace.models import Webhook
from config.workspace.outgoing.words import error_in_words
from config.workspace.permissions import may
from config.workspace.work.reasons import in_words as reason_in_words
from consent.confirming.limits import REASONS, unasked_lately
from consent.datamap.fields import undecided
from consent.forwarding import receipts
from consent.incidents.reporting import clocks
from consent.letters.undelivered import undelivered
from consent.models import IdentityLink, Incident, PrivacyRequest, RetentionRun
from consent.pages.requests.lists import names_of
from consent.pages.requests.steps import Stage, next_step, stage_of
from consent.privacy.callbacks import given_up
from consent.privacy.words import clock_tone
from consent.retention.words import rule_in_words
from profiles.selectors.masking import Shown, shown_to

WORTH_TELLING = 5  # double opt-ins that were kept back: one or two are a finger that slipped


def privacy_needs(user: Any) -> list[Need]:
    """Those of whatever this user may do something about."""
    found: list[Need] = []
    if may(user, "privacy.view"):
        shown = shown_to(user)
        found += [*_requests(shown), *_not_called(), *_not_told(), *_not_asked(), *_not_taken()]
        found += [*_not_passed_on(), *_incidents()]
    if may(user, "webhooks.view"):
        found += _webhooks()
    if may(user, "privacy.edit"):
        found += _to_classify()
    return found


def _requests(shown: Shown) -> list[Need]:
    """Open ones, by whom and with the next step. Three queries."""
    links = IdentityLink.objects.filter(request_id=OuterRef("pk"), ended_at=None)
    rows = PrivacyRequest.objects.filter(status__in=PrivacyRequest.OPEN)
    waiting = rows.annotate(has_link=Exists(links))
    due = list(waiting.order_by("due_at")[:AT_MOST])
    names = names_of(due)
    return [
        Need(
            0,
            "shield",
            clock_tone(request) or "warn",
            _titled(request, shown.name(names.get(request.pk, ""))),
            _received(request),
            reverse("consent:request", args=[request.public_id]),
            _("Open"),
            _("due %(when)s") % {"when": in_words(request.due_at)},
            request.due_at,
        )
        for request in due
    ]


def _titled(request: PrivacyRequest, name: str) -> Any:
    if name:
        return format_html("{}: <b>{}</b>", request.get_type_display(), Truncator(name).chars(60))
    return _("Privacy request: %(type)s") % {"type": request.get_type_display()}


def _incidents() -> list[Need]:
    """Open ones of which a law's clock runs: who is to be told next, by when."""
    found = []
    for row in Incident.objects.filter(status=Incident.Status.OPEN)[:AT_MOST]:
        clock = next((one for one in clocks(row) if one.told_at is None), None)
        if clock is None:
            continue
        law = {"law": clock.clock.law, "whom": clock.clock.get_told_display()}
        found.append(
            Need(
                0,
                "alert",
                "bad" if clock.is_late or not clock.clock.within_n else "warn",
                format_html(_("Incident: <b>{}</b>"), Truncator(row).chars(60)),
                _("%(law)s wants %(whom)s told.") % law,
                reverse("consent:incident", args=[row.public_id]),
                _("Open"),
                _("by %(when)s") % {"when": in_words(clock.due_at)}
                if clock.clock.within_n
                else _("without delay"),
                clock.due_at,
            )
        )
    return found


def _not_asked() -> list[Need]:
    """Double opt-ins that a limit kept back: somebody may be filling in others' addresses."""
    reasons = unasked_lately()
    count = sum(reasons.values())
    if count < WORTH_TELLING:
        return []
    title = ngettext("{} double opt-in was not sent", "{} double opt-ins were not sent", count)
    most = max(reasons, key=lambda reason: reasons[reason])
    why = REASONS.get(most, most)
    text = _("Today and yesterday. Why: %(why)s") % {"why": why}
    if reasons[most] < count:
        text = _("Today and yesterday. Most often, %(n)s times: %(why)s") % {
            "n": num(reasons[most]),
            "why": why,
        }
    return [Need(2, "mail", "warn", format_html(title, num(count)), text, "", "")]


def _received(request: Any) -> str:
    """Since when it waits, and for what."""
    since = _("Received %(ago)s.") % {"ago": in_words(request.received_at)}
    waits = stage_of(request, has_link=request.has_link) == Stage.PROVING
    step = next_step(request, address="?", waits=waits)
    return " ".join([since, _("Next: %(step)s.") % {"step": step.title}])


def _not_told() -> list[Need]:
    """People whom a letter or link of a request never reached. Three queries at most."""
    failed = undelivered(timezone.now() - GIVEN_UP_AFTER)
    by_request = {row.request.pk: row for row in reversed(failed)}
    return [
        Need(
            1,
            "mail",
            "warn",
            _("A letter about a privacy request was not delivered"),
            _("%(type)s: %(why)s. Tell the person otherwise.")
            % {
                "type": row.request.get_type_display(),
                "why": reason_in_words(row.why).rstrip("."),
            },
            reverse("consent:request", args=[row.request.public_id]),
            _("Open"),
            at=row.failed_at,
        )
        for row in [*by_request.values()][:AT_MOST]
    ]


def _not_called() -> list[Need]:
    """Systems that passed a request on and could not be told where it stands. One query."""
    by_request = {row.request_id: row for row in given_up()[: 10 * AT_MOST]}
    return [
        Need(
            1,
            "plug",
            "warn",
            format_html(_("<b>{}</b> was not told of its privacy request"), row.request.controller),
            _("Its callbacks were tried for days and given up: %(why)s.")
            % {"why": reason_in_words(row.last_error).rstrip(".")},
            reverse("consent:request", args=[row.request.public_id]),
            _("Open"),
            at=row.failed_at,
        )
        for row in [*by_request.values()][:AT_MOST]
    ]


def _not_passed_on() -> list[Need]:
    """Destinations that never took an erasure: they may still hold the person. One query."""
    return [
        Need(
            1,
            "link",
            "bad",
            format_html(_("<b>{}</b> was not told of an erasure"), row.destination[:60]),
            _("It was tried for days and given up: %(why)s.")
            % {"why": error_in_words(row.reason).rstrip(".")},
            reverse("consent:request", args=[row.request.public_id]),
            _("Open"),
            at=row.failed_at,
        )
        for row in receipts.given_up(timezone.now() - GIVEN_UP_AFTER)[:AT_MOST]
    ]


def _webhooks() -> list[Need]:
    """Those that take nothing, or switched themselves off. One query."""
    off = Q(enabled=False, off_because__in=[Webhook.Off.GONE, Webhook.Off.FAILING])
    lasting_ = Q(enabled=True, failing_since__lte=timezone.now() - status.LATELY)
    rows = Webhook.objects.filter(off | lasting_)
    return [
        Need(
            1 if row.enabled else 0,
            "link",
            "warn" if row.enabled else "bad",
            format_html(
                _("<b>{}</b> takes nothing") if row.enabled else _("<b>{}</b> is switched off"),
                Truncator(row).chars(60),
            ),
            health_in_words(row),
            reverse("webhooks:webhook", args=[row.pk]),
            _("Open the webhook"),
            at=row.failing_since or row.off_at,
        )
        for row in rows.order_by("pk")[:AT_MOST]
    ]


def _not_taken() -> list[Need]:
    """Runs of retention that fail. One query."""
    failing = RetentionRun.objects.filter(state=RetentionRun.State.RUNNING).exclude(error="")
    return [
        Need(
            1,
            "clock",
            "bad",
            format_html(_("<b>{}</b>: what is too old is not taken away"), rule_in_words(run)),
            _("Its run fails and is tried again: %(why)s.")
            % {"why": reason_in_words(run.error).rstrip(".")},
            reverse("consent:retention"),
            _("Open"),
            at=run.started_at,
        )
        for run in failing[:AT_MOST]
    ]


def _to_classify() -> list[Need]:
    """Names of which nobody has said whether they are personal. One query, and the tags."""
    fields = undecided()
    if not fields:
        return []
    title = ngettext("{} new field to classify", "{} new fields to classify", len(fields))
    return [
        Need(
            4,
            "grid",
            "warn",
            format_html(title, num(len(fields))),
            _("Until somebody says what they hold they are hidden from roles that see no people."),
            reverse("consent:data_map"),
            _("Classify"),
            at=min(row.found_at for row in fields),
        )
    ]
