"""What somebody can ask of their data by themself, and under which law."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from config.workspace.selectors import workspace
from consent.models import PrivacyRequest
from consent.models.privacy import Regulation, RequestType
from consent.privacy import requests
from consent.privacy.deadlines import AT_ONCE
from profiles.identifiers.kinds import PROFILE_KIND
from profiles.models import Profile
from profiles.people.lineage import ever_ids

_LAWS: Final = {
    "US": Regulation.CCPA,
    "ID": Regulation.PDP,
    "IN": Regulation.DPDP,
}
MOST_A_DAY: Final = 3  # times that one thing which acts at once is asked for
MOST_WORDS: Final = 5_000  # characters of what is wrong


@dataclass(frozen=True)
class Wish:
    """One thing to ask for: whether it is done at once, and whether it needs words."""

    type: RequestType
    title: str
    detail: str
    needs_words: bool = False

    @property
    def at_once(self) -> bool:
        """Whether nobody has to prove anything for it."""
        return self.type in AT_ONCE

    @property
    def is_done(self) -> bool:
        """Whether asking does it: nobody of the team has a hand in it."""
        return self.at_once and self.type not in requests.BY_HAND


def wishes() -> list[Wish]:
    """All of them, in plain words."""
    return [
        Wish(
            RequestType.ACCESS,
            _("Send me a copy of my data"),
            _("Everything that we have of you, to read and to keep."),
        ),
        Wish(
            RequestType.PORTABILITY,
            _("Let me take my data along"),
            _("The same as a file that other services read."),
        ),
        Wish(
            RequestType.RECTIFICATION,
            _("Correct something"),
            _("Write below what is wrong, and how it should be."),
            needs_words=True,
        ),
        Wish(
            RequestType.ERASURE,
            _("Delete my data"),
            _("Everything that no law makes us keep. It cannot be undone."),
        ),
        Wish(
            RequestType.RESTRICTION,
            _("Keep my data, but stop using it"),
            _("A pause, until you or we end it."),
        ),
        Wish(
            RequestType.OBJECTION,
            _("No marketing at all"),
            _("On no channel, and no profile made of you for it; at once."),
        ),
        Wish(
            RequestType.OPT_OUT_OF_SALE,
            _("Do not sell or share my data"),
            _("Nor use it for ads elsewhere; at once."),
        ),
        Wish(
            RequestType.LIMIT_SENSITIVE,
            _("Use what is sensitive only where you must"),
            _("Health, belief, where exactly you are: for what you asked of us, and no more."),
        ),
        Wish(
            RequestType.OPT_OUT_OF_AUTOMATED,
            _("No decisions by machines alone"),
            _("Nothing is picked or scored for you by itself; at once."),
        ),
    ]


def wish_of(name: str) -> Wish | None:
    """The one that a form names."""
    return next((one for one in wishes() if one.type == name), None)


@dataclass(frozen=True)
class WishForm:
    """What somebody chose on a page of wishes and wrote beside it."""

    wish: Wish | None
    words: str
    is_sent: bool

    @property
    def lacks_words(self) -> bool:
        """Whether it is nothing without words, and there are none."""
        return self.wish is not None and self.wish.needs_words and not self.words

    @property
    def is_wrong(self) -> bool:
        """Whether it was sent and cannot be taken in."""
        return self.is_sent and (self.wish is None or self.lacks_words)

    @property
    def context(self) -> dict[str, Any]:
        """For the fields of the page."""
        return {
            "wishes": wishes(),
            "chosen": self.wish.type if self.wish else "",
            "words": self.words,
            "lacks_words": self.lacks_words,
            "lacks_wish": self.is_sent and self.wish is None,
        }


def wish_form(given: Mapping[str, str], *, is_sent: bool) -> WishForm:
    """As it was posted."""
    return WishForm(wish_of(given.get("wish", "")), given.get("words", "").strip(), is_sent)


def law_of(person: Profile) -> str:
    """Of the country where they are, else of ours; where neither says, the strictest."""
    country = person.country or workspace().country
    return _LAWS.get(country, Regulation.GDPR)


def _asked_enough(wish: Wish, person: Profile) -> PrivacyRequest | None:
    """The last of today's, where they are enough."""
    lately = PrivacyRequest.objects.filter(
        type=wish.type,
        profile_id__in=ever_ids(person.pk),
        received_at__gt=timezone.now() - timedelta(days=1),
    )
    rows = list(lately.order_by("-id")[:MOST_A_DAY])
    return rows[0] if len(rows) == MOST_A_DAY else None


def ask_for(
    wish: Wish,
    person: Profile,
    *,
    address: str = "",
    words: str = "",
    language: str = "",
    origin: str,
) -> PrivacyRequest:
    """Take it in for this person; `address` is how they are known here, where it is theirs.

    What acts at once is asked for so often a day and no oftener: a link in an old mail may have
    been passed on, and each time tells the person and stands in the ledger for ever.
    """
    if wish.at_once and (last := _asked_enough(wish, person)):
        return last
    return requests.open_request(
        type_=wish.type,
        references=_references(person, address),
        regulation=law_of(person),
        origin=origin,
        language=language,
        details=words[:MOST_WORDS],
    )


def _references(person: Profile, address: str) -> Sequence[str]:
    own = f"{PROFILE_KIND}:{person.public_id}"
    if not address:
        return [own]
    by_address = f"email:{address}"
    found = requests.asked([by_address]).person
    return [by_address] if found is not None and found.pk == person.pk else [own]
