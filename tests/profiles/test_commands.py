"""`ingest`, `source` and `resolve`."""

import io
import json
import sys
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from config.workspace.models import Job, Workspace
from config.workspace.selectors import forget_workspace
from profiles.ingest import inbox
from profiles.models import Event, Identifier, Inbox, Merge, Profile, Rejection, Source
from tests.profiles.ingest.conftest import _forget_kept, work_off  # noqa: F401

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out)
    return out.getvalue()


def rejected_of(file):
    report = file.with_name(f"{file.name}.rejected.jsonl")
    return [json.loads(line) for line in report.read_text().splitlines()]


def test_source_create_prints_the_key_on_its_last_line(client):
    key = run("source", "create", "shop", "--kind", "server").splitlines()[-1]
    answer = client.post(
        "/v1/track",
        {"userId": "u", "event": "E"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 200
    with pytest.raises(CommandError):
        run("source", "create", "shop")
    with pytest.raises(CommandError, match="server, warehouse"):
        run("source", "create", "other", "--kind", "carrier-pigeon")


def test_json_lines_with_bad_ones(tmp_path):
    file = tmp_path / "calls.jsonl"
    file.write_bytes(
        b'\xef\xbb\xbf{"type":"track","event":"E","userId":"u1"}\n'
        b"not json\n"
        b"\n"
        b'{"type":"track","event":"E"}\n'
        b'{"type":"track","event":"E","userId":"u2","messageId":"given"}\r\n'
        b'{"type":"identify","userId":"u1","traits":{"x":"\xff"}}\n'
        b'{"type":"track","event":"E","userId":"u1"}'
    )
    words = run("ingest", file)
    assert "3 accepted, 3 rejected" in words
    rejected = rejected_of(file)
    assert [one["line"] for one in rejected] == [2, 4, 6]
    assert rejected[1]["reason"] == "userId or anonymousId is required"
    assert Rejection.objects.count() == 3
    work_off()
    assert Event.objects.count() == 3
    assert Source.objects.get(name="import").kind == "import"
    run("ingest", file)
    work_off()
    assert Event.objects.count() == 3
    assert Event.objects.filter(message_id="given").count() == 1


def test_csv_with_a_mapping(tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text(
        "E-mail,Total,When,Phone,VIP,Note,Extra\r\n"
        'ada@example.com,12.50,2024-03-01T10:00:00Z,0812345,true,"a ""b"", \nc",x\r\n'
        "ben@example.com,abc,2024-03-02,,,'=1+1,\r\n"
        "too,many,cells,in,this,row,of,course\r\n"
        "cleo@example.com,1,not a date,,,,\r\n"
    )
    mapping = tmp_path / "mapping.json"
    mapping.write_text(
        json.dumps(
            {
                "type": "track",
                "event": "Order Completed",
                "columns": {
                    "E-mail": "traits.email",
                    "Total": "properties.total",
                    "When": "timestamp",
                    "Phone": "properties.phone",
                    "VIP": "properties.vip",
                    "Note": "properties.note",
                },
            }
        )
    )
    words = run("ingest", file, "--mapping", mapping, "--source", "crm")
    assert "2 accepted, 2 rejected" in words
    lines = [one["line"] for one in rejected_of(file)]
    assert lines == [5, 6]
    work_off()
    ada = Event.objects.get(value=12.5)
    assert ada.properties == {
        "total": "12.50",
        "phone": "0812345",
        "vip": True,
        "note": 'a "b", \nc',
    }
    assert ada.occurred_at.year == 2024
    assert Event.objects.get(value=None).properties == {"total": "abc", "note": "=1+1"}
    assert Identifier.objects.filter(kind="email").count() == 2


def test_csv_from_standard_input_without_a_mapping(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    lines = b'{"type":"identify","userId":"u","traits":{"a":1}}\n'
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(lines)))
    assert "1 accepted" in run("ingest", "-")
    file = tmp_path / "people.csv"
    file.write_text("userId;Email;plan;age;zip\nu1;a@b.cd;pro;41;01234\n")
    assert "1 accepted" in run("ingest", file)
    work_off()
    owner = Identifier.objects.get(value="a@b.cd").profile_id
    assert Profile.objects.get(pk=owner).traits == {
        "email": "a@b.cd",
        "plan": "pro",
        "age": 41,
        "zip": "01234",
    }


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ("[]", "a mapping is"),
        ('{"columns": {"a": "nowhere"}}', "no field"),
        ('{"columns": {"a": {"to": "traits.x", "type": "colour"}}}', "type is one of"),
        ("{", "no JSON"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(tmp_path, mapping, words):
    (tmp_path / "m.json").write_text(mapping)
    (tmp_path / "f.csv").write_text("a\n1\n")
    with pytest.raises(CommandError, match=words):
        run("ingest", tmp_path / "f.csv", "--mapping", tmp_path / "m.json")
    assert not Inbox.objects.exists()


# The cases of csv-spectrum (npm, BSD-2-Clause), rebuilt by their names: what a reader must see.
SPECTRUM = {
    "comma_in_quotes": ('a,b\nx,"New York, NY"\n', [["x", "New York, NY"]]),
    "empty": ('a,b,c\n1,"",""\n2,3,4\n', [["1", "", ""], ["2", "3", "4"]]),
    "empty_crlf": ('a,b\r\n1,""\r\n', [["1", ""]]),
    "escaped_quotes": ('a,b\n1,"ha ""ha"" ha"\n', [["1", 'ha "ha" ha']]),
    "json": ('a,b\n1,"{""type"": ""Point""}"\n', [["1", {"type": "Point"}]]),
    "newlines": ('a,b\n"Once upon \na time",5\n', [["Once upon \na time", "5"]]),
    "newlines_crlf": ('a,b\r\n"Once \r\nupon",5\r\n', [["Once \r\nupon", "5"]]),
    "quotes_and_newlines": ('a,b\n1,"ha \n""ha""\nha"\n', [["1", 'ha \n"ha"\nha']]),
    "simple": ("a,b\n1,2", [["1", "2"]]),
    "simple_crlf": ("a,b\r\n1,2\r\n", [["1", "2"]]),
    "utf8": ("a,b\n1,ʤ\n", [["1", "ʤ"]]),
    "location_coordinates": ('a,b\n"(53.9, -9.1)",x\n', [["(53.9, -9.1)", "x"]]),
}


@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_is_read_as_csv_spectrum_has_it(tmp_path, name):
    body, rows = SPECTRUM[name]
    header, separator, rest = body.partition("\r\n" if "crlf" in name else "\n")
    file = tmp_path / "f.csv"
    file.write_bytes((header + separator + rest).encode())
    columns = {"a": {"to": "properties.a", "type": "text"}, "b": "properties.b"}
    mapping = tmp_path / "m.json"
    mapping.write_text(
        json.dumps({"type": "track", "event": "E", "columns": columns | {"c": "properties.c"}})
    )
    out = run("ingest", file, "--mapping", mapping)
    # rows without an identifier are refused, with what was read in the report
    assert f"0 accepted, {len(rows)} rejected" in out
    kept = [one["row"] for one in rejected_of(file)]
    for message, row in zip(kept, rows, strict=True):
        found = message.get("properties", {})
        assert [_text(found.get(c, "")) for c in "abc"[: len(row)]] == [_text(c) for c in row]


def _text(value):
    return json.dumps(value) if isinstance(value, dict) else str(value)


def test_resolve_joins_what_new_rules_allow():
    workspace_rules = {"identity": {"kinds": {"anonymous_id": {"limit": 1}}}}
    source = Source.objects.create(name="s", kind="server")
    Workspace.objects.update(settings=workspace_rules)
    forget_workspace()
    for anonymous in ("a1", "a2"):
        inbox.accept(source, [{"type": "track", "event": "V", "anonymousId": anonymous}])
        work_off()
    for anonymous in ("a1", "a2"):
        message = {"type": "track", "event": "W", "userId": "u", "anonymousId": anonymous}
        inbox.accept(source, [message])
        work_off()
    assert Profile.objects.living().count() == 2
    Workspace.objects.update(settings={})
    forget_workspace()
    assert run("resolve", "--dry-run").startswith("1 people")
    assert run("resolve").startswith("1 people were")
    assert Profile.objects.living().count() == 1
    assert Merge.objects.count() == 1
    assert run("resolve").startswith("0 people")


def test_an_import_is_a_job_that_ends_as_it_went(tmp_path):
    file = tmp_path / "calls.jsonl"
    lines = [{"type": "track", "event": "Seen", "userId": "u"}, {"type": "track"}]
    file.write_text("\n".join(json.dumps(line) for line in lines))
    run("ingest", file)
    job = Job.objects.get(kind="import")
    assert (job.state, job.title, job.done, job.total) == (
        "done", "calls.jsonl", file.stat().st_size, file.stat().st_size
    )  # fmt: skip
    assert job.result == {"accepted": 1, "rejected": 1}
    assert job.finished_at is not None


def test_an_import_that_breaks_off_says_so(tmp_path, monkeypatch):
    file = tmp_path / "calls.jsonl"
    file.write_text('{"type": "track", "event": "Seen", "userId": "u"}')

    def full(*args, **kwargs):
        raise OSError("the disk is full")

    monkeypatch.setattr("profiles.ingest.inbox.store", full)
    with pytest.raises(OSError, match="full"):
        run("ingest", file)
    assert Job.objects.get(kind="import").state == "failed"
