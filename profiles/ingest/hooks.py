"""Where higher apps take part in a batch, inside its transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from config.workspace.registry import Registry
from profiles.calls.messages import Incoming
from profiles.identity.batch import MovedIdentifier


@dataclass
class WrittenBatch:
    """What a transaction wrote. Each message has `profile_id`, `event_id`, `name`, `occurred_at`,
    `properties`, `context`, `source`, `gpc`, `is_history`, `identifier_id` and `value`.
    """

    messages: Sequence[Incoming]
    created: frozenset[int] = frozenset()  # profile ids that are new
    moved: Sequence[MovedIdentifier] = ()  # identifiers that a source of ours took out of somebody
    withheld: Sequence[Incoming] = ()  # heard and not stored: `event_id` and `value` are nothing

    @property
    def profile_ids(self) -> list[int]:
        """Everyone that the batch touched, sorted."""
        return sorted({message.profile_id for message in self.messages})


# name -> function(cursor, batch), after everything of the batch is written; campaigns: conversions,
# consent: GPC. It runs once a batch: set-based, please. A failure undoes the batch.
AFTER_BATCH: Registry[Callable[[Any, WrittenBatch], None]] = Registry("after batch")

# name -> function(cursor, messages), before anything is written: sets `message.refusal` to
# (code, path, reason) where a message may not come in (consent: erased people), and `is_withheld`
# where its person does not want it stored (consent: what their consent object says).
SCREENS: Registry[Callable[[Any, Sequence[Incoming]], None]] = Registry("screens")
