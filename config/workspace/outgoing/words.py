"""Why a call was not taken, as it was kept, in the reader's language."""

from config.workspace.outgoing import delivery, giving_up
from config.workspace.outgoing.addresses import REFUSALS
from config.workspace.pages.sentences import Sentences
from config.workspace.work import reasons

SAID = Sentences(
    *(giving_up.SWITCHED_OFF, giving_up.DELETED, delivery.NOBODY, delivery.NO_KEY),
    *(delivery.NO_KIND, delivery.NOT_COMPOSED, *REFUSALS),
)


def error_in_words(error: str) -> str:
    """A sentence of ours, or the phrase of an error, else its class. No query."""
    said = SAID.in_words(error)
    return said if said != error else reasons.phrase_in_words(error)
