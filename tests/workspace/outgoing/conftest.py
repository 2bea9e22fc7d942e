"""Webhooks to a receiver of somebody else's."""

import json

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Verifier

from config.workspace.models import WebhookDelivery
from config.workspace.outgoing.endpoints import create_webhook
from tests.receiving import receiver  # noqa: F401


class Endpoint:
    """A webhook at the receiver, with its key."""

    def __init__(self, receiver, *events, path="", **fields):  # noqa: F811
        events = events or ("campaign.finished",)
        self.receiver, self.path = receiver, path
        self.row, self.secret = create_webhook(
            url=receiver.url + path, events=list(events), **fields
        )

    @property
    def calls(self):
        """(headers, body) of what came at this address."""
        return [
            (headers, text)
            for path, headers, text in self.receiver.told
            if path == "/told?to=1" + self.path
        ]

    def verified(self, secret=""):
        """The bodies, each checked by the scheme's own package."""
        check = Verifier(secret or self.secret)
        return [check.verify(text, headers) for headers, text in self.calls]

    def again(self):
        self.row.refresh_from_db()
        return self.row


@pytest.fixture
def endpoint(receiver, db):  # noqa: F811
    return lambda *events, **fields: Endpoint(receiver, *events, **fields)


def due_now():
    """As if every pause were over."""
    rows = WebhookDelivery.objects.filter(delivered_at=None, failed_at=None)
    rows.update(due_at=timezone.now())


def data_of(text):
    return json.loads(text)["data"]
