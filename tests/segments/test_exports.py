"""Files of people: made in portions, for a purpose, of who permitted it, by a link that ends."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.workspace.models import AuditedPeople, AuditEntry, CustomRole, Role
from consent.privacy.subject import subject_of
from profiles.language.reading.reader import RuleError
from profiles.merging.merging import merge_people
from profiles.merging.unmerging import undo_merge
from profiles.models import FieldTag, Profile
from profiles.personal.tags import forget_tags
from segments.exports import files, formats, making
from segments.exports.asking import ask_for
from segments.exports.links import by_token, state_of, url_of
from segments.exports.making import make_files, prune
from segments.insight.computed.saving import create_trait
from segments.members.due import work
from segments.models.export import PeopleExport
from segments.services import add_members, create_segment
from tests.api.world import client as api_client
from tests.api.world import new_key
from tests.cast import give_consent, make_event, make_profile, make_user, set_trait

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _var(tmp_path, settings):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def people():
    """Ada may get marketing by mail, Ben was never asked, Cleo is only kept."""
    ada, ben, cleo = (
        make_profile(name, email=f"{name.lower()}@example.com") for name in ("Ada", "Ben", "Cleo")
    )
    give_consent(ada)
    Profile.objects.filter(pk=cleo.pk).update(state="restricted")
    segment = create_segment(slug="all", name="All of them", kind="static")
    add_members(segment, [str(one.public_id) for one in (ada, ben, cleo)])
    return ada, ben, cleo


def made(whom=None, **more) -> PeopleExport:
    who = more.pop("who", None) or make_user(Role.ADMIN)
    export = ask_for(whom or {"segment": "all"}, who=who, **({"purpose": "service"} | more))
    while make_files():
        pass
    export.refresh_from_db()
    return export


def body_of(answer) -> bytes:
    """All of it, and the file closed."""
    found = b"".join(answer.streaming_content)
    for close in answer._resource_closers:  # its own end would close the connection, too
        close()
    return found


def rows_of(export: PeopleExport) -> list[dict]:
    text = files.whole_of(export).read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_transactional_purpose_asks_nobody_and_leaves_out_who_is_only_kept(people):
    export = made()
    assert (export.status, export.found, export.total, export.rows) == ("done", 2, 2, 2)
    assert [row["name"] for row in rows_of(export)] == ["Ada", "Ben"]
    entry = AuditEntry.objects.get(action="profile.exported")
    assert entry.actor_kind == "user"
    assert entry.detail == {"found": 2, "purpose": "service"}
    assert AuditedPeople.objects.get(entry=entry).profile_ids == [one.pk for one in people[:2]]
    assert files.whole_of(export).stat().st_mode & 0o777 == 0o600


def test_marketing_leaves_out_who_may_not_be_written_to(people):
    export = made(purpose="marketing")
    assert (export.found, export.total) == (2, 1)
    assert [row["email"] for row in rows_of(export)] == ["ada@example.com"]


def test_processing_asks_for_the_persons_own_permission(people):
    ada, ben, _cleo = people
    give_consent(ben, purpose="sharing-for-ads", channel="")
    export = made(purpose="sharing-for-ads")
    assert [row["name"] for row in rows_of(export)] == ["Ben"]


def test_each_format_says_the_same(people):
    ada, *_rest = people
    set_trait(ada, "plan", "=pro")
    set_trait(ada, "sizes", [41, "L"])
    make_event(ada, "Order Completed", value=12.5)
    create_trait(name="orders", definition={"event": "Order Completed"})
    while work():
        pass
    columns = ["id", "value", "orders", "traits.plan", "traits.sizes", "computed.orders",
               "segments", "first_seen", "phone"]  # fmt: skip
    found = {}
    for format_ in ("csv", "jsonl", "parquet"):
        export = made(format_=format_, columns=columns)
        assert export.status == "done", export.error
        found[format_] = export
    (row, _ben) = rows_of(found["csv"])
    assert row["traits.plan"] == "'=pro", "no formula"
    assert row["traits.sizes"] == '[41, "L"]'
    assert (row["computed.orders"], row["segments"], row["phone"]) == ("1", "all", "")
    line = json.loads(files.whole_of(found["jsonl"]).read_text().splitlines()[0])
    assert list(line) == columns
    assert line["traits.plan"] == "=pro"
    assert line["traits.sizes"] == [41, "L"]
    assert line["phone"] is None
    path = str(files.whole_of(found["parquet"]))
    with duckdb.connect() as connection:
        table = connection.read_parquet(path)
        assert table.columns == columns
        assert [str(one) for one in table.types][:3] == ["VARCHAR", "DOUBLE", "BIGINT"]
        one = dict(zip(columns, table.order("id").fetchall()[0], strict=True))
        rows = {r[0]: dict(zip(columns, r, strict=True)) for r in table.fetchall()}
    assert one
    mine = rows[str(ada.public_id)]
    assert (mine["traits.plan"], json.loads(mine["traits.sizes"])) == ("=pro", [41, "L"])
    assert mine["computed.orders"] == "1"
    assert mine["phone"] is None


def test_a_kill_between_two_portions_loses_and_doubles_nobody(people, monkeypatch):
    monkeypatch.setattr(making, "AT_ONCE", 1)
    monkeypatch.setattr(making, "SECONDS", 0.0)
    export = ask_for({"segment": "all"}, who=make_user(Role.ADMIN), purpose="service")

    def portion() -> None:
        making._try(PeopleExport.objects.get(pk=export.pk))

    portion()  # begun
    portion()  # Ada is written
    export.refresh_from_db()
    assert (export.status, export.done) == ("running", 1)
    before = files.part_of(export).read_bytes()
    files.append(export, b"half a li")  # what was written when it was killed, and is not known
    portion()
    assert files.part_of(export).read_bytes().startswith(before)
    assert b"half a li" not in files.part_of(export).read_bytes()
    portion()
    export.refresh_from_db()
    assert export.status == "done"
    assert [row["name"] for row in rows_of(export)] == ["Ada", "Ben"]
    export.status = "running"  # killed after the file was there, before it was known
    export.save()
    portion()
    export.refresh_from_db()
    assert export.status == "done"


def test_a_link_ends_and_an_erasure_takes_the_whole_file(people, client):
    export = made(hours=1)
    url = url_of(export, export.created_by)
    token = url.rstrip("/").rpartition("/")[2]
    assert by_token(token) == export
    answer = client.get(f"/exports/{token}/")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store, private"
    assert b"Ada" in body_of(answer)
    assert client.get("/exports/abc:def/").status_code == 404
    export.refresh_from_db()
    assert export.downloads == 1
    assert AuditEntry.objects.filter(action="export.downloaded").count() == 1
    prune(timezone.now() + timedelta(hours=2))
    export.refresh_from_db()
    assert state_of(export) == "expired"
    assert not list(Path(settings.VAR_DIR, "exports").iterdir())
    assert client.get(f"/exports/{token}/").status_code == 404

    again = made()
    assert files.forget(subject_of(people[1])) == 1
    again.refresh_from_db()
    assert state_of(again) == "erased"
    assert not files.whole_of(again).exists()


def test_who_lost_the_right_gets_no_file(people):
    user = make_user(Role.ADMIN)
    export = ask_for({"segment": "all"}, who=user, purpose="service")
    user.is_active = False
    user.save()
    while make_files():
        pass
    export.refresh_from_db()
    assert export.status == "failed"
    assert "may not" in export.error
    assert not files.part_of(export).exists()


@pytest.mark.parametrize(
    ("whom", "more", "path"),
    [
        ({}, {}, ""),
        ({"segment": "all", "rule": {}}, {}, ""),
        ({"segment": "nope"}, {}, "segment"),
        ({"rule": {"match": "all", "conditions": [{"kind": "x"}]}}, {}, "conditions[0].kind"),
        ({"segment": "all"}, {"purpose": ""}, "purpose"),
        ({"segment": "all"}, {"purpose": "nope"}, "purpose"),
        ({"segment": "all"}, {"purpose": "marketing", "channel": "pigeon"}, "channel"),
        ({"segment": "all"}, {"format_": "xlsx"}, "format"),
        ({"segment": "all"}, {"hours": 0}, "hours"),
        ({"segment": "all"}, {"hours": True}, "hours"),
        ({"segment": "all"}, {"columns": []}, "columns"),
        ({"segment": "all"}, {"columns": ["id", "id"]}, "columns"),
        ({"segment": "all"}, {"columns": ["id", "shoe"]}, "columns[1]"),
        ({"segment": "all"}, {"columns": ["computed.nope"]}, "columns[0]"),
        ({"segment": "all"}, {"columns": [3]}, "columns[0]"),
        ({"segment": "all"}, {"columns": ["traits.diet"]}, "columns[0]"),
    ],
)
def test_what_is_wrong_is_named(people, whom, more, path):
    FieldTag.objects.create(
        place="trait", name="diet", is_personal=True, sensitivity="special", purpose="health"
    )
    forget_tags()
    with pytest.raises(RuleError) as caught:
        ask_for(whom, who=make_user(Role.ADMIN), **({"purpose": "service"} | more))
    assert path in [problem.path for problem in caught.value.problems]
    assert not PeopleExport.objects.exists()


def test_parquet_says_what_is_missing_where_it_is_not_installed(people, monkeypatch):
    monkeypatch.setattr(formats, "find_spec", lambda _name: None)
    monkeypatch.setattr("segments.exports.asking.has_parquet", formats.has_parquet)
    with pytest.raises(RuleError, match="make install-parquet"):
        ask_for({"segment": "all"}, who=make_user(Role.ADMIN), purpose="service", format_="parquet")


def test_a_masked_role_gets_what_it_sees(people):
    caller = new_key("people.view", "people.export", "segments.view")
    rest = api_client(caller)
    body = {"segment": "all", "purpose": "service", "columns": ["id", "email", "traits.street"]}
    refused = rest.post("/api/exports/", body, content_type="application/json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0] | {"message": ""} == {
        "path": "columns[2]", "code": "personal", "message": "", "pointer": "#/columns/2",
    }  # fmt: skip
    body["columns"].pop()
    asked = rest.post("/api/exports/", body, content_type="application/json")
    assert asked.status_code == 202, asked.content
    while make_files():
        pass
    said = rest.get(f"/api/exports/{asked.json()['id']}/").json()
    assert (said["status"], said["rows"], said["left_out"]) == ("done", 2, 0)
    path = said["url"].removeprefix(settings.BASE_URL)
    text = body_of(Client().get(path)).decode()
    assert "ada@example.com" not in text
    entry = AuditEntry.objects.get(action="profile.exported")
    assert entry.actor_kind == "api_key"
    assert rest.delete(f"/api/exports/{said['id']}/").status_code == 204
    assert rest.get(f"/api/exports/{said['id']}/").json()["status"] == "revoked"
    assert Client().get(path).status_code == 404
    assert len(rest.get("/api/exports/").json()["results"]) == 1
    assert api_client(new_key("people.view")).get("/api/exports/").status_code == 403
    assert rest.get("/api/exports/00000000/").status_code == 404


def test_a_file_that_shows_more_is_not_for_whoever_sees_less(people, client):
    CustomRole.objects.create(
        key="out", name="Out", permissions=["people.view", "people.export"], sight={}
    )
    masked = make_user("out")
    export = made()
    assert url_of(export, masked) == ""
    assert url_of(export, make_user(Role.PRIVACY_OFFICER))
    client.force_login(masked)
    page = client.get(reverse("segments:exports"))
    assert page.status_code == 200
    assert str(export.public_id) not in page.content.decode()
    for name in ("export_file", "export_revoke"):
        url = reverse(f"segments:{name}", args=[export.public_id])
        assert (client.get if name == "export_file" else client.post)(url).status_code == 404
    rest = api_client(new_key("people.view", "people.export"))
    assert rest.get(f"/api/exports/{export.public_id}/").json()["url"] == ""
    assert rest.delete(f"/api/exports/{export.public_id}/").status_code == 403
    own = made(who=masked)
    assert "ada@example.com" not in files.whole_of(own).read_text()
    assert url_of(own, masked)


def test_a_rule_is_a_question_too(people):
    rule = {"match": "all", "conditions": [{"kind": "segment", "slug": "all"}]}
    assert [row["name"] for row in rows_of(made({"rule": rule}))] == ["Ada", "Ben"]


def test_from_the_pages(people, client):
    client.force_login(make_user(Role.MARKETER))
    form = client.get(reverse("segments:export_new"), {"segment": "all"})
    assert form.status_code == 200
    asked = client.post(
        reverse("segments:export_ask"),
        {"segment": "all", "purpose": "marketing", "format": "csv", "days": "7",
         "with_segments": "1", "traits": "plan, city"},
    )  # fmt: skip
    assert asked["Location"] == reverse("segments:exports")
    export = PeopleExport.objects.get()
    assert export.columns[-3:] == ["traits.plan", "traits.city", "segments"]
    assert export.hours == 7 * 24
    while make_files():
        pass
    page = client.get(reverse("segments:exports"))
    assert "may not be used for it" in page.content.decode()
    file = client.get(reverse("segments:export_file", args=[export.public_id]))
    assert file.status_code == 200
    assert b"Ada" in body_of(file)
    client.post(reverse("segments:export_revoke", args=[export.public_id]))
    assert client.get(reverse("segments:export_file", args=[export.public_id])).status_code == 404
    nothing = client.post(reverse("segments:export_ask"), {"purpose": "marketing"})
    assert nothing["Location"] == reverse("profiles:people")
    wrong = client.post(reverse("segments:export_ask"), {"segment": "all", "purpose": ""})
    assert wrong["Location"].startswith(reverse("segments:export_new"))


# --- what a review found -------------------------------------------------------------------------


@pytest.fixture
def diet():
    """Special-category data, which people permit for the purpose of measuring."""
    FieldTag.objects.create(
        place="trait", name="health.diet", is_personal=True, sensitivity="special",
        purpose="measuring",
    )  # fmt: skip
    forget_tags()
    yield {"kind": "trait", "field": "health.diet", "op": "eq", "value": "halal"}
    forget_tags()


def test_guarded_data_leaves_for_its_own_purpose_alone(people, diet):
    ada, ben, _cleo = people
    for one in (ada, ben):
        set_trait(one, "health", {"diet": "halal"})
    give_consent(ada, purpose="measuring", channel="")
    give_consent(ben, purpose="measuring", channel="", basis="legitimate_interest")
    rule = {"match": "all", "conditions": [diet]}
    create_segment(slug="halal", name="Halal", rule=rule)
    nested = {"match": "all", "conditions": [{"kind": "segment", "slug": "halal"}]}
    create_segment(slug="nested", name="Nested", rule=nested)
    while work():
        pass
    for whom in ({"segment": "halal"}, {"segment": "nested"}, {"rule": rule}, {"rule": nested},
                 {"query": "segment=halal"}):  # fmt: skip
        with pytest.raises(RuleError, match="guards besides"):
            ask_for(whom, purpose="service", who=make_user(Role.ADMIN))
    with pytest.raises(RuleError, match="guards besides"):
        ask_for({"segment": "all"}, purpose="service", columns=["traits.health"],
                who=make_user(Role.ADMIN))  # fmt: skip
    columns = ["name", "segments", "traits.health.diet"]
    (row,) = rows_of(made(purpose="measuring", columns=columns))
    assert row == {"name": "Ada", "segments": "all halal nested", "traits.health.diet": "halal"}
    told = rows_of(made(purpose="service", columns=["name", "segments"]))
    assert [row["segments"] for row in told] == ["all", "all"], "who is in them says the diet"


def test_what_is_taken_away_while_it_is_made_stays_away(people, monkeypatch):
    export = ask_for({"segment": "all"}, who=make_user(Role.ADMIN), purpose="service")
    making._try(PeopleExport.objects.get(pk=export.pk))  # begun
    real = making.rows_of

    def revoked_meanwhile(*args, **more):
        files.take_away(export, files.REVOKED)
        return real(*args, **more)

    monkeypatch.setattr(making, "rows_of", revoked_meanwhile)
    making._try(PeopleExport.objects.get(pk=export.pk))
    assert not list(Path(settings.VAR_DIR, "exports").iterdir())
    stray = Path(settings.VAR_DIR, "exports", f"{export.public_id}.part")
    stray.write_text("of a kill between two steps")
    prune(timezone.now())
    assert not stray.exists()


def test_an_erasure_takes_the_file_of_who_was_one_with_them_and_every_open_question(people):
    ada, ben, _cleo = people
    merge = merge_people(survivor_id=ada.pk, absorbed_id=ben.pk, rule="by hand", evidence={})
    export = made()
    assert export.whom == {}, "the question went with its answer"
    undo_merge(merge_id=merge)
    waits = ask_for({"query": "q=ben@example.com"}, who=make_user(Role.ADMIN), purpose="service")
    assert files.forget(subject_of(Profile.objects.get(pk=ben.pk))) == 2
    for one in (export, waits):
        one.refresh_from_db()
        assert state_of(one) == "erased"
        assert one.whom == {}


def test_who_withdraws_while_it_is_made_is_left_out(people):
    ada, *_rest = people
    export = ask_for({"segment": "all"}, who=make_user(Role.ADMIN), purpose="marketing")
    making._try(PeopleExport.objects.get(pk=export.pk))
    give_consent(ada, status="withdrawn", days_ago=0)
    while make_files():
        pass
    export.refresh_from_db()
    assert (export.status, export.total, export.rows) == ("done", 1, 0)


def test_a_link_is_over_when_its_time_is_whether_or_not_anybody_cleans_up(people, client):
    export = made()
    token = url_of(export, export.created_by).rstrip("/").rpartition("/")[2]
    assert body_of(client.get(f"/exports/{token}/"))
    assert AuditEntry.objects.get(action="export.downloaded").actor_kind == "stranger"
    PeopleExport.objects.update(expires_at=timezone.now())
    assert client.get(f"/exports/{token}/").status_code == 404


def test_what_was_stopped_counts_no_more_among_those_that_wait(people, monkeypatch):
    monkeypatch.setattr("segments.exports.asking.MOST_WAITING", 1)
    who = make_user(Role.ADMIN)
    first = ask_for({"segment": "all"}, purpose="service", who=who)
    with pytest.raises(RuleError, match="being made for you already"):
        ask_for({"segment": "all"}, purpose="service", who=who)
    files.take_away(first, files.REVOKED)
    assert ask_for({"segment": "all"}, purpose="service", who=who)


def test_names_that_parquet_cannot_tell_apart_are_refused(people):
    with pytest.raises(RuleError, match="letter case"):
        ask_for({"segment": "all"}, purpose="service", format_="parquet",
                columns=["traits.Plan", "traits.plan"], who=make_user(Role.ADMIN))  # fmt: skip


@pytest.mark.parametrize("text", ["x;=1+1", "x\t@SUM(1)", "x;+1"])
def test_what_may_be_a_separator_begins_no_formula_either(people, text):
    set_trait(people[0], "plan", text)
    row, _ben = rows_of(made(columns=["id", "traits.plan"]))
    assert row["traits.plan"] == text[:2] + "'" + text[2:]
