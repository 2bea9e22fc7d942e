"""The people list narrowed, ordered and chosen from; what becomes of whoever is chosen."""

import csv
import io
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.workspace.models import AuditedPeople, AuditEntry, CustomRole, Role
from consent.suppression.suppressing import suppress
from profiles.browsing.orders import ORDERS, found_first, people_page
from profiles.models import Profile, TraitName
from profiles.selectors.masking import EVERYTHING
from profiles.selectors.people import visible_people
from segments import services
from segments.exports import files
from segments.exports.making import make_files
from segments.models import Membership, PeopleExport, Segment
from tests.cast import (
    ago,
    give_consent,
    make_event,
    make_identifier,
    make_profile,
    make_source,
    make_user,
    set_trait,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _var(tmp_path, settings) -> None:
    settings.VAR_DIR = tmp_path


PEOPLE = "/console/people/"


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client


def names(client: Client, **query: str) -> list[str]:
    rows = client.get(PEOPLE, query).context["rows"]
    return [row.name for row in rows]


@pytest.fixture
def three() -> tuple[Profile, ...]:
    ada = make_profile("Ada", email="ada@example.com", country="NL", last_seen=ago(1))
    ben = make_profile("Ben", email="ben@example.com", country="ID", last_seen=ago(40))
    cleo = make_profile("cleo", country="NL", last_seen=ago(400))
    set_trait(ada, "plan", "Pro")
    set_trait(ada, "visits", 5)
    set_trait(ben, "plan", "free")
    TraitName.objects.get_or_create(name="plan", defaults={"is_proven": True})
    give_consent(ada)
    return ada, ben, cleo


def test_each_filter_finds_whom_it_says_and_the_address_keeps_it(three) -> None:
    admin, (_ada, ben, cleo) = client_of(Role.ADMIN), three
    Profile.objects.filter(pk=ben.pk).update(state="restricted")
    listed = services.create_segment(slug="vip", name="VIP", kind="static")
    services.add_members(listed, [str(cleo.public_id)])
    till = make_source("Till")
    make_identifier(cleo, "user_id", "c-1", first_source_id=till.pk)
    assert names(admin, country="nl") == ["Ada", "cleo"]
    assert names(admin, seen="30") == ["Ada"]
    assert names(admin, seen="-90") == ["cleo"]
    assert names(admin, segment="vip") == ["cleo"]
    assert names(admin, state="restricted") == ["Ben"]
    assert names(admin, source=str(till.pk)) == ["cleo"]
    assert names(admin, reach="email") == ["Ada"]
    assert names(admin, trait="plan", op="is", value="pro") == ["Ada"]
    assert names(admin, trait="visits", op="is", value="5") == ["Ada"]
    assert names(admin, trait="visits", op="more", value="5") == []
    assert names(admin, trait="plan", op="unknown") == ["cleo"]
    assert names(admin, country="NL", seen="30", reach="email") == ["Ada"]
    suppress(kind="email", value="ada@example.com", reason="manual")
    assert names(admin, reach="email") == []
    part = admin.get(PEOPLE, {"country": "NL", "q": "", "op": "is"}, headers={"HX-Request": "true"})
    assert part["HX-Push-Url"] == f"{PEOPLE}?country=NL"
    page = admin.get(PEOPLE, {"segment": "gone"}).content.decode()
    assert "Nothing is called" in page
    page = admin.get(PEOPLE, {"trait": "visits", "op": "more", "value": "many"}).content.decode()
    assert "is no number" in page


def test_filters_become_the_same_rule_where_a_rule_can_say_them(three) -> None:
    admin, (ada, *_rest) = client_of(Role.ADMIN), three
    given = {"country": "NL", "seen": "30", "trait": "plan", "op": "is", "value": "pro"}
    url = admin.get(PEOPLE, given).context["rule_url"]
    rule = json.loads(parse_qs(urlsplit(url).query)["rule"][0])
    assert admin.get(url).status_code == 200
    made = services.create_segment(slug="made", name="Made", rule=rule)
    from segments.members.stored import refresh  # noqa: PLC0415

    refresh(made.pk)
    assert [*Membership.objects.values_list("profile_id", flat=True)] == [ada.pk]
    assert admin.get(PEOPLE, {"reach": "email"}).context["rule_url"] == ""
    assert admin.get(PEOPLE, {"q": "ada"}).context["rule_url"] == ""
    assert client_of(Role.SERVICE_REP).get(PEOPLE, given).context["rule_url"] == ""


@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize("key", list(ORDERS))
def test_every_order_leafs_through_everybody_once_both_ways(key, few, monkeypatch) -> None:
    monkeypatch.setattr("profiles.browsing.orders.PAGE_SIZE", 3)
    for n in range(8):  # of one moment, and of one name in other letters
        make_profile(["Ada", "ada", "Ben", "ben"][n % 4], first_seen=ago(n // 2), last_seen=ago(3))
    order, people, leafs, cursor = ORDERS[key], visible_people(), [], ""
    people = found_first(people) if few else people
    while True:
        leaf = people_page(people, EVERYTHING, order=order, before=cursor)
        leafs.append([row.profile.pk for row in leaf.rows])
        cursor = leaf.next
        if not cursor:
            break
    seen = [pk for leaf in leafs for pk in leaf]
    assert sorted(seen) == sorted(people.values_list("pk", flat=True))
    assert [len(leaf) for leaf in leafs] == [3, 3, 2]
    back = people_page(people, EVERYTHING, order=order, after=leaf.previous)
    assert [row.profile.pk for row in back.rows] == leafs[1]
    if key == "name":
        assert [row.name.lower() for row in back.rows] == ["ada", "ben", "ben"]


@pytest.mark.parametrize("key", list(ORDERS))
def test_every_order_is_read_from_an_index(key: str) -> None:
    order = ORDERS[key]
    ada = make_profile("Ada")
    rows = order.slice(order.narrow(visible_people()), order.cursor(ada), False)[:51]
    text, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {text}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert re.search("Index Scan (Backward )?using profile_by_", plan), plan
    assert "Index Cond" in plan, plan


def test_the_page_asks_no_query_a_row(three) -> None:
    admin = client_of(Role.ADMIN)
    query = {"country": "NL", "reach": "email", "sort": "name"}
    admin.get(PEOPLE, query)
    with CaptureQueriesContext(connection) as few:
        admin.get(PEOPLE, query)
    for n in range(20):
        person = make_profile(f"P{n}", email=f"p{n}@example.com", country="NL")
        give_consent(person)
    with CaptureQueriesContext(connection) as many:
        admin.get(PEOPLE, query)
    assert len(many) == len(few)


def test_few_are_found_first_and_many_are_read_in_order(three, monkeypatch) -> None:
    admin = client_of(Role.ADMIN)

    def is_found_first(**query: str) -> bool:
        with CaptureQueriesContext(connection) as asked:
            page = admin.get(PEOPLE, query)
        assert page.context["rows"]
        return any("OFFSET 0" in one["sql"] for one in asked)

    assert is_found_first(country="NL")
    assert is_found_first(q="ada", sort="name")
    assert not is_found_first()
    monkeypatch.setattr("profiles.selectors.people.EXACT_BELOW", 1)
    assert not is_found_first(country="NL")


def test_a_question_that_takes_too_long_says_so_and_a_number_that_does_is_left_open(
    three, monkeypatch
) -> None:
    admin = client_of(Role.ADMIN)

    def slow(*_args, **_kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', '10ms', true)")
            cursor.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr("profiles.views.people.total_of", slow)
    page = admin.get(PEOPLE, {"country": "NL"})
    assert len(page.context["rows"]) == 2
    assert "more than 2 people" in page.content.decode()
    monkeypatch.setattr("profiles.views.people.people_page", slow)
    assert "This takes too long to list" in admin.get(PEOPLE).content.decode()


def test_who_may_not_see_may_neither_sort_nor_filter_by_it(three) -> None:
    analyst = client_of(Role.ANALYST)
    page = analyst.get(PEOPLE, {"sort": "name"})
    assert "name" not in dict(page.context["orders"])
    assert page.context["sort"] == "seen"
    set_trait(three[0], "email", "ada@example.com")
    found = analyst.get(PEOPLE, {"trait": "email", "op": "contains", "value": "ada"})
    assert found.context["rows"] == []
    assert "That cannot be asked" in found.content.decode()


def export_of(client: Client, chosen: dict) -> str:
    """What the file says of whoever is chosen in the list; "" where none is made."""
    before = PeopleExport.objects.count()
    answer = client.post(reverse("segments:export_ask"), {"purpose": "service"} | chosen)
    assert answer.status_code == 302, answer.status_code
    if PeopleExport.objects.count() == before:
        return ""
    while make_files():
        pass
    export = PeopleExport.objects.first()
    assert export.status == "done", export.error
    return files.whole_of(export).read_bytes().decode("utf-8-sig")


def read(client: Client, chosen: dict) -> list[dict[str, str]]:
    """Its rows."""
    return list(csv.DictReader(io.StringIO(export_of(client, chosen), newline="")))


def test_the_chosen_leave_as_a_file_that_says_no_more_than_the_screen(three) -> None:
    ada, ben, _cleo = three
    Profile.objects.filter(pk=ada.pk).update(display_name="=cmd()")
    Profile.objects.filter(pk=ben.pk).update(state="restricted")
    url = reverse("segments:export_ask")
    marketer = client_of(Role.MARKETER)
    chosen = [str(ada.public_id), str(ben.public_id)]
    rows = read(marketer, {"person": chosen})
    assert [(row["name"], row["email"], row["reachable"]) for row in rows] == [
        ("'=cmd()", "ada@example.com", "email")
    ]
    entry = AuditEntry.objects.get(action="profile.exported")
    assert entry.fields == ["display_name", "identifier"]
    assert AuditedPeople.objects.get(entry=entry).profile_ids == [ada.pk]
    everybody = read(marketer, {"all": "1", "query": "country=NL"})
    assert [row["name"] for row in everybody] == ["'=cmd()", "cleo"]
    assert marketer.post(url, {}).status_code == 302
    assert client_of(Role.ANALYST).post(url, {"person": chosen}).status_code == 403
    CustomRole.objects.create(
        key="out", name="Out", permissions=["people.view", "people.export"], sight={}
    )
    masked = read(client_of("out"), {"all": "1", "query": ""})
    assert not any("ada@example.com" in row["email"] for row in masked)
    assert "cleo" not in [row["name"] for row in masked]


def test_who_may_not_see_segments_hears_nothing_of_them_by_the_list_of_people(three) -> None:
    listed = services.create_segment(slug="vip", name="Very important", kind="static")
    services.add_members(listed, [str(three[0].public_id)])
    rights = ["people.view", "people.personal", "people.export"]
    CustomRole.objects.create(key="eyes", name="Eyes", permissions=rights, sight={})
    eyes = client_of("eyes")
    page = eyes.get(PEOPLE, {"segment": "vip"})
    assert page.context["rows"] == []
    for text in (page.content.decode(), eyes.get(PEOPLE).content.decode()):
        assert "Very important" not in text
    there = {"all": "1", "query": "segment=vip"}
    assert read(eyes, there) == []
    assert eyes.get("/api/profiles/?segment=vip").status_code == 400
    assert client_of(Role.SERVICE_REP).get("/api/profiles/?segment=vip").status_code == 200


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])  # noqa: RUF001
def test_no_cell_is_a_formula_and_no_number_a_text(three, sign: str) -> None:
    ada = three[0]
    Profile.objects.filter(pk=ada.pk).update(display_name=f"{sign}1+1", lifecycle=f"{sign}2")
    make_event(ada, "Order Completed", value=-12.5)
    (row,) = read(client_of(Role.ADMIN), {"person": [str(ada.public_id)]})
    assert row["name"] == f"'{sign}1+1"
    assert row["stage"] == f"'{sign}2"
    assert row["value"] == "-12.50"


def test_the_chosen_go_onto_a_list(three) -> None:
    ada, ben, cleo = three
    admin, url = client_of(Role.ADMIN), reverse("segments:people_list")
    made = admin.post(url, {"list": "+", "name": "Hello", "all": "1", "query": "country=NL"})
    assert made["Location"] == reverse("segments:detail", args=["hello"])
    assert members("hello") == {ada.pk, cleo.pk}
    admin.post(url, {"list": "hello", "person": [str(ben.public_id), "x"]})
    assert members("hello") == {ada.pk, ben.pk, cleo.pk}
    assert Segment.objects.get(slug="hello").count == 3
    admin.post(url, {"list": "+", "name": "", "person": [str(ben.public_id)]})
    assert Segment.objects.count() == 1
    rep = client_of(Role.SERVICE_REP)
    assert rep.post(url, {"list": "hello", "person": [str(ben.public_id)]}).status_code == 403
    assert url not in rep.get(PEOPLE).content.decode()


def test_all_that_match_are_those_whom_the_list_counted(three) -> None:
    admin, url = client_of(Role.ADMIN), reverse("segments:people_list")
    make_profile("", country="NL", email="nameless@example.com")
    for sort, count in (("name", 2), ("seen", 3)):
        page = admin.get(PEOPLE, {"country": "NL", "sort": sort})
        assert page.context["total"].count == count
        given = {"list": "+", "name": sort, "all": "1", "query": page.context["query"]}
        admin.post(url, given)
        assert Segment.objects.get(slug=sort).count == count
        assert len(read(admin, given)) == count


@pytest.mark.parametrize("query", ["q=nobody-is-called-so", "segment=gone", "state=lost"])
def test_all_of_a_list_that_has_nobody_any_more_are_nobody(three, query: str) -> None:
    admin, url = client_of(Role.ADMIN), reverse("segments:people_list")
    made = admin.post(url, {"list": "+", "name": "Empty", "all": "1", "query": query})
    assert made["Location"] == reverse("segments:detail", args=["empty"])
    assert members("empty") == set()


def members(slug: str) -> set[int]:
    rows = Membership.objects.filter(segment__slug=slug, left_at=None)
    return set(rows.values_list("profile_id", flat=True))
