"""Who becomes one with whom, and back."""

import pytest

from profiles.ingest import processor
from profiles.merging import merging, rewriting
from profiles.merging.merging import CannotUndo, undo_merge
from profiles.models import (
    AliasPending,
    Event,
    EventItem,
    EventState,
    Identifier,
    Merge,
    MergePending,
    Profile,
    ProfileTrait,
)
from tests.profiles.ingest.conftest import work_off

pytestmark = pytest.mark.django_db


def person_of(kind, value):
    return Identifier.objects.get(kind=kind, value=value).profile_id


def living():
    return Profile.objects.living()


def identify(user=None, anonymous=None, **traits):
    return {"type": "identify", "userId": user, "anonymousId": anonymous, "traits": traits}


def track(event, user=None, anonymous=None, **properties):
    return {
        "type": "track",
        "event": event,
        "userId": user,
        "anonymousId": anonymous,
        "properties": properties,
    }


def test_first_login_attaches_the_anonymous_history(browser_call):
    browser_call.batch(track("Product Viewed", anonymous="a1"))
    browser_call.batch(identify(user="u1", email="ada@example.com"))
    work_off()
    assert living().count() == 2
    browser_call.batch(identify(user="u1", anonymous="a1"))
    work_off()
    assert living().count() == 1
    ada = living().get()
    assert person_of("anonymous_id", "a1") == person_of("user_id", "u1") == ada.pk
    assert set(Event.objects.values_list("profile_id", flat=True)) == {ada.pk}
    merge = Merge.objects.get()
    assert merge.survivor_id == ada.pk
    assert merge.rule == "user_id with anonymous_id"
    assert (
        Identifier.objects.get(kind="rapport_id", value=str(merge.absorbed_public_id)).profile_id
        == ada.pk
    )


def test_two_people_with_user_ids_of_their_own_never_merge(call):
    call.batch(identify("u1", email="one@example.com"), identify("u2", email="two@example.com"))
    work_off()
    call.batch(
        identify("u1", email="two@example.com"),
        identify("u2", anonymous="x"),
        identify("u1", anonymous="x"),
    )
    work_off()
    assert person_of("user_id", "u1") != person_of("user_id", "u2")
    assert Merge.objects.count() == 0
    assert person_of("anonymous_id", "x") == person_of("user_id", "u2")


def test_shared_device_events_go_to_the_user_and_the_device_stays(browser_call):
    browser_call.batch(identify("ann", anonymous="tablet"))
    work_off()
    browser_call.batch(
        identify("bob", anonymous="tablet"), track("Order Completed", "bob", "tablet")
    )
    work_off()
    ann, bob = person_of("user_id", "ann"), person_of("user_id", "bob")
    assert ann != bob
    assert person_of("anonymous_id", "tablet") == ann
    assert Event.objects.get(name="Order Completed").profile_id == bob


def test_a_browser_may_not_join_two_known_people(browser_call, call):
    call.batch(identify("u1"), identify(anonymous="z", email="eve@example.com"))
    work_off()
    browser_call.batch(identify("u1", email="eve@example.com"))
    work_off()
    assert person_of("user_id", "u1") != person_of("email", "eve@example.com")
    call.batch(identify("u1", email="eve@example.com"))
    work_off()
    assert person_of("user_id", "u1") == person_of("email", "eve@example.com")


def test_survivor_is_the_oldest_known_person(call):
    call.batch(track("Seen", anonymous="a"))
    work_off()
    call.batch(identify("u"))
    work_off()
    known = person_of("user_id", "u")
    call.batch(identify("u", "a"))
    work_off()
    assert living().get().pk == known


def _everything():
    people = list(living().order_by("id").values())
    return {
        "people": people,
        "identifiers": sorted(Identifier.objects.values_list("kind", "value", "profile_id")),
        "traits": sorted(
            ProfileTrait.objects.values_list("profile_id", "name", "source_id", "identifier_id")
        ),
        "events": sorted(
            Event.objects.values_list(
                "profile_id", "id", "message_id", "source_profile_id"
            ).order_by(),
            key=str,
        ),
        "items": sorted(EventItem.objects.values_list("profile_id", "event_id", "product_id")),
        "states": sorted(EventState.objects.values_list("profile_id", "name", "count", "sum")),
        "aliases": list(AliasPending.objects.values_list("profile_id", "survivor_id")),
    }


@pytest.mark.parametrize("limit", [200, 0])
@pytest.mark.parametrize("rewritten", [True, False])
def test_merge_and_undo_is_identity(call, monkeypatch, limit, rewritten):
    monkeypatch.setattr("profiles.merging.moving.REWRITE_AT_ONCE", limit)
    products = [{"product_id": "p1", "quantity": 2, "price": 5}]
    call.batch(
        identify(anonymous="a", plan="free", name="Visitor"),
        track("Order Completed", anonymous="a", revenue=10, products=products),
        identify("u", plan="pro"),
        track("Order Completed", "u", revenue=5),
    )
    work_off()
    before = _everything()
    assert len(before["people"]) == 2
    call.batch(track("Seen", "u", "a"))
    work_off()
    assert living().count() == 1
    assert AliasPending.objects.exists() == (limit == 0)
    if rewritten:
        while rewriting.rewrite_events():
            pass
        assert set(Event.objects.values_list("profile_id", flat=True)) == {living().get().pk}
        assert set(EventItem.objects.values_list("profile_id", flat=True)) == {living().get().pk}
    survivor = living().get()
    assert survivor.traits == {"plan": "pro", "name": "Visitor"}
    state = EventState.objects.get(name="Order Completed")
    assert (state.profile_id, state.count, state.sum) == (survivor.pk, 2, 15)
    undo_merge(merge_id=Merge.objects.get().pk)
    Event.objects.filter(name="Seen").delete()
    after = _everything()
    seen = {p.pop("last_seen") for p in after["people"]} | {
        p.pop("last_seen") for p in before["people"]
    }
    assert len(seen) > 0
    assert after == before
    with pytest.raises(CannotUndo):
        undo_merge(merge_id=Merge.objects.get().pk)


def test_what_was_taken_apart_is_not_put_together_again(call):
    call.batch(track("A", anonymous="a"), track("B", "u"))
    work_off()
    call.batch(track("C", "u", "a"))
    work_off()
    undo_merge(merge_id=Merge.objects.get().pk)
    call.batch(track("D", "u", "a"), track("E", anonymous="a"))
    work_off()
    assert living().count() == 2
    assert Event.objects.get(name="E").profile_id == person_of("anonymous_id", "a")
    assert Event.objects.get(name="D").profile_id == person_of("user_id", "u")
    assert not MergePending.objects.exists()


def test_chain_of_merges_and_undoing_the_inner_one(call):
    call.batch(track("A", anonymous="a"), track("B", anonymous="b"), track("C", "c"))
    work_off()
    call.batch({"type": "alias", "previousId": "a", "userId": None, "anonymousId": "b"})
    work_off()
    call.batch(track("D", "c", "b"))
    work_off()
    assert living().count() == 1
    first = Merge.objects.order_by("id").first()
    undo_merge(merge_id=first.pk)
    assert living().count() == 2
    inner = first.absorbed_id
    assert {e.name for e in Event.objects.filter(profile_id=inner)} & {"A", "B"}


def test_a_pending_merge_survives_a_kill(call, monkeypatch):
    call.batch(track("A", anonymous="a"), track("B", "u"))
    work_off()
    call.batch(track("C", "u", "a"))
    processor.process_portion()  # killed right after its commit
    assert MergePending.objects.count() == 1
    assert living().count() == 2
    merging.run_pending()
    assert living().count() == 1


def test_cap_of_identifiers_drops_the_lowest(call):
    for n in range(7):
        call.batch(track("A", "u", f"device-{n}"))
        work_off()
    assert Identifier.objects.filter(kind="anonymous_id").count() == 5
    assert Event.objects.filter(profile_id=person_of("user_id", "u")).count() == 7


def test_merging_writes_a_bounded_number_of_statements(call, django_assert_max_num_queries):
    for n in range(20):
        call.batch(track("A", anonymous=f"a{n}"), track("B", f"u{n}"))
    work_off()
    call.batch(*(track("C", f"u{n}", f"a{n}") for n in range(20)))
    processor.process_portion()
    with django_assert_max_num_queries(39):
        assert merging.run_pending() == 20
    assert living().count() == 20
