"""The audit trail in words: each code written anywhere, each thing by name, with its door."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.workspace import audit
from config.workspace.access import sign_in
from config.workspace.access.keys import create_api_key
from config.workspace.forms.audited import AuditedAdmin
from config.workspace.lifecycle.usage import KINDS as USED
from config.workspace.models import AuditEntry, Role
from config.workspace.trail.targets import TARGETS
from config.workspace.trail.words import (
    ACTIONS,
    DETAILS,
    KINDS,
    code_of,
    field_in_words,
    in_words,
    words_of,
)
from consent.suppression.suppressing import suppress
from profiles.models import Merge
from tests.campaigns.builders import launched, make_campaign, make_person, make_segment
from tests.cast import make_profile, make_source, make_user

ROOT = Path(settings.BASE_DIR)
APPS = ("config", "profiles", "consent", "segments", "campaigns")
TRAIL = "/console/workspace/auditentry/"
MADE = ("created", "changed", "deleted")


def audited_models() -> list[str]:
    site = admin.site._registry.items()
    return [model._meta.model_name for model, own in site if isinstance(own, AuditedAdmin)]


def codes_in_pieces(file: str) -> set[tuple[str, str]]:
    """(code, kind) of the places that put a code together; a new such place is to be added here."""
    return {
        "config/workspace/forms/audited.py": {
            (f"{m}.{v}", m) for m in audited_models() for v in MADE
        },
        "config/workspace/lifecycle/archiving.py": {
            (f"{kind}.{verb}", kind)
            for kind in USED.names()
            for verb in ("archived", "restored", "deleted")
        },
        "profiles/merging/unmerging.py": {(f"{k}.undone", "merge") for k in Merge.Kind.values},
    }[file]


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
            if (called if isinstance(called, str) else getattr(called, "id", "")) == name:
                yield node


def passed_on(tree: ast.Module, call: ast.Call) -> Iterator[str]:
    """What callers in the same file hand to the function that calls `audit.record(action, ...)`."""
    name = call.args[0].id  # type: ignore[attr-defined]
    inside = (f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and call in ast.walk(f))
    function = next(inside)
    place = [argument.arg for argument in function.args.args].index(name)
    for caller in calls(tree, function.name):
        yield caller.args[place].value  # type: ignore[attr-defined]


def written() -> tuple[set[tuple[str, str]], set[str]]:
    """Every (code, kind) that is recorded anywhere in the code, and every name of a detail."""
    found, details = set(), set()
    for path in (path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))):
        text = path.read_text()
        if "audit.record" not in text:
            continue
        tree = ast.parse(text)
        for call in calls(tree, "record"):
            if ast.unparse(call.func) != "audit.record":
                continue
            details |= {
                key.value
                for node in ast.walk(call)
                if isinstance(node, ast.Dict)
                for key in node.keys
                if isinstance(key, ast.Constant)
            }
            first = call.args[0]
            if isinstance(first, ast.JoinedStr):
                found |= codes_in_pieces(str(path.relative_to(ROOT)))
                continue
            kind = call.args[1].value  # type: ignore[attr-defined]
            named = [first.value] if isinstance(first, ast.Constant) else passed_on(tree, call)
            found |= {(code, kind) for code in named}
    return found, details


def test_every_code_and_detail_that_is_written_anywhere_has_words():
    found, details = written()
    codes = {code_of(action, kind) for action, kind in found}
    assert {"campaign.launch", "segment.add_members", "sign_in.failed"} <= codes
    assert len(codes) > 70, "it looked at something"
    for code in codes:
        words = words_of(code)
        assert "_" not in words and words[0].isupper(), code
    kinds = {kind for _action, kind in found}
    assert kinds - set(KINDS) == set()
    assert kinds - set(TARGETS.names()) == {"apikey", "secret"}, "which has no page of its own"
    assert details - set(DETAILS) - {"address", "new_address", "by"} == set()
    assert set(ACTIONS) - codes == set(), "words for what nobody writes"


@pytest.mark.django_db
def test_a_code_of_an_earlier_version_and_a_field_are_readable_too():
    entry = AuditEntry(action="list_made", target_kind="cohort", detail={})
    assert in_words(entry) == "list made"
    names = [field_in_words(name) for name in ("display_name", "First name", "favourite_dish")]
    assert names == ["Name", "First name", "favourite_dish"]


@pytest.fixture
def things(db):
    """Somebody who did something to a thing of each kind, and the words that stand for it."""
    boss = make_user(
        Role.ADMIN, "ada", first_name="Ada", last_name="Boss", email="ada@shop.example"
    )
    person = make_person("Ulrike Secret")
    segment = make_segment(person)
    campaign = make_campaign(segment, "autumn")
    with audit.acting(audit.actor_of_user(boss)):
        sent = launched(segment, "spring")
        source = make_source("Till", "server")
        key, _value = create_api_key(name="For the till", scopes=["all"])
        row, _new = suppress(kind="email", value="gone@shop.example", reason="manual")
        sign_in.end_sessions(boss)
        boss.refresh_from_db()
        audit.record("profile.viewed", "profile", str(person.public_id), profile_id=person.pk)
        audit.record("source.changed", "source", str(source.pk), fields=["trust"])
        audit.record("launch", "campaign", campaign.slug, detail={"version": 1})
        audit.record("profile.listed", "profile", fields=["display_name"], detail={"found": 3})
        audit.record("delete", "campaign", "long-gone")
        audit.record("archive", "segment", segment.slug)
    return {
        "boss": boss,
        "person": person,
        "links": {
            f"/console/workspace/user/{boss.pk}/change/": "Ada Boss (ada@shop.example)",
            f"/console/people/{person.public_id}/": f"Person {str(person.public_id)[:8]}",
            f"/console/profiles/source/{source.pk}/change/": "Till",
            "/console/workspace/apikey/": "For the till",
            f"/console/consent/suppression/{row.pk}/change/": row.hint,
            f"/console/campaigns/{sent.slug}/": sent.name,
            f"/console/segments/{segment.slug}/": segment.name,
        },
    }


def rows_in(page: str) -> str:
    return page[page.index("changelist-form") : page.index("changelist-filter")]


def test_the_page_says_who_did_what_to_which_thing_and_leads_there(things, client):
    client.force_login(things["boss"])
    page = client.get(TRAIL).content.decode()
    for url, name in things["links"].items():
        assert f'<a class="r-door" href="{url}">{name}</a>' in page
    for words in (
        "Campaign launched", "All sessions of a user were ended", "People listed", "Trust",
        "Campaign deleted", "Segment archived", "Campaign long-gone",
    ):  # fmt: skip
        assert words in page
    assert "Ulrike" not in page
    for code in ("profile.viewed", "sessions.ended", ">launch<", "trust"):
        assert code not in rows_in(page)


def test_no_door_leads_where_the_reader_may_not_go(things, client):
    client.force_login(make_user(Role.PRIVACY_OFFICER, "ola"))
    page = client.get(TRAIL).content.decode()
    assert "Ada Boss (ada@shop.example)" in page and "/console/workspace/user/" not in page
    assert f"/console/people/{things['person'].public_id}/" in page


def test_one_entry_says_the_rest_and_filters_are_in_words(things, client):
    client.force_login(things["boss"])
    entry = AuditEntry.objects.get(action="profile.listed")
    page = client.get(f"{TRAIL}{entry.pk}/change/").content.decode()
    assert "found: 3" in page and "People listed" in page and "Ada Boss" in page
    for query, there, not_there in (
        ("action=campaign.launch", "Campaign launched</", "People listed</td"),
        ("action=archived", "Segment archived", "Campaign deleted"),
        ("target_kind=suppression", "Address suppressed</", "Campaign deleted"),
        ("actor_kind=system", "0 ", "Segment archived"),
    ):
        page = client.get(f"{TRAIL}?{query}").content.decode()
        assert not_there not in rows_in(page), query
        assert there in page, query


def test_more_entries_ask_no_more_questions(things, client):
    client.force_login(things["boss"])

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(TRAIL).status_code == 200
        return len(seen)

    count()  # what a process asks once
    few = count()
    with audit.acting(audit.actor_of_user(things["boss"])):
        for number in range(20):
            person = make_profile(f"P{number}", email=f"p{number}@example.com")
            audit.record("profile.viewed", "profile", str(person.public_id), profile_id=person.pk)
            audit.record("user.changed", "user", str(make_user(Role.ANALYST, f"u{number}").pk))
    assert count() == few
