"""One leased chunk at one provider, which may have to show first that it answers again."""

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.channels.base import (
    AGAIN,
    Channel,
    NotReached,
    ParcelOutcome,
    ProcessStopping,
    Session,
)
from campaigns.delivery.claims import BATCH, Chunk, Key, note_word
from campaigns.delivery.outcomes import note_outcomes
from config.workspace.work import circuits, recording
from config.workspace.work.circuits import Turn


@dataclass
class DeliveryVisit:
    """`is_tried`: what the provider did says how it is; else the next one has to try it."""

    chunk: Chunk
    channel: Channel
    target: Session
    turn: Turn
    is_tried: bool = False
    is_over: bool = False  # no more now: the server fails

    @property
    def portion(self) -> int:
        """How many to mark at once."""
        return 1 if self.turn is Turn.ONE else BATCH

    def is_let_in(self, keys: Sequence[Key]) -> bool:
        """Be connected before anything is marked; who waits for that keeps the server's word."""
        try:
            self.target.open()
        except NotReached as error:
            word = str(error)
            note_word(keys, word)
            recording.refused(self.chunk.channel, len(keys), word)
            self._leave_alone(word)
            return False
        except ProcessStopping:
            return False
        return True

    def note(self, outcomes: Sequence[ParcelOutcome]) -> None:
        """What the server made of some mails: does it fail, or does it work again?"""
        tried = [one for one in outcomes if one.kind != AGAIN]
        note_outcomes(self.chunk.channel, tried)
        is_one = self.turn is Turn.ONE
        failing = [o for o in outcomes if o.server_fails or is_one and o.is_servers]
        if failing:
            self._leave_alone(failing[0].word)
        elif is_one and tried:
            self.is_tried, self.turn = True, Turn.ALL
            circuits.worked(self.target.name)

    def _leave_alone(self, word: str) -> None:
        self.is_tried = self.is_over = True
        circuits.failed(self.target.name, self.chunk.channel, word, turn=self.turn)
