"""Nothing of a file is lost without a word: read rightly, counted with a reason, or refused."""

import gzip
import json

import pytest
from django.core.management import CommandError

from config.workspace.models import Job
from profiles.models import DataWarning, Event, Identifier, Inbox, Profile
from tests.profiles.ingest.conftest import work_off
from tests.profiles.test_commands import rejected_of, run

pytestmark = pytest.mark.django_db


def take(tmp_path, body, *more, name="people.csv"):
    file = tmp_path / name
    file.write_bytes(body if isinstance(body, bytes) else body.encode())
    return file, run("ingest", file, *more)


def by_user():
    """The traits of everybody, by user id."""
    owners = Identifier.objects.filter(kind="user_id").values_list("profile_id", "value")
    traits = dict(Profile.objects.values_list("id", "traits"))
    return {value: traits[owner] for owner, value in owners}


REFUSED = {
    "two of a name": ("email,email,userId\na@b.cd,,u\n", "columns 1 .*and 2 .*traits.email"),
    "two of a meaning": ("Email,plan,E-mail \na@b.cd,x,\n", "columns 1 .*and 3 .*traits.email"),
    "two of a trait, one blank beside": ("userId,plan, plan\u00a0\nu,a,b\n", "columns 2 .*and 3"),
    "a value under no name": ("userId,,plan\nu,,a\nv,x,b\n", "column 2 has no name.* line 3"),
    "an open quote in the header": ('userId,"plan\nu,a\n', "header: a quote is opened"),
    "an Excel workbook": (b"PK\x03\x04\x14\x00", "Excel workbook; save it as CSV"),
    "cut UTF-16": ("userId,plan\nu,é\n".encode("utf-16")[:-1], "UTF-16"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_would_lose_a_column_is_refused_before_a_row_is_taken(tmp_path, name):
    body, words = REFUSED[name]
    good = tmp_path / "good.jsonl"
    good.write_text('{"type": "identify", "userId": "g"}')
    (tmp_path / "bad.csv").write_bytes(body if isinstance(body, bytes) else body.encode())
    with pytest.raises(CommandError, match=words):
        run("ingest", good, tmp_path / "bad.csv")
    assert not Inbox.objects.exists()


TEXT = "userId,name,plan\nu1,Zoë,pro\nu2,Ann,\n"
READ = {
    "UTF-8": TEXT,
    "UTF-8 with a mark": TEXT.encode("utf-8-sig"),
    "UTF-16 with a mark": TEXT.encode("utf-16"),
    "UTF-16 without": TEXT.encode("utf-16-le"),
    "Windows-1252": TEXT.encode("cp1252"),
    "semicolons and a comma in a quoted header": TEXT.replace(",", ";").replace("plan", '"plan"'),
    "tabs": TEXT.replace(",", "\t"),
    "bars": TEXT.replace(",", "|"),
    "sep=": "sep=;\n" + TEXT.replace(",", ";"),
    "blank lines above and between": "\n\n" + TEXT.replace("\nu2", "\n\r\n\nu2"),
    "returns only": TEXT.replace("\n", "\r"),
    "blanks and signs of no width in the header": TEXT.replace(
        "userId,name,plan", "\u200buserId \u00a0, name,plan\ufeff\t"
    ),
    "a column of nothing at the end": TEXT.replace("plan\n", "plan,\n"),
}


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_in_whatever_way_it_was_written(tmp_path, name):
    file, words = take(tmp_path, READ[name])
    assert "2 accepted, 0 rejected" in words
    assert ("Windows-1252" in words) == (name == "Windows-1252")
    work_off()
    assert by_user() == {"u1": {"name": "Zoë", "plan": "pro"}, "u2": {"name": "Ann"}}
    assert "\ufeff" not in json.dumps([*by_user().values()])


def test_a_file_in_gzip_is_read_alike(tmp_path):
    _, words = take(tmp_path, gzip.compress(TEXT.encode("cp1252")), name="people.csv.gz")
    assert "2 accepted, 0 rejected" in words
    work_off()
    assert by_user()["u1"]["name"] == "Zoë"


WHOLE = gzip.compress(b'{"type": "identify", "userId": "u"}\n' * 40_000)
DAMAGED = {
    "cut off": WHOLE[:-9],
    "a wrong block": WHOLE[:60] + b"\xff" * 20 + WHOLE[80:],
    "no gzip": b"userId\nu\n",
}


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("kind", ["people.csv.gz", "people.jsonl.gz"])
def test_of_a_damaged_gzip_nothing_is_taken(tmp_path, name, kind):
    with pytest.raises(CommandError, match="no whole gzip file"):
        take(tmp_path, DAMAGED[name], name=kind)
    assert not Inbox.objects.exists()


def test_a_column_is_of_a_type_only_if_every_cell_of_it_is(tmp_path):
    rows = [
        "userId,size,age,badge,vip,vague,tags,zip,note",
        'u1,12,41,007,true,true,"[""a""]",01234,',
        'u2,12a,42.5,12,FALSE,1,"[""b""]",99999,  ',
        "u3,1e5,,13,,yes,,,x",
    ]
    _, words = take(tmp_path, "\n".join(rows))
    assert "3 accepted, 0 rejected" in words
    assert "column 'size' is mixed (2 text, 1 number): all of it is kept as text" in words
    assert "column 'badge' is mixed" in words
    assert "'age'" not in words
    assert "'zip'" not in words
    work_off()
    assert by_user() == {
        "u1": {
            **{"size": "12", "age": 41, "badge": "007", "vip": True, "vague": "true"},
            **{"tags": ["a"], "zip": "01234"},
        },
        "u2": {
            **{"size": "12a", "age": 42.5, "badge": "12", "vip": False, "vague": "1"},
            **{"tags": ["b"], "zip": "99999"},
        },
        "u3": {"size": "1e5", "badge": "13", "vague": "yes", "note": "x"},
    }
    job = Job.objects.get(kind="import")
    assert len(job.result["notes"]) == 3


def test_rows_that_are_no_rows_cost_themselves_only(tmp_path):
    rows = [
        "userId,plan,name",
        "u1,pro,Ann",
        'u2,"open,Ben',
        "u3,pro,Cleo",
        'u4,"a ""b""",Dee',
        "u5,too,many,cells",
        "u6,few",
        'u7,"closed"and more,Ed',
        "u8,n\0ul,Flo",
        f"u9,{'x' * 40_000},Gus",
        '"u10","two\nlines",Hal',
        'u11,"never closed,Ida',
        "u12,pro,Jo",
    ]
    file, words = take(tmp_path, "\n".join(rows))
    assert "6 accepted, 6 rejected, 1 of the accepted not in full" in words
    assert "fewer cells than there are columns: 1" in words
    told = {one["line"]: one for one in rejected_of(file)}
    assert {line: one["code"] for line, one in told.items() if "accepted" not in one} == {
        3: "invalid_row",
        6: "too_many_cells",
        8: "invalid_row",
        9: "nul_character",
        10: "too_large",
        13: "invalid_row",
    }
    assert told[7]["accepted"] is True
    assert told[7]["code"] == "too_few_cells"
    assert "never closed" in told[13]["reason"]
    assert told[3]["row"] == 'u2,"open,Ben\n'
    work_off()
    assert sorted(by_user()) == ["u1", "u10", "u12", "u3", "u4", "u6"]
    assert by_user()["u10"]["plan"] == "two\nlines"
    assert by_user()["u4"]["plan"] == 'a "b"'


def test_an_address_that_cannot_be_used_is_counted_and_told_with_its_row(tmp_path):
    body = (
        "email,phone,userId,country\n"
        "ada@example.com,,,NL\n"
        "ben@,,u2,NL\n"
        "cleo@example.com,0000000000,,NL\n"
        "none@none,06 5550 0142,null,NL\n"
        "dan@,,,NL\n"
    )
    file, words = take(tmp_path, body)
    assert "4 accepted, 1 rejected, 3 of the accepted not in full" in words
    assert "accepted without their email, which is nobody's: 2" in words
    assert "accepted without their phone, which is nobody's: 1" in words
    told = [(one["line"], one["code"], "accepted" in one) for one in rejected_of(file)]
    assert told == [
        (3, "unusable_email", True),
        (4, "unusable_phone", True),
        (5, "unusable_user_id", True),
        (5, "unusable_email", True),
        (6, "no_identifier", False),
    ]
    job = Job.objects.get(kind="import")
    assert job.result == {
        "accepted": 4,
        "rejected": 1,
        "warned": 3,
        "warnings": {"unusable_email": 2, "unusable_phone": 1, "unusable_user_id": 1},
    }
    work_off()
    # whatever way a call came, the source's own record says what of it was nobody's
    kept = DataWarning.objects.filter(code="unusable_identifier")
    assert dict(kept.values_list("detail", "count")) == {"email": 2, "phone": 1, "user_id": 1}


def test_nothing_and_nothing_but_a_header_are_said_to_be_so(tmp_path):
    for body, words in (("", "is empty"), ("\n\n", "is empty"), ("userId,plan\n", "no rows")):
        _, told = take(tmp_path, body)
        assert "0 accepted, 0 rejected" in told
        assert words in told
    assert "is empty" in take(tmp_path, "", name="calls.jsonl")[1]


def test_json_lines_lose_nothing_either(tmp_path):
    lines = [
        '{"type":"identify","userId":"u1","traits":{"plan":"pro","plan":""}}',
        '{"type":"identify","userId":"u2","userId":"u3"}',
        '{"type":"identify","userId":"u4","traits":{"email":["a@b.cd"],"size":"12"}}',
        '{"type":"identify","traits":{"email":"ben@"}}',
    ]
    file, words = take(tmp_path, "\n".join(lines), name="calls.jsonl")
    assert "1 accepted, 3 rejected, 1 of the accepted not in full" in words
    assert [one["code"] for one in rejected_of(file)] == [
        *("duplicate_key", "duplicate_key", "unusable_email", "no_identifier"),
    ]
    _, words = take(tmp_path, "\n".join(lines).encode("utf-16"), name="calls.jsonl")
    assert "1 accepted, 3 rejected" in words


def test_a_mapping_is_held_against_the_header(tmp_path):
    mapping = tmp_path / "mapping.json"
    columns = {"E-mail": "traits.email", "Size ": "traits.size", "Gone": "traits.gone"}
    mapping.write_text(json.dumps({"columns": columns}))
    body = "\ufeff E-mail,Size,note,note,\na@b.cd,12,x,y,z\n"
    _, words = take(tmp_path, body, "--mapping", mapping)
    assert "1 accepted, 0 rejected" in words
    assert "no column is called 'Gone'" in words
    work_off()
    assert Profile.objects.get().traits == {"email": "a@b.cd", "size": 12}
    with pytest.raises(CommandError, match="columns 1 .*and 2 .*traits.size"):
        take(tmp_path, "Size,Size\n1,2\n", "--mapping", mapping)
    lines = tmp_path / "rows.jsonl"
    lines.write_text('{"E-mail": "c@d.ef", "Size ": "007"}\n{"E-mail": "x", "E-mail": "y@z.ab"}')
    words = run("ingest", lines, "--mapping", mapping)
    assert "1 accepted, 1 rejected" in words
    work_off()
    assert Event.objects.filter(properties__size="007").exists()
    cards = {"A": "identifiers.card", "B": "identifiers.card"}
    mapping.write_text(json.dumps({"columns": cards}))
    _, words = take(tmp_path, "A,B\n1,2\n", "--mapping", mapping)
    assert "1 accepted, 0 rejected" in words
    work_off()
    assert Identifier.objects.filter(kind="card").count() == 2
