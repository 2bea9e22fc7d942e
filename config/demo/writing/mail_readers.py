"""What people do with the mail that they got: opened by the very addresses that it carries.

The demo's mails lie in the demo mailbox. Each reader's deed is a request to this installation's
own public addresses, found in the mail itself, by a clock that says when.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client

from config.demo.generator import generate
from config.demo.generator.people import maya
from config.demo.generator.people.devices import BROWSERS
from config.demo.state import DemoState, moment
from config.demo.writing import past_clock
from config.running import mailbox
from profiles.models import Identifier, IdentifierKey

# of those whose opens may be measured, about seven in ten
OPEN_SHARE, CLICK_SHARE, LEAVE_SHARE = 0.57, 0.165, 0.012
MACHINE_SHARE = 0.09  # a scanner or a mail proxy fetches the picture as soon as the mail is there
MACHINES = ("Mozilla/5.0", "Mozilla/5.0 (compatible; Barracuda Sentinel)", "Mozilla/5.0")
GOAL_WINDOW = timedelta(days=5)
LINK = re.compile(r'href="([^"]+)"')
PIXEL = re.compile(r'src="([^"]+/t/o/[^"]+)"')
WAY_OUT = re.compile(r"<(https?://[^>]+/u/[^>]+)>")


class Deed(NamedTuple):
    """One request at `at`."""

    at: datetime
    method: str
    path: str
    agent: str


def read_mails(
    campaign: str,
    buyers: frozenset[str] = frozenset(),
    told: Callable[[int, int], Any] = lambda done, of: None,
) -> int:
    """Let the receivers of `campaign` (its slug) open, click and leave; how many deeds it was.

    `buyers` are addresses of people who will order in the days after: most of them come by the
    mail. Who does what follows from the address: doing it again changes nothing.
    """
    mails = (mail for mail in _mails(campaign) if maya.EMAIL not in mail.recipients)  # that is you
    deeds = sorted(deed for mail in mails for deed in _deeds_of(mail, buyers))
    client = Client(SERVER_NAME=urlsplit(settings.BASE_URL).hostname or "localhost")
    for count, deed in enumerate(deeds, 1):
        with past_clock.set_to(deed.at):
            _do(client, deed)
        told(count, len(deeds))
    return len(deeds)


def _do(client: Client, deed: Deed) -> None:
    headers = {"user-agent": deed.agent}
    if deed.method == "POST":
        said = {"List-Unsubscribe": "One-Click"}
        client.post(deed.path, said, headers=headers)
    else:
        client.get(deed.path, headers=headers)


def _mails(campaign: str) -> Iterator[mailbox.KeptMail]:
    for mail in mailbox.list_messages(limit=mailbox.KEEP):
        if str(mail.message["Feedback-ID"] or "").startswith(f"{campaign}:"):
            yield mail


def soon_buyers(run: DemoState) -> frozenset[str]:
    """The addresses of those who order within the goal's window after the campaign went out."""
    end = min(run.sent_at + GOAL_WINDOW, moment(run.first_end))
    numbers = {
        message.body["userId"]
        for message in generate(**run.run, since=run.sent_at, end=end)
        if message.body.get("event") == "Order Completed" and "userId" in message.body
    }
    people = IdentifierKey.objects.filter(kind="user_id", value__in=numbers).values("profile_id")
    mails = Identifier.objects.filter(kind="email", profile_id__in=people)
    return frozenset(mails.values_list("value", flat=True))


def _deeds_of(mail: mailbox.KeptMail, buyers: frozenset[str]) -> Iterator[Deed]:
    chance = _chances(mail.recipients[0])
    html, at = mail.html, mail.received_at
    agent = BROWSERS[int(next(chance) * len(BROWSERS))]
    pixel = PIXEL.search(html)
    if pixel and next(chance) < MACHINE_SHARE:
        machine = MACHINES[int(next(chance) * len(MACHINES))]
        yield Deed(at + timedelta(seconds=1), "GET", _path(pixel[1]), machine)
    opened = at + timedelta(minutes=3 + 60 * 30 * next(chance) ** 3)
    interest = next(chance)
    if mail.recipients[0].lower() in buyers:
        opened, interest = at + timedelta(minutes=2 + 20 * interest), interest * CLICK_SHARE * 1.5
    if pixel and interest < OPEN_SHARE:
        yield Deed(opened, "GET", _path(pixel[1]), agent)
    links = [link for link in LINK.findall(html) if "/t/c/" in link]
    if links and interest < CLICK_SHARE:
        yield Deed(
            opened + timedelta(seconds=20 + 90 * next(chance)), "GET", _path(links[0]), agent
        )
    way_out = WAY_OUT.search(str(mail.message["List-Unsubscribe"] or ""))
    if way_out and next(chance) < LEAVE_SHARE:
        yield Deed(opened + timedelta(minutes=1), "POST", _path(way_out[1]), agent)


def _path(url: str) -> str:
    parts = urlsplit(url.replace("&amp;", "&"))
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _chances(address: str) -> Iterator[float]:
    """Numbers from 0 to 1 that follow from the address."""
    number = 0
    while True:
        yield zlib.crc32(f"{number}:{address.lower()}".encode()) / 2**32
        number += 1
