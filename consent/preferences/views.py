"""Public pages: the preference centre and one-click unsubscribe. No log-in, no cookie, no script.

Whoever holds the link may change permissions and nothing else; the address is shown masked. There
is no CSRF token, since the link itself is what a forger lacks.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from config.console.words import when_words
from config.workspace.access import tokens
from config.workspace.access.client_address import address_of
from config.workspace.access.guessing import refuse
from config.workspace.pages.errors import Explained
from config.workspace.zone_names import zone_of
from config.workspace.zones import workspace_zone
from consent.confirming.asking import Answered
from consent.ledger.elapsing import PAUSE
from consent.masking import masked
from consent.models import ConsentEntry, Purpose
from consent.models.purpose import MARKETING
from consent.policy.places import UNKNOWN, place_of
from consent.policy.resolving import policy_table
from consent.policy.terms import AUTOMATED, CONFIRMED, ITEMISED
from consent.preferences import acting
from consent.preferences import choices as preferences
from consent.preferences.choices import Option, Visitor
from consent.preferences.hooks import NOBODY, SentTo, find_address, find_message, tell_left
from consent.preferences.public import in_person, languages
from consent.suppression.withdrawing import opt_out_of_sharing
from consent.volume import OFFERED, in_words, limit_of
from consent.words import source_of, where_said
from profiles.models import Profile

View = Callable[[HttpRequest, str], HttpResponse]
LATER = "later"  # too much was switched on today
ASKED, NOT_ASKED = "asked", "not_asked"  # by a mail that wants to be confirmed
# by the button's name: how often at most
LIMITS = {f"limit-{one.per_days}": one for one in OFFERED} | {"limit-none": None}
ON = "on"  # behind a switch's name: how the page showed it
PREFERENCES, UNSUBSCRIBE = "preferences", "unsubscribe"
PRESSED = "pressed"  # by our own page; a mail program posts without it, and shows words of its own


def public(view: View) -> View:
    """In the person's name, in the language asked for, by their clock, never cached.

    The link of a test mail acts on nobody: it leads to a page that says so.
    """

    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        numbers = _numbers(token)

        def answer() -> HttpResponse:
            return _of_a_test(request) if numbers == NOBODY else view(request, token)

        return in_person(request, _zone(numbers), answer)

    return wrapped


def _numbers(token: str) -> tuple[int, int] | None:
    """(profile, message) of a link of ours, whatever it is for."""
    for purpose in (PREFERENCES, UNSUBSCRIBE):
        try:
            profile_id, message_id, *_identifier = tokens.read(purpose, token)
        except (tokens.BadToken, ValueError):  # of another purpose, or none of ours
            continue
        return profile_id, message_id
    return None


def _zone(numbers: tuple[int, int] | None) -> ZoneInfo:
    """The person's own time zone, where it is known, else the workspace's."""
    profile_id, _message_id = numbers or NOBODY
    rows = Profile.objects.filter(pk=profile_id).values_list("time_zone", flat=True)
    return zone_of(rows.first() or "") or workspace_zone()


def _of_a_test(request: HttpRequest) -> HttpResponse:
    return render(request, "consent/test_mail.html", {"languages": languages()})


def sent_to(request: HttpRequest, purpose: str, token: str) -> tuple[SentTo, tuple[int, int]]:
    """Whom a link was made for. Raises Explained, a 404; TooManyWrong."""
    try:
        profile_id, message_id, *identifier = tokens.read(purpose, token)
    except (tokens.BadToken, ValueError):
        refuse(request, Explained(_("This link is not one of ours, or it has ended.")))
    if purpose == PREFERENCES and identifier:
        sent = find_address(profile_id, identifier[0])
    else:
        sent = find_message(profile_id, message_id)
    if sent is None:
        raise Explained(_("This link is not one of ours, or it has ended."))
    return sent, (profile_id, message_id)


def _gpc(request: HttpRequest) -> bool:
    return request.headers.get("Sec-GPC", "") == "1"


@public
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """RFC 8058: POST withdraws all marketing mail for the address, once or again; GET only asks."""
    sent, numbers = sent_to(request, UNSUBSCRIBE, token)
    done = request.method == "POST"
    if done:
        visitor = Visitor(sent.profile_id, sent.address, sent.channel)
        agent = request.headers.get("User-Agent", "")
        wording = None if PRESSED in request.POST else ""
        acting.stop(visitor, agent=agent, kind="one_click", wording=wording)
        tell_left(*numbers)
    context = page_of(request, sent) | {
        "done": done,
        "preferences": f"/preferences/{tokens.issue(PREFERENCES, *numbers)}/",
    }
    return render(request, "consent/unsubscribe.html", context)


def page_of(request: HttpRequest, sent: SentTo) -> dict[str, object]:
    """What every page of a mail's link shows."""
    return {
        "address": masked(sent.address),
        "languages": languages(),
        "sent": sent,
        "now": timezone.now(),
        "stop_words": acting.STOP_WORDS,
        "pause_words": acting.PAUSE_WORDS,
        "undo_words": acting.UNDO_WORDS,
    }


@public
def preference_centre(request: HttpRequest, token: str) -> HttpResponse:
    """What may we send you? One tap to stop, then the alternatives."""
    sent, numbers = sent_to(request, PREFERENCES, token)
    visitor = Visitor(sent.profile_id, sent.address, sent.channel)
    gpc = _gpc(request)
    if gpc:
        opt_out_of_sharing(
            [visitor.profile_id], evidence={"signal": "gpc", "collection_point": acting.PAGE}
        )
    if request.method == "POST":
        return _act(request, visitor, numbers, gpc)
    choices = preferences.choices_of(visitor, gpc=gpc)
    limit = limit_of(visitor.profile_id, visitor.channel)
    context = page_of(request, sent) | {
        "groups": [
            (title, anchor, [_row(choice) for choice in choices if choice.group == group])
            for group, anchor, title in (
                ("topics", "tp", _("Or choose your topics")),
                ("channels", "ch", _("Other ways to reach you")),
                ("uses", "da", _("How we use what we know")),
            )
        ],
        "is_opted_out": any(
            choice.name == preferences.GPC_CHOICE and choice.entry is not None and not choice.on
            for choice in choices
        ),
        "any_on": any(choice.on for choice in choices if choice.group == "topics"),
        "done": request.GET.get("done", ""),
        "until": timezone.now() + PAUSE,
        "limit": limit and in_words(limit),
        "limits": [(name, in_words(one)) for name, one in LIMITS.items() if one and one != limit],
        "unlimited_words": acting.UNLIMITED_WORDS,
        **_rights(visitor),
        "gpc": gpc,
        "data": f"/preferences/{token}/data/",
    }
    return render(request, "consent/preferences.html", context)


def _rights(visitor: Visitor) -> dict[str, object]:
    """What the law of where the person lives wants said here."""
    person = Profile.objects.filter(pk=visitor.profile_id).first()
    place = place_of(person.country, person.traits) if person else UNKNOWN
    marketing = Purpose.objects.filter(slug=MARKETING).first()
    said = policy_table().said(place, visitor.channel, marketing) if marketing else {}
    return {name: name in said and said[name].value for name in (AUTOMATED, ITEMISED, CONFIRMED)}


def _act(
    request: HttpRequest, visitor: Visitor, numbers: tuple[int, int], gpc: bool
) -> HttpResponse:
    action, agent = request.POST.get("action", "save"), request.headers.get("User-Agent", "")
    may_give = action not in ("undo", "save", *LIMITS) or acting.may_give_more(visitor)
    done = action if may_give else LATER
    if action == "stop":
        acting.stop(visitor, agent=agent)
        tell_left(*numbers)
    elif action == "pause":
        acting.pause(visitor, agent=agent)
    elif action in LIMITS:
        if may_give:
            acting.limit(visitor, LIMITS[action], agent=agent)
            done = "volume"
    elif action == "undo":
        if may_give:
            acting.undo(visitor, agent=agent)
    elif action == "save":
        shown = [part.partition(":") for part in request.POST.getlist("shown")]
        wanted = {name: name in request.POST for name, _colon, _state in shown}
        were_on = {name for name, _colon, state in shown if state == ON}
        answers = acting.save(
            visitor,
            wanted,
            were_on=were_on,
            gpc=gpc,
            agent=agent,
            may_give=may_give,
            caller=address_of(request),
        )
        done = _asked(answers) or done
    else:
        return HttpResponse(status=400)
    language = request.GET.get("lang", "")
    known = f"&lang={language}" if language in dict(settings.LANGUAGES) else ""
    return HttpResponseRedirect(f"{request.path}?done={done}{known}#done", status=303)


def _asked(answers: Sequence[Answered]) -> str:
    """Whether a mail is on its way that asks for a confirmation, or was kept back by a limit."""
    if any(one.is_asked for one in answers):
        return ASKED
    return NOT_ASKED if any(one.reason for one in answers) else ""


def _row(choice: Option) -> dict[str, object]:
    return {"choice": replace(choice), "since": since_words(choice)}


def since_words(choice: Option) -> str:
    """Since when, and from where."""
    if choice.fixed:
        return _(
            "Off. Your browser asks this of every site (Global Privacy Control), and we follow it."
        )
    if choice.entry is None:
        return _("We never asked you")
    values = {
        "date": when_words(timezone.localdate(choice.entry.at)),
        "place": _place(choice.entry),
    }
    if choice.entry.evidence.get("signal") == "gpc":
        words = _("Off since %(date)s: your browser asked it (Global Privacy Control)")
    elif choice.on:
        words = _("Since %(date)s, from %(place)s")
    elif choice.entry.evidence.get("then") == "resume":
        words = _("Paused since %(date)s, from %(place)s")
    elif choice.entry.status == "pending":
        words = _("Waiting for your confirmation since %(date)s")
    else:
        words = _("Off since %(date)s, from %(place)s")
    return words % values


def _place(entry: ConsentEntry) -> str:
    is_here = not entry.source_id and where_said(entry) == acting.PAGE
    return _("this page") if is_here else source_of(entry)
