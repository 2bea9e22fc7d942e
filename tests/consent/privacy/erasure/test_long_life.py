"""Erasure of somebody with 10,000 events, stacked merges and a mail still to come.

Then all of it comes in again: replayed call by call, and in a file that names them. Nothing comes
back, and a dump of the database holds none of their values.
"""

import base64
import json

import pytest
from django.db import connection

from config.workspace.work.due import drain
from consent.privacy import requests
from profiles.merging.unmerging import undo_merge
from profiles.models import Event, Identifier, Merge, Profile
from tests.campaigns.builders import make_campaign, make_segment, say
from tests.campaigns.engine_builders import advance_all, let_pass, mail, wait
from tests.profiles.ingest.conftest import _forget_kept, call, source, work_off  # noqa: F401
from tests.profiles.test_commands import run

pytestmark = pytest.mark.django_db
EVENTS = 10_000
DEVICES = 4  # whose owner three of them name; the third turns out to be the neighbour's
NEIGHBOURS = 2
BATCH = 500
USER, MAIL, PHONE, SURNAME = "maya-4711", "Maya.Okafor@example.com", "+31 6 1234 5678", "Okafor"
SECRETS = (
    USER, MAIL, MAIL.lower(), "maya.okafor", PHONE, "+31612345678", "0612345678", SURNAME,
    "device-maya-0", "device-maya-1", "device-maya-3", "Rua da Prata",
)  # fmt: skip


def _device(n: int) -> str:
    return f"device-maya-{n}" if n != NEIGHBOURS else "device-of-the-neighbour"


def _batches() -> list[list[dict]]:
    """What she ever sent, as an SDK keeps it: by device, then who each device is said to be."""
    calls = [
        {
            "type": "track",
            "anonymousId": _device(n % DEVICES),
            "event": "Product Viewed",
            "messageId": f"seen-{n}",
            "timestamp": f"2026-0{1 + n % 9}-1{n % 10}T10:00:00Z",
            "properties": {"product_id": n, "shipping": "Rua da Prata 12"}
            if n % DEVICES != NEIGHBOURS and n % 5 == 0
            else {"product_id": n},
        }
        for n in range(EVENTS)
    ]
    traits = {"email": MAIL, "phone": PHONE, "last_name": SURNAME}
    for n in range(DEVICES):
        calls.append(
            {
                "type": "identify",
                "userId": USER,
                "anonymousId": _device(n),
                "messageId": f"named-{n}",
                "timestamp": f"2026-10-0{1 + n}T10:00:00Z",
                "traits": traits,
            }
        )
    return [calls[at : at + BATCH] for at in range(0, len(calls), BATCH)]


def _send(call, batches) -> None:  # noqa: F811
    for batch in batches:
        assert call.batch(*batch).status_code == 200  # noqa: PLR2004
    work_off()
    drain()


def _dump() -> str:
    """Every row of every table of ours, as a dump of the database writes it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (role,) = cursor.fetchone()
        cursor.execute("SET ROLE NONE")  # whose tables they are
        cursor.execute(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
            " AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        assert len(tables) > 100  # noqa: PLR2004
        parts = []
        for table in tables:
            with cursor.cursor.copy(f"COPY {table} TO STDOUT") as copied:
                parts += [bytes(piece) for piece in copied]
        cursor.execute(f"SET ROLE {role}")
    return b"".join(parts).decode().lower()


def _left(dump: str) -> list[str]:
    """Which of her values are in it, in plain or as bytes are written."""
    return [
        value
        for value in SECRETS
        for form in (value, value.encode().hex(), base64.b64encode(value.encode()).decode())
        if form.lower() in dump
    ]


def test_ten_thousand_events_three_merges_and_a_mail_to_come(call, tmp_path):  # noqa: F811
    batches = _batches()
    _send(call, batches[:-1])
    alone = _owner(_device(NEIGHBOURS)).pk
    _send(call, batches[-1:])
    maya = _owner(USER)
    assert _seen_by(maya) == EVENTS
    assert Merge.objects.filter(survivor_id=maya.pk).count() == DEVICES - 1
    undo_merge(merge_id=Merge.objects.get(absorbed_id=alone).pk)
    drain()
    neighbour = _owner(_device(NEIGHBOURS))
    assert neighbour.pk == alone != maya.pk
    say(maya, point=MAIL.lower(), act="form")
    _journey(maya)
    assert {*SECRETS} - {"0612345678"} == {*_left(_dump())}, "the dump is read rightly"

    request = requests.settle(requests.open_request(type_="erasure", references=[f"userId:{USER}"]))
    drain()
    request.refresh_from_db()
    assert (request.status, request.result["searched"]["found"]) == ("completed", [])
    assert _left(_dump()) == []
    assert _seen_by(neighbour) == EVENTS // DEVICES, "what is not hers stays"

    let_pass(days=3)
    advance_all()
    before = Event.objects.count(), Profile.objects.living().count()
    _send(call, batches)
    file = tmp_path / "people.csv"
    file.write_text(f"userId,email,phone,last_name\n{USER},{MAIL},{PHONE},{SURNAME}\n")
    run("ingest", file)
    lines = tmp_path / "calls.jsonl"
    hers = [one for one in batches[0] if one["anonymousId"] != _device(NEIGHBOURS)]
    lines.write_text("".join(json.dumps(one) + "\n" for one in hers))
    run("ingest", lines)
    work_off()
    drain()
    assert (Event.objects.count(), Profile.objects.living().count()) == before
    assert _left(_dump()) == []


def _owner(identifier: str) -> Profile:
    return Profile.objects.get(pk=Identifier.objects.get(value=identifier).profile_id)


def _seen_by(person: Profile) -> int:
    return Event.objects.filter(profile_id=person.pk, type="track").count()


def _journey(person: Profile) -> None:
    from campaigns.services.launching import launch  # noqa: PLC0415

    steps = [wait(days=2), mail("second")]
    launch(make_campaign(make_segment(person, slug="maya"), "maya", steps=steps))
    advance_all()
