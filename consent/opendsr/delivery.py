"""Makes the calls that `consent.privacy.callbacks` wrote down: one after the other, signed."""

import http.client
import random
import time
from typing import Final

from config.workspace.outgoing.addresses import Refused
from config.workspace.outgoing.calls import post
from config.workspace.work.reasons import reason_of
from consent.models import StatusCallback
from consent.opendsr.answers import JSON, headers_of, status_of, text_of
from consent.opendsr.keys import signer
from consent.privacy import callbacks

SECONDS: Final = 5.0  # of one run, beside the last call's
TAKEN: Final = range(200, 300)
GONE: Final = 410  # nobody wants to be told there any more


def call_due(seconds: float = SECONDS) -> int:
    """How many were made, taken or not."""
    until, made = time.monotonic() + seconds, 0
    while time.monotonic() < until and (row := callbacks.claim()):
        _call(row)
        made += 1
    return made


def _call(row: StatusCallback) -> None:
    text = text_of(status_of(row.request, row.status) | {"status_callback_url": row.url})
    headers = {"Content-Type": JSON, "User-Agent": "Rapport"} | headers_of(text, signer())
    later = random.random()  # noqa: S311 - so that not all come again at once
    try:
        status = post(row.url, text, headers)
    except Refused as error:
        callbacks.not_delivered(row, str(error), later=later, is_final=True)
    except (OSError, http.client.HTTPException) as error:
        callbacks.not_delivered(row, reason_of(error), later=later)
    else:
        if status in TAKEN:
            callbacks.delivered(row)
        else:
            callbacks.not_delivered(row, f"HTTP {status}", later=later, is_final=status == GONE)
