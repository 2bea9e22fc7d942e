"""The letters of a request on its page: as they would go, as they went, and worded otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from config.workspace.models import OutgoingMail, User
from consent.letters.languages import letter_language
from consent.letters.sending import ShownLetter, address_of, edit, letter_of, letters_to_come
from consent.models import PrivacyRequest, RequestLetter
from consent.privacy.requests import CannotBeDone
from profiles.selectors.masking import Shown


@dataclass(frozen=True)
class LetterCard:
    """A letter of the page. `to` is where it goes or went, as the reader may see it."""

    letter: ShownLetter
    to: str
    language: str
    mail: OutgoingMail | None
    is_next: bool

    @property
    def is_queued(self) -> bool:
        """Whether it was written: nobody changes it any more."""
        return self.letter.row is not None and self.letter.row.queued_at is not None


def letters_of(request: PrivacyRequest, shown: Shown) -> list[LetterCard]:
    """What went, then what may go, the next first; without personal sight only what ours say."""
    rows = {row.kind: row for row in RequestLetter.objects.filter(request=request)}
    went = [kind for kind, row in rows.items() if row.queued_at]
    coming = [kind for kind in letters_to_come(request) if kind not in went]
    mails = OutgoingMail.objects.in_bulk([r.mail_id for r in rows.values() if r.mail_id])
    address = address_of(request) if coming else ""
    names = dict(settings.LANGUAGES)
    cards = []
    for kind in [*went, *coming]:
        letter = letter_of(request, kind)
        row = letter.row
        to = row.address if row and row.queued_at else address
        code = row.language if row and row.language else letter.language
        cards.append(
            LetterCard(
                letter,
                to if kind in went else (shown.identifier("email", to) if to else ""),
                str(names.get(code, code)),
                mails.get(row.mail_id or 0) if row else None,
                is_next=bool(coming) and kind == coming[0],
            )
        )
    return cards


def language_name(request: PrivacyRequest) -> str:
    """In which language this person is written to."""
    code = letter_language(request.language)
    return str(dict(settings.LANGUAGES).get(code, code))


def edit_letter(request: PrivacyRequest, given: Mapping[str, str], user: User) -> None:
    """What the form says. Raises CannotBeDone."""
    kind = given.get("kind", "")
    if kind not in RequestLetter.Kind:
        raise CannotBeDone(_("There is no such letter."))
    edit(
        request,
        kind,
        subject=given.get("subject", ""),
        body=given.get("body", "").replace("\r\n", "\n"),
        is_withheld="is_withheld" in given,
        user=user,
    )
