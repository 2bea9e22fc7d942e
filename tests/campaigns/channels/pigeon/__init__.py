"""A toy channel, made by the recipe of CONTRIBUTING.md; tests register it for a while."""

from contextlib import contextmanager
from pathlib import Path

from campaigns.channels import base
from campaigns.content import kinds
from consent import channels as facts
from consent.channels import LegalClass
from tests.campaigns.channels.pigeon.channel import Note, Pigeon

NAME = "pigeon"


@contextmanager
def registered(monkeypatch, loft: Path, contact_kind: str):
    """Its facts and its folder; what leaves lies in `loft`."""
    with monkeypatch.context() as patch:
        for registry in (facts.CHANNELS, base.CHANNELS, kinds.CONTENTS):
            patch.setattr(registry, "_entries", dict(registry._entries))
        facts.add_channel(
            facts.ChannelFacts(
                NAME, "Pigeon post", "send", contact_kind, LegalClass.ELECTRONIC_MAIL
            )
        )
        base.CHANNELS.register(NAME)(Pigeon(loft))
        kinds.CONTENTS.register(NAME)(Note())
        yield
