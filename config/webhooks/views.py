"""The list of webhooks, and one of them with its log."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from config.console.pages import ApiCall, page, part, toast, wants_partial
from config.postgres.wire import number_of
from config.webhooks.forms import WebhookForm, shown_in
from config.webhooks.words import STATES, call_line, events_of, health_in_words, look
from config.workspace.models import Webhook, WebhookDelivery
from config.workspace.outgoing import endpoints, replaying
from config.workspace.outgoing.kinds import KINDS, PING, names_people
from config.workspace.pages.rows import each
from config.workspace.permissions import may, requires
from consent.forwarding.receipts import ERASED
from profiles.selectors.masking import shown_to

VIEW, EDIT, PERSONAL = "webhooks.view", "webhooks.edit", "people.personal"
PER_PAGE = 30
SOON = timedelta(seconds=30)
OVERLAPS = (0, 1, 24, 24 * 7)  # hours


@requires(VIEW)
def webhooks_view(request: HttpRequest) -> HttpResponse:
    """All of them: how they fare, and what waits or was given up. Two queries."""
    found = {row["webhook_id"]: row for row in _numbers()}
    rows = Webhook.objects.order_by("pk")
    return page(
        request,
        "webhooks/list.html",
        {"lines": each(lambda row: _line(row, found.get(row.pk, {})), rows)},
        title=_("Webhooks"),
        crumbs=[(_("Settings"), None)],
        api_call=ApiCall("GET", "/api/webhooks/"),
    )


def _numbers() -> Any:
    waiting = Count("pk", filter=replaying.STATES["waiting"])
    failed = Count("pk", filter=replaying.STATES["failed"])
    left = Q(delivered_at=None, withheld=False)
    rows = WebhookDelivery.objects.filter(left).values("webhook_id").order_by()
    return rows.annotate(waiting=waiting, failed=failed)


def _line(row: Webhook, numbers: dict[str, int]) -> dict[str, Any]:
    return {
        "row": row,
        "name": str(row),
        "look": look(row),
        "said": health_in_words(row),
        "events": events_of(row),
        "waiting": numbers.get("waiting", 0),
        "failed": numbers.get("failed", 0),
        "url": reverse("webhooks:webhook", args=[row.pk]),
        "is_deaf": is_deaf(row),
        "is_told_ids": row.erased_user_ids if ERASED in row.events else None,
    }


def is_deaf(row: Webhook) -> bool:
    """Whether it is told of people and not of their erasure."""
    return names_people(row.events) and ERASED not in row.events


@requires(VIEW)
@requires(EDIT)
def new_webhook_view(request: HttpRequest) -> HttpResponse:
    """A form; then its key, this once."""
    personal = may(request.user, PERSONAL)
    initial = {"events": [ERASED], "erased_user_ids": personal}
    form = WebhookForm(request.POST or None, initial=initial, may_personal=personal)
    if request.method == "POST" and form.is_valid():
        row, secret = form.create()
        return _show_key(request, row, secret)
    return _form_page(request, form, _("New webhook"), reverse("webhooks:list"))


@requires(VIEW)
@requires(EDIT)
def edit_webhook_view(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """The same form over one that is there."""
    row = get_object_or_404(Webhook, pk=webhook_id)
    personal = may(request.user, PERSONAL)
    form = WebhookForm(request.POST or None, initial=shown_in(row), may_personal=personal)
    if request.method == "POST" and form.is_valid():
        form.change(row)
        toast(request, _("Saved."))
        return redirect("webhooks:webhook", row.pk)
    back = reverse("webhooks:webhook", args=[row.pk])
    return _form_page(request, form, _("Change"), back, crumbs=[(str(row), back)])


def _form_page(
    request: HttpRequest,
    form: WebhookForm,
    title: str,
    back: str,
    crumbs: list[tuple[Any, str | None]] | None = None,
) -> HttpResponse:
    return page(
        request,
        "webhooks/form.html",
        {"form": form, "back": back, "is_new": not crumbs},
        title=title,
        crumbs=[*_crumbs(), *(crumbs or [])],
    )


def _crumbs() -> list[tuple[Any, str | None]]:
    return [(_("Settings"), None), (_("Webhooks"), reverse("webhooks:list"))]


def _show_key(request: HttpRequest, row: Webhook, secret: str) -> HttpResponse:
    """Nothing keeps it so that it could be shown again."""
    return page(
        request,
        "webhooks/key.html",
        {"row": row, "secret": secret},
        title=_("Key of %(name)s") % {"name": row},
        crumbs=[*_crumbs(), (str(row), reverse("webhooks:webhook", args=[row.pk]))],
    )


@requires(VIEW)
@requires(EDIT)
def rotate_view(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Say what will happen, and for how long both keys sign; then the new key, this once."""
    row = get_object_or_404(Webhook, pk=webhook_id)
    if request.method == "POST":
        hours = number_of(request.POST.get("hours", ""))
        if hours not in OVERLAPS:
            raise Http404
        return _show_key(request, *endpoints.rotate_key(row, overlap=timedelta(hours=hours)))
    return page(
        request,
        "webhooks/rotate.html",
        {
            "row": row,
            "choices": [
                (0, _("none: the old key ends at once")),
                (1, _("an hour")),
                (24, _("a day")),
                (24 * 7, _("a week")),
            ],
        },
        title=_("Change the key"),
        crumbs=[*_crumbs(), (str(row), reverse("webhooks:webhook", args=[row.pk]))],
    )


@requires(VIEW)
def webhook_view(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """How it fares, what it is told of, and its log, which follows what waits."""
    row = get_object_or_404(Webhook, pk=webhook_id)
    context = _log_of(request, row)
    if wants_partial(request):
        return part(request, "webhooks/_log.html", context)
    numbers: dict[str, int] = next(iter(_numbers().filter(webhook=row)), {})
    return page(
        request,
        "webhooks/webhook.html",
        {
            **context,
            "line": _line(row, numbers),
            "states": [(name, words) for name, (words, _tone, _icon) in STATES.items()],
            "kinds": [(one.name, one.title) for one in events_of(row)]
            + [(PING, str(_kind_title(PING)))],
            "two_keys_until": row.former_until if row.former_secret_id else None,
        },
        title=str(row),
        crumbs=_crumbs(),
        api_call=ApiCall("GET", f"/api/webhooks/{row.pk}/deliveries/"),
    )


def _kind_title(name: str) -> Any:
    kind = KINDS.get(name)
    return kind.title if kind else name


def _log_of(request: HttpRequest, row: Webhook) -> dict[str, Any]:
    """The log as it is asked for: one query by an index."""
    state, event = request.GET.get("state", ""), request.GET.get("event", "")
    rows = WebhookDelivery.objects.filter(webhook=row).order_by("-pk")
    if state in replaying.STATES:
        rows = rows.filter(replaying.STATES[state])
    if event:
        rows = rows.filter(event=event)
    if before := number_of(request.GET.get("before", "")):
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PER_PAGE + 1])
    shown = shown_to(request.user)
    lines = each(lambda one: call_line(one, shown), found[:PER_PAGE])
    kept = {name: value for name, value in (("state", state), ("event", event)) if value}
    own = reverse("webhooks:webhook", args=[row.pk])
    more = len(found) > PER_PAGE
    return {
        "row": row,
        "lines": lines,
        "asked": {"state": state, "event": event},
        "own_url": f"{own}?{urlencode(kept)}" if kept else own,
        "first_page": not before,
        "polls": not before and any(_comes_soon(one) for one in found),
        "page": {
            "next_url": f"{own}?{urlencode({**kept, 'before': found[PER_PAGE - 1].pk})}"
            if more
            else "",
            "previous_url": "",
        },
        "may_edit": may(request.user, EDIT),
    }


def _comes_soon(row: WebhookDelivery) -> bool:
    """Whether a page that shows it has something to wait for."""
    soon = timezone.now() + SOON
    return replaying.state_of(row) == "waiting" and row.due_at < soon


@require_POST
@requires(EDIT)
def act_view(request: HttpRequest, webhook_id: int, act: str) -> HttpResponse:
    """One of `ACTS`; what cannot be done says why."""
    if act not in ACTS:
        raise Http404
    row = get_object_or_404(Webhook, pk=webhook_id)
    try:
        words = ACTS[act](request, row)
    except endpoints.IsOff as error:
        toast(request, str(error), level=messages.WARNING)
    else:
        toast(request, words)
    if act == "delete":
        return redirect("webhooks:list")
    return redirect("webhooks:webhook", row.pk)


@require_POST
@requires(EDIT)
def replay_one_view(request: HttpRequest, webhook_id: int, delivery: uuid.UUID) -> HttpResponse:
    """One line of the log again."""
    rows = WebhookDelivery.objects.select_related("webhook")
    row = get_object_or_404(rows, webhook_id=webhook_id, public_id=delivery)
    try:
        replaying.replay(row)
    except endpoints.IsOff as error:
        toast(request, str(error), level=messages.WARNING)
    else:
        toast(request, _("It is sent again."))
    return redirect("webhooks:webhook", webhook_id)


def _ping(request: HttpRequest, row: Webhook) -> str:
    endpoints.ping(row)
    return _("A ping is on its way: the log shows what comes of it.")


def _on(request: HttpRequest, row: Webhook) -> str:
    endpoints.change_webhook(row, enabled=True)
    return _("Switched on. What was given up can be sent again below.")


def _off(request: HttpRequest, row: Webhook) -> str:
    endpoints.change_webhook(row, enabled=False)
    return _("Switched off. What waited is given up and can be sent again later.")


def _delete(request: HttpRequest, row: Webhook) -> str:
    endpoints.delete_webhook(row)
    return _("Deleted, with its log and its key.")


def _replay(request: HttpRequest, row: Webhook) -> str:
    n = replaying.replay_all(row)
    return ngettext("%(n)d call is made again.", "%(n)d calls are made again.", n) % {"n": n}


ACTS: dict[str, Callable[[HttpRequest, Webhook], str]] = {
    "ping": _ping,
    "on": _on,
    "off": _off,
    "delete": _delete,
    "replay": _replay,
}
