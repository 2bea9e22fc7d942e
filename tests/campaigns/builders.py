"""People, permissions, segments, campaigns and a real SMTP server, for tests of sending."""

from __future__ import annotations

import email
import threading
import uuid
import zlib
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import policy

from aiosmtpd.controller import Controller
from django.test import override_settings
from django.utils import timezone

from campaigns.delivery.letters import forget_letterheads
from campaigns.delivery.worker import close_sessions, deliver
from campaigns.models import Campaign, Sender
from campaigns.services.advance import advance_campaigns
from campaigns.services.drafts import create_campaign
from campaigns.services.launching import launch
from config.workspace.digests import contact_digest
from consent.ledger.recording import Statement, record_consents
from consent.models import Purpose
from profiles.identity.keys import keep
from profiles.models import Identifier, Profile, ProfileTrait, Source
from segments.models import Membership, Segment

HTML = (
    "<html><body><p>Hello {{ first_name | default: 'you' }}</p>"
    '<p><a href="https://shop.example/tents">Tents</a></p>'
    '<p>{{ postal_address }} <a href="{{ unsubscribe_url }}">Unsubscribe</a></p></body></html>'
)


def make_person(name: str = "", email_address: str | None = "", **fields) -> Profile:
    now = timezone.now()
    name = name or uuid.uuid4().hex[:8]
    profile = Profile.objects.create(
        bucket=fields.pop("bucket", zlib.crc32(name.encode()) % 10_000),
        display_name=name.title(),
        first_seen=now,
        last_seen=now,
        traits=fields.pop("traits", {"first_name": name.title()}),
        **fields,
    )
    for kind in {"email", "phone"} & profile.traits.keys():
        tell(profile, kind)
    if email_address is not None:
        add_address(profile, email_address or f"{name}@example.com")
    return profile


def tell(profile: Profile, name: str) -> None:
    """The shop says this trait."""
    source, _made = Source.objects.get_or_create(name="Shop", defaults={"kind": "server"})
    ProfileTrait.objects.create(
        profile=profile,
        name=name,
        source=source,
        identifier_id=0,
        value=profile.traits[name],
        set_at=timezone.now(),
    )


def add_address(profile: Profile, value: str, kind: str = "email") -> Identifier:
    now = timezone.now()
    made = Identifier(
        kind=kind,
        value=value,
        digest=contact_digest(kind, value),
        profile_id=profile.pk,
        verified_at=now,
        first_source_id=1,
        first_seen=now,
        last_seen=now,
    )
    return keep([made])[0]


def address_of(profile: Profile) -> str:
    return Identifier.objects.filter(profile_id=profile.pk, kind="email").latest("last_seen").value


def say(
    profile: Profile,
    status: str = "granted",
    *,
    purpose: str = "marketing",
    channel: str = "email",
    point: str | None = None,
    at: datetime | None = None,
    act: str = "",
    topic_id: int | None = None,
):
    return record_consents(
        [
            Statement(
                profile_id=profile.pk,
                purpose_id=Purpose.objects.get(slug=purpose).pk,
                channel=channel,
                contact_point=address_of(profile) if point is None else point,
                status=status,
                basis="consent",
                at=at,
                evidence={"act": act} if act else {},
                topic_id=topic_id,
            )
        ]
    )[0]


def make_segment(*people: Profile, slug: str = "everyone") -> Segment:
    segment = Segment.objects.create(
        slug=slug, name=slug, kind="static", status="fresh", refreshed_at=timezone.now()
    )
    join(segment, *people)
    return segment


def join(segment: Segment, *people: Profile) -> None:
    now = timezone.now()
    Membership.objects.bulk_create(
        Membership(segment=segment, profile=person, entered_at=now) for person in people
    )


def make_sender() -> Sender:
    return Sender.objects.get_or_create(
        address="news@shop.example",
        defaults={"name": "Shop", "postal_address": "Oudegracht 1, Utrecht", "is_default": True},
    )[0]


def make_campaign(segment: Segment, slug: str = "spring", **data) -> Campaign:
    make_sender()
    step = {
        "id": "mail",
        "kind": "message",
        "channel": "email",
        "purpose": "marketing",
        "content": {"subject": "Tents, {{ first_name }}", "html": HTML},
    } | data.pop("step", {})
    entry = {"kind": "segment", "segment": segment.slug}
    return create_campaign({"slug": slug, "name": slug, "entry": entry, "steps": [step]} | data)


def launched(segment: Segment, slug: str = "spring", **data) -> Campaign:
    campaign = launch(make_campaign(segment, slug, **data))
    fan_out_all()
    campaign.refresh_from_db()
    return campaign


def fan_out_all() -> None:
    while advance_campaigns():
        pass


def deliver_all(rounds: int = 100) -> None:
    for _ in range(rounds):
        if not deliver():
            break
    close_sessions()


class Handler:
    """Keeps what arrives; refuses whom it is told to."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []
        self.refusals: dict[str, list[str]] = {}
        self.lock = threading.Lock()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        with self.lock:
            answers = self.refusals.get(address)
            if answers:
                return answers.pop(0) if len(answers) > 1 else answers[0]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        with self.lock:
            self.mails.append((envelope.rcpt_tos[0], envelope.content))
        return "250 OK kept"

    @property
    def counts(self) -> Counter[str]:
        return Counter(to for to, _content in self.mails)

    def message(self, index: int = 0):
        return email.message_from_bytes(self.mails[index][1], policy=policy.default)


@contextmanager
def smtp_server(**options):
    """A real SMTP server on a free port that EMAIL_URL points to; `options` are the server's."""
    handler = Handler()
    controller = Controller(handler, hostname="127.0.0.1", port=0, **options)
    # aiosmtpd probes the port it was told, so a free one is found first
    import socket  # noqa: PLC0415 - of this test alone

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    controller.start()
    forget_letterheads()
    try:
        with override_settings(EMAIL_URL=f"smtp://127.0.0.1:{controller.port}"):
            yield handler
    finally:
        close_sessions()
        forget_letterheads()
        controller.stop()


def hours(n: float) -> timedelta:
    return timedelta(hours=n)
