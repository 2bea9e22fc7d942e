"""The demo mailbox in the console: what was sent, as its receiver would see it.

Only there while EMAIL_URL is unset. The mails are somebody's: seeing them needs the right to see
personal data, and every look at one is in the audit trail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from config.console.http.csp import MAIL_PREVIEW
from config.console.pages import page, part, wants_partial
from config.running import mailbox
from config.running.mailbox import KeptMail
from config.workspace import audit
from config.workspace.models import AuditEntry
from config.workspace.permissions import requires
from config.workspace.trail.targets import TARGETS, Target, gone
from consent.privacy.holdings import FILES
from consent.privacy.subject import DataSubject

PER_PAGE = 30
SEEN_BY = "people.personal"
# links work, in a tab of their own; still no script, no form, no access to the console around it
POLICY = MAIL_PREVIEW | {"sandbox": "allow-popups allow-popups-to-escape-sandbox"}
BASE = '<base target="_blank">'
TOP_HEADERS = ("From", "To", "Reply-To", "Subject", "Date")

Params = ParamSpec("Params")
View = Callable[Concatenate[HttpRequest, Params], HttpResponse]


def personal(view: View[Params]) -> View[Params]:
    """A page of the mailbox, for those who may see messages and whom they went to."""

    @require_GET
    @requires("messages.view")
    @requires(SEEN_BY)
    @wraps(view)
    def checked(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        if settings.EMAIL_URL:
            raise Http404("mail goes out; there is no demo mailbox")
        return view(request, *args, **kwargs)

    return checked


@personal
def listing(request: HttpRequest) -> HttpResponse:
    """The newest mails, those to one address, and the next page by cursor."""
    to = request.GET.get("to", "").strip()
    before = request.GET.get("before", "")
    mails = mailbox.list_messages(PER_PAGE + 1, before=before or None, to=to or None)
    context: dict[str, Any] = {
        "mails": mails[:PER_PAGE],
        "to": to,
        "count": mailbox.count(),
        "pager": _pager(mails, to, before),
    }
    if wants_partial(request):
        return part(request, "console/_mails.html", context)
    crumbs = [(_("Settings"), None)]
    return page(request, "console/mailbox.html", context, title=_("Demo mailbox"), crumbs=crumbs)


def _pager(mails: list[KeptMail], to: str, before: str) -> dict[str, str]:
    """Forwards by the last one's id; back to the top."""
    place = reverse("console:mailbox")
    kept = {"to": to} if to else {}
    found = {}
    if len(mails) > PER_PAGE:
        found["next_url"] = f"{place}?{urlencode({**kept, 'before': mails[PER_PAGE - 1].id})}"
    if before:
        found["previous_url"] = f"{place}?{urlencode(kept)}" if kept else place
    return found


def _mail(mail_id: str) -> KeptMail:
    mail = mailbox.read_message(mail_id)
    if mail is None:
        raise Http404("there is no such mail, or it was pushed out by newer ones")
    return mail


@personal
def one(request: HttpRequest, mail_id: str) -> HttpResponse:
    """One mail: headers, the HTML part in a frame, the text part."""
    mail = _mail(mail_id)
    audit.record("mail.viewed", "mail", mail.id, fields=["address", "content"])
    top = [(name, str(mail.message[name] or "")) for name in TOP_HEADERS if mail.message[name]]
    parts = _parts(mail)
    asked = request.GET.get("part", "")
    context = {
        "mail": mail,
        "top": top,
        "first": ", ".join(mail.recipients),
        "parts": parts,
        "shown": asked if asked in dict(parts) else parts[0][0],
    }
    crumbs = [(_("Settings"), None), (_("Demo mailbox"), reverse("console:mailbox"))]
    title = mail.subject or _("No subject")
    return page(request, "console/mailbox_mail.html", context, title=title, crumbs=crumbs)


def _parts(mail: KeptMail) -> list[tuple[str, str]]:
    """What there is to see of it, by name."""
    parts = [("html", _("As shown"))] if mail.html else []
    if mail.text:
        parts.append(("text", _("Plain text")))
    return [*parts, ("headers", _("Headers"))]


@personal
def html(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The HTML part alone, for the frame. Its picture counts the open, as with any reader."""
    mail = _mail(mail_id)
    audit.record("mail.viewed", "mail", mail.id, fields=["address", "content"])
    content = mail.html
    response = HttpResponse(BASE + content if content else "")
    response.csp = POLICY  # type: ignore[attr-defined]
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "no-referrer"
    return response


@personal
def raw(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The mail as it was handed over, as a file."""
    mail = _mail(mail_id)
    audit.record("mail.downloaded", "mail", mail.id, fields=["address", "content"])
    response = HttpResponse(mail.raw, content_type="message/rfc822")
    response["Content-Disposition"] = f'attachment; filename="{mail.id}.eml"'
    response["Cache-Control"] = "no-store, private"
    return response


@TARGETS.register("mail")
def mails_of(entries: Sequence[AuditEntry]) -> Mapping[int, Target]:
    """The pages of the mails that audit entries are about, while the mailbox is there. No query."""
    if settings.EMAIL_URL:
        return {}
    return {
        entry.pk: Target(gone(entry).name, reverse("console:mail", args=[entry.target]), SEEN_BY)
        for entry in entries
    }


@FILES.register("mailbox")
def forget(subject: DataSubject) -> int:
    """Of a person who is erased: every mail to an address of theirs."""
    return sum(mailbox.forget(one.value) for one in subject.known_by if one.kind == "email")
