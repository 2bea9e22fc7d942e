"""Makes the calls that `consent.privacy.callbacks` wrote down: one after the other, signed."""

import time
from typing import Final

from config.workspace.outgoing.queue import note_server, turn_at
from config.workspace.outgoing.tries import tried
from config.workspace.trail.signing import signer
from config.workspace.work.circuits import retry_at
from consent.models import StatusCallback
from consent.opendsr.answers import JSON, headers_of, status_of, text_of
from consent.privacy import callbacks

SECONDS: Final = 5.0  # of one run, beside the last call's


def call_due(seconds: float = SECONDS) -> int:
    """How many were looked at: taken, not taken, or put off since their server is left alone."""
    until, made = time.monotonic() + seconds, 0
    while time.monotonic() < until and (row := callbacks.claim()):
        _call(row)
        made += 1
    return made


def _call(row: StatusCallback) -> None:
    server, turn = turn_at(row.url)
    if turn is None:
        callbacks.put_off(row, retry_at(server))
        return
    text = text_of(status_of(row.request, row.status) | {"status_callback_url": row.url})
    headers = {"Content-Type": JSON, "User-Agent": "Rapport"} | headers_of(text, signer())
    result = tried(row.url, text, headers)
    note_server(server, result, turn)
    callbacks.settle(row, result)
