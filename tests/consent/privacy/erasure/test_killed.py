"""An erasure that is broken off anywhere goes on; merges and replays bring nobody back."""

import pytest
from django.db import connection

from config.workspace.work.due import drain
from consent.models import PrivacyRequest
from consent.privacy import due, holdings, requests
from profiles.ingest import inbox
from profiles.merging.merging import merge_people
from profiles.merging.unmerging import undo_merge
from profiles.models import AliasPending, Event, Identifier, Profile, Rejection, Source
from tests.campaigns.builders import make_person
from tests.cast import make_event, make_identifier, make_source

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The process ends here."""


def asked_for(reference: str) -> PrivacyRequest:
    request = requests.open_request(type_="erasure", references=[reference])
    return requests.settle(request)


def test_killed_at_any_batch_it_goes_on_and_all_is_gone(monkeypatch):
    maya = make_person("maya")
    make_identifier(maya, "user_id", "maya-4711")
    for _ in range(25):
        make_event(maya, "Order Completed")
    monkeypatch.setattr(holdings, "BATCH", 4)
    asked_for("user_id:maya-4711")
    carry_out, killed = holdings.carry_out, []

    def kill_sometimes(holding):
        n = carry_out(holding)
        if n and len(killed) < 12 and holding.table not in killed[-1:]:
            killed.append(holding.table)
            raise Killed
        return n

    monkeypatch.setattr(holdings, "carry_out", kill_sometimes)
    for _ in range(40):
        try:
            while due.carry_out_due():
                pass
            break
        except Killed:
            continue
    assert len(killed) > 5, "it was killed"
    row = PrivacyRequest.objects.get()
    assert (row.status, row.result["searched"]["found"]) == ("completed", [])
    assert not Event.objects.filter(profile_id=maya.pk).exists()
    assert row.result["erased"]["event"] == 25, "each batch is counted once"


def merge(survivor: Profile, absorbed: Profile) -> int:
    return merge_people(
        survivor_id=survivor.pk, absorbed_id=absorbed.pk, rule="manual", evidence={}
    )


def test_everyone_that_they_were_is_erased_and_who_was_taken_out_again_is_not():
    people = [make_person(name) for name in ("ada", "ben", "cleo", "dan", "eve")]
    for person in people:
        make_identifier(person, "anonymous_id", f"{person.display_name.lower()}-id-77")
        make_event(person, "Order Completed")
    ada, ben, cleo, dan, eve = people
    merge(ben, cleo)
    with_eve = merge(ben, eve)
    merge(ada, ben)
    merge(dan, ada)
    undo_merge(merge_id=with_eve)
    drain()
    request = asked_for("anonymous_id:cleo-id-77")
    drain()
    request.refresh_from_db()
    assert (request.status, request.result["searched"]["found"]) == ("completed", [])
    gone = [person.pk for person in (ada, ben, cleo, dan)]
    states = Profile.objects.filter(pk__in=gone).values_list("state", flat=True)
    assert set(states) == {"erased"}
    assert not Event.objects.filter(profile_id__in=gone).exists()
    assert not AliasPending.objects.exists()
    eve.refresh_from_db()
    assert eve.state == "active"
    assert Event.objects.filter(profile_id=eve.pk).count() == 1
    assert Identifier.objects.filter(profile_id=eve.pk, value="eve-id-77").exists()


def test_a_replay_by_every_way_in_is_refused_and_a_blocked_person_for_good():
    maya = make_person("maya")
    make_identifier(maya, "user_id", "maya-4711")
    request = requests.open_request(
        type_="erasure", references=["user_id:maya-4711"], is_blocking=True
    )
    requests.settle(request)
    drain()
    warehouse = make_source("CRM", Source.Kind.WAREHOUSE)
    shop = make_source("Site", Source.Kind.BROWSER)
    for number, (source, call) in enumerate(
        [
            (warehouse, {"type": "identify", "userId": "maya-4711", "traits": {"a": 1}}),
            (shop, {"type": "track", "userId": "maya-4711", "event": "Order Completed"}),
            (shop, {"type": "identify", "anonymousId": "new", "traits": {"email": maya_mail()}}),
        ]
    ):
        inbox.accept(source, [{"messageId": f"m{number}", **call}])
    drain()
    assert not Identifier.objects.filter(value__in=["maya-4711", maya_mail()]).exists()
    assert set(Rejection.objects.values_list("code", flat=True)) == {"blocked_person"}
    with pytest.raises(requests.CannotBeDone, match="Say why"):
        requests.release(request, because=" ")
    assert requests.release(request, because="they asked to come back") > 1
    with pytest.raises(requests.CannotBeDone, match="Nothing of this"):
        requests.release(request, because="again")
    act = {"type": "track", "userId": "maya-4711", "event": "Order Completed", "messageId": "m9"}
    inbox.accept(shop, [act])
    drain()
    assert Identifier.objects.filter(value="maya-4711").exists()


def maya_mail() -> str:
    return "maya@example.com"


@pytest.mark.django_db(transaction=True)
def test_what_began_before_may_still_write_and_is_taken_too():
    """The fence: completed only when every transaction that began before has ended."""
    maya = make_person("maya")
    make_event(maya, "Order Completed")
    request = asked_for("email:maya@example.com")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1")
            assert due.carry_out_due(seconds=60) == 0
            request.refresh_from_db()
            assert request.status == "in_progress"
            assert due.left().held == 1
            cursor.execute(
                "INSERT INTO event_state (profile_id, name, count, sum, first_at, last_at)"
                " VALUES (%s, 'Order Completed', 1, 1, now(), now())",
                [maya.pk],
            )
            cursor.execute("COMMIT")
    finally:
        other.close()
    assert due.carry_out_due(seconds=60) == 1
    request.refresh_from_db()
    assert request.status == "completed"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM event_state WHERE profile_id = %s", [maya.pk])
        assert cursor.fetchone() == (0,)


def test_one_that_fails_holds_up_no_other_and_says_so(monkeypatch):
    make_person("ada")
    make_person("ben")
    first, second = (asked_for(f"email:{name}@example.com") for name in ("ada", "ben"))
    erase = due.erase

    def choke(request, **options):
        if request.pk == first.pk:
            raise ValueError("bad")
        return erase(request, **options)

    monkeypatch.setattr(due, "erase", choke)
    assert due.carry_out_due(seconds=60) == 1
    second.refresh_from_db()
    assert second.status == "completed"
    with pytest.raises(ValueError, match="bad"):
        due.carry_out_due(seconds=60)
    monkeypatch.setattr(due, "erase", erase)
    assert due.carry_out_due(seconds=60) == 1


def test_a_search_goes_on_table_by_table_over_as_many_runs_as_it_takes():
    make_person("ada")
    request = asked_for("email:ada@example.com")
    runs = 0
    while due.carry_out_due(seconds=0):
        runs += 1
    request.refresh_from_db()
    assert request.status == "completed"
    assert runs > 40, "a table, or a batch, at a time"
    tables = [one["table"] for one in request.result["searched"]["searched"]]
    assert len(tables) == len(set(tables)) > 40
    # and again when somebody wants it verified, by digests: from where one that was killed got to
    searched = request.result["searched"]
    so_far = {name: searched[name] for name in ("found", "not_searched")}
    so_far["searched"] = searched["searched"][:-5]
    request.result |= {due.WANTED: "now", due.SO_FAR: so_far}
    request.save(update_fields=["result"])
    again = 0
    while due.carry_out_due(seconds=0):
        again += 1
    request.refresh_from_db()
    assert again >= 5
    assert {due.WANTED, due.SO_FAR}.isdisjoint(request.result)
    assert [one["table"] for one in request.result["searched"]["searched"]] == tables
