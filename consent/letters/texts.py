"""What letters about a request say, in the person's language; an officer may say it otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.apps import apps
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from config.workspace.selectors import workspace
from config.workspace.tables.belonging import Belonging, Erased
from config.workspace.zones import workspace_zone
from consent.letters.languages import letter_language
from consent.letters.plain import plain
from consent.models import PrivacyRequest, RequestLetter
from consent.models.privacy import RequestType
from consent.privacy.duties import in_force
from consent.privacy.erasure import exceptions
from consent.privacy.found import found_of
from consent.privacy.words import table_in_words

Kind = RequestLetter.Kind


@dataclass(frozen=True)
class LetterText:
    """A subject, and paragraphs parted by empty lines."""

    subject: str
    body: str

    @property
    def paragraphs(self) -> list[str]:
        """The body in parts."""
        return [part.strip() for part in self.body.split("\n\n") if part.strip()]


def standard_text(request: PrivacyRequest, kind: str) -> LetterText:
    """Ours, in the person's language; the reasons that an officer gave stand as they were given."""
    with translation.override(letter_language(request.language)):
        subject, parts = _WORDS[Kind(kind)](request)
        ending = _("The number of your request: %(n)s") % {"n": request.public_id}
        body = "\n\n".join([_("Hello,"), *parts, ending, workspace().name])
    return LetterText(subject, body)


def _received(request: PrivacyRequest) -> tuple[str, list[str]]:
    return (
        _("We have received your request: %(what)s") % {"what": plain(request.type)},
        [
            _("We have received what you asked: %(what)s.") % {"what": plain(request.type)},
            _("We answer by %(day)s. You do not have to do anything.") % {"day": _day(request)},
        ],
    )


def _extended(request: PrivacyRequest) -> tuple[str, list[str]]:
    return (
        _("Your request takes longer: %(what)s") % {"what": plain(request.type)},
        [
            _("You asked for this: %(what)s. We need more time for it.")
            % {"what": plain(request.type)},
            *_because(request.extended_because),
            _("We answer by %(day)s.") % {"day": _day(request)},
            _complaint(),
        ],
    )


def _archive(request: PrivacyRequest) -> tuple[str, list[str]]:
    return (
        _("Your data is ready"),
        [
            _("You asked for this: %(what)s. It is ready.") % {"what": plain(request.type)},
            _(
                "It holds everything that we have of you, where it came from, what it is for, who"
                " got it and how long we keep it: as a page to read, and as a file for machines."
            ),
            _("When you open the link, we send you one more mail, so that nobody but you gets it."),
        ],
    )


def _completed(request: PrivacyRequest) -> tuple[str, list[str]]:
    words = {
        RequestType.RECTIFICATION: _("We have corrected your data."),
        RequestType.RESTRICTION: _(
            "Your data is kept, and used for nothing until you or we end the pause. We tell you"
            " before it ends."
        ),
        RequestType.OBJECTION: _("You get no marketing from us any more, on any channel."),
        RequestType.OPT_OUT_OF_SALE: _("We do not sell your data, and do not share it for ads."),
        RequestType.LIMIT_SENSITIVE: _(
            "We use your sensitive data for nothing but what you asked us for."
        ),
        RequestType.OPT_OUT_OF_AUTOMATED: _("Nothing about you is decided by a machine alone."),
    }
    if request.type == RequestType.ERASURE:
        return _("Your data is deleted"), _erased(request)
    first = words.get(RequestType(request.type), _("What you asked for is done."))
    subject = _("Done: %(what)s") % {"what": plain(request.type)}
    return subject, [first, *([request.closed_because] if request.closed_because else [])]


def _erased(request: PrivacyRequest) -> list[str]:
    parts = [_("We have deleted what we held of you, and searched for what may be left.")]
    if whole := whole_of(request):
        rows = [f"– {what}: {ground}" for what, ground in whole]
        lead = _("A law or a dispute asks us to keep this as it is, for nothing else:")
        parts.append("\n".join([lead, *rows]))
    kept = kept_of(request)
    if kept:
        rows = [f"– {what}: {ground}" for what, ground in kept]
        lead = _("This stays, without your name or address, on these grounds:")
        parts.append("\n".join([lead, *rows]))
    parts.append(
        _(
            "A fingerprint of your address stays too, from which nobody can read it: so that old"
            " data does not come back. If you come to us again by yourself, you are new to us."
        )
    )
    return parts


def whole_of(request: PrivacyRequest) -> Sequence[tuple[str, str]]:
    """What stays with all that is in it, in words, with its ground and its time."""
    found = in_force(request)
    if request.erasing_since is not None:
        done = [(one["data_class"], one["ground"]) for one in request.result.get("kept", [])]
        found = [one for one in found if (one.data_class, one.ground) in done]
    return [(str(one.get_data_class_display()), exceptions.words(one)) for one in found]


def kept_of(request: PrivacyRequest) -> Sequence[tuple[str, str]]:
    """What an erasure keeps, in words, and on which ground: as found, and after it as done."""
    if request.erasing_since is None:
        rows_found = found_of(request)
        found = [one for one in rows_found if one.act == "keep" and one.ground and not one.is_whole]
        rows = {table_in_words(one.table): one.ground for one in found}
    else:
        done = {*request.result.get("erased", {}), PrivacyRequest._meta.db_table}
        rows = {table_in_words(table): ground for table, ground in _grounds() if table in done}
    return sorted(rows.items())


def _grounds() -> list[tuple[str, str]]:
    """Of each table that keeps rows emptied of the person."""
    declared = ((m._meta.db_table, getattr(m, "belongs", None)) for m in apps.get_models())
    return [
        (table, str(_(belongs.why)))
        for table, belongs in declared
        if isinstance(belongs, Belonging) and belongs.erased is not Erased.ERASED and belongs.why
    ]


def _cancelled(request: PrivacyRequest) -> tuple[str, list[str]]:
    return (
        _("Your request was not carried out: %(what)s") % {"what": plain(request.type)},
        [
            _("You asked for this: %(what)s. We have not done it.") % {"what": plain(request.type)},
            *_because(request.closed_because),
            _complaint(),
        ],
    )


def _because(reason: str) -> list[str]:
    return [_("The reason: %(reason)s") % {"reason": reason}] if reason else []


def _complaint() -> str:
    return _(
        "If you do not agree, tell us, or complain to the authority for data protection where you"
        " live. You may also go to court."
    )


def _day(request: PrivacyRequest) -> str:
    return date_format(timezone.localdate(request.due_at, workspace_zone()), "DATE_FORMAT")


_WORDS = {
    Kind.RECEIVED: _received,
    Kind.EXTENDED: _extended,
    Kind.ARCHIVE: _archive,
    Kind.COMPLETED: _completed,
    Kind.CANCELLED: _cancelled,
}
