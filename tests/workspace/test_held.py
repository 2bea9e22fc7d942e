"""What held against an attacker, and goes on holding: every route by every role, key and stranger;
forged tokens; clocks that are wrong."""

import base64
import re
from collections import Counter
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from config.workspace.access import tokens
from config.workspace.models import Role
from config.workspace.permissions import PERMISSIONS, ROLES, asked_of, scopes_grant
from consent.models import ConsentEntry
from profiles.ingest import keys
from profiles.models import Event
from tests.api.test_contract import OPERATIONS
from tests.api.world import client, make_world, new_key
from tests.campaigns.builders import launched, make_person, make_segment, say
from tests.cast import make_user
from tests.profiles.ingest.conftest import Caller, make_source, work_off
from tests.surface.routes import routes_with_views
from tests.workspace.test_access import FOR_EVERYONE, _is_ours

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
REFUSED = (401, 403)
PARAMETER = re.compile(r"<(?:(\w+):)?\w+>")
VALUES = {"int": "1", "uuid": "6f0c1d9e-0000-4000-8000-000000000000"}


def test_no_route_of_the_api_answers_a_role_or_key_that_may_not():
    make_world()
    callers = {f"key {name}": (client(new_key(name)), {name}) for name in PERMISSIONS}
    for role in Role.values:
        callers[role] = (client(), ROLES[role])
        callers[role][0].force_login(make_user(role))
    callers["stranger"] = (client(), set())
    seen: Counter[str] = Counter()
    for method, path in OPERATIONS:
        needed = resolve(path).func.cls.required[method]
        for name, (one, held) in callers.items():
            if needed in held or name.startswith("key") and scopes_grant(list(held), needed):
                continue
            answer = one.generic(method, path, b"{}", "application/json")
            assert answer.status_code in REFUSED, (name, method, path, answer.status_code)
            assert set(answer.json()) <= {"type", "title", "status", "detail", "errors"}
            seen[name] += 1
    assert len(seen) > len(PERMISSIONS)
    assert seen["stranger"] == len(OPERATIONS)
    assert sum(seen.values()) > 1000


def test_no_page_of_the_console_opens_for_a_role_that_may_not():
    roles = {role: Client() for role in Role.values}
    for role, one in roles.items():
        one.force_login(make_user(role), backend="config.workspace.permissions.RoleBackend")
    stranger, seen = Client(), 0
    for path, callback in routes_with_views():
        if not path.startswith("console/") or path in FOR_EVERYONE or not _is_ours(callback):
            continue
        place = "/" + PARAMETER.sub(lambda found: VALUES.get(found[1], "spring"), path)
        for method in ("get", "post"):
            answer = getattr(stranger, method)(place)
            assert answer.status_code in (302, 403, 405), (place, answer.status_code)
            assert "/console/login/" in answer.get("Location", "/console/login/")
            needed = set(asked_of(callback, method.upper()))
            for role, one in roles.items():
                if needed - ROLES[role]:
                    denied = getattr(one, method)(place)
                    assert denied.status_code in (403, 405), (role, method, place)
                    seen += 1
    assert seen > 100


def test_no_forged_token_does_anything():
    ada, ben = make_person("ada"), make_person("ben")
    say(ada)
    say(ben)
    launched(make_segment(ada, ben))
    before = ConsentEntry.objects.count(), Event.objects.count()
    forged = []
    for purpose in ("unsubscribe", "preferences", "open", "click", "nothing"):
        good = tokens.issue(purpose, ada.pk, 1)
        raw = base64.urlsafe_b64decode(good + "=" * (-len(good) % 4))
        changed = [raw[:-1], raw + b"\0", raw[:12] + raw[13:], b"\0" * len(raw), raw[::-1]]
        changed += [
            bytes([raw[0] ^ 1]) + raw[1:],
            raw[:-1] + bytes([raw[-1] ^ 1]),
            raw[3:],
            raw * 3,
        ]
        forged += [base64.urlsafe_b64encode(one).decode().rstrip("=") for one in changed]
        if purpose == "nothing":
            forged.append(good)
    forged += ["x" * 16, "A" * 200, "-" * 40, "_" * 40]
    assert len(set(forged)) >= 42
    for number, token in enumerate(forged):
        one = Client(REMOTE_ADDR=f"192.0.2.{number}")
        for place in (f"/u/{token}/", f"/preferences/{token}/", f"/t/c/{token}/0"):
            assert one.get(place).status_code in (404, 405), place
            data = {"List-Unsubscribe": "One-Click", "action": "stop"}
            assert one.post(place, data).status_code in (404, 405), place
        assert one.get(f"/t/o/{token}").status_code in (200, 404)
    # a real one, for another page
    for place in ("/u/{}/", "/preferences/{}/", "/t/c/{}/0"):
        assert Client().post(place.format(tokens.issue("open", ada.pk, 1))).status_code in (
            404,
            405,
        )
    assert (ConsentEntry.objects.count(), Event.objects.count()) == before


@pytest.mark.parametrize(
    "off", [timedelta(minutes=10), -timedelta(hours=2), timedelta(days=400), -timedelta(days=400)]
)
def test_a_clients_clock_that_is_wrong_moves_no_event(off):
    keys._known.clear()
    make_source()
    now = timezone.now()
    sent_at, at = now + off, now + off - timedelta(minutes=3)
    item = {"type": "track", "event": "Seen", "userId": "u", "timestamp": at.isoformat()}
    assert Caller().batch(item, sentAt=sent_at.isoformat()).status_code == 200
    work_off()
    found = Event.objects.get().occurred_at
    assert abs(found - (now - timedelta(minutes=3))) < timedelta(minutes=1)
