"""What a person took in though it may be another's: written down, and taken apart exactly."""

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.workspace.models import AuditEntry
from consent.ledger.recording import Statement, record_consents
from consent.models import ConsentEntry, ConsentState, Purpose
from profiles.ingest import inbox, processor
from profiles.merging import bulk, merging
from profiles.merging.merging import CannotMerge, join_again
from profiles.merging.unmerging import CannotUndo, undo_merge
from profiles.models import (
    DataWarning,
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
from tests.profiles.test_commands import run

from .test_merging import identify, living, person_of, track
from .test_order import Undo

pytestmark = pytest.mark.django_db
LANDLINE = "+31 20 624 1111"
COUPLE = "couple@example.com"


def evidence():
    return Merge.objects.filter(kind="attach").order_by("id")


def names_of(profile_id):
    return Profile.objects.get(pk=profile_id).traits.get("first_name")


def everything():
    """All that is kept of people, without the ids of those who were made to tell them apart."""
    owner = dict(Profile.objects.values_list("id", "display_name"))
    return {
        "people": sorted(
            Profile.objects.living().values_list(
                "display_name", "traits", "first_seen", "last_seen", "state"
            ),
            key=repr,
        ),
        "identifiers": sorted(
            (kind, value, owner[profile])
            for kind, value, profile in Identifier.objects.exclude(kind="rapport_id").values_list(
                "kind", "value", "profile_id"
            )
        ),
        "traits": sorted(
            (owner[profile], name, repr(value), at)
            for profile, name, value, at in ProfileTrait.objects.values_list(
                "profile_id", "name", "value", "set_at"
            )
        ),
        "events": sorted(
            (owner[profile], message, identifier)
            for profile, message, identifier in Event.objects.values_list(
                "profile_id", "message_id", "identifier_id"
            )
        ),
        "items": sorted(
            (owner[profile], product)
            for profile, product in EventItem.objects.values_list("profile_id", "product_id")
        ),
        "states": sorted(
            (owner[row.profile_id], row.name, row.count, row.sum)
            for row in EventState.objects.all()
        ),
    }


def at(minute, call):
    return call | {"timestamp": f"2026-03-01T10:{minute:02}:00Z", "messageId": f"m{minute}"}


OWN = {
    "a change of one's own name": [
        at(1, identify("u", last_name="Maiden", email="a@b.cd")),
        at(2, identify("u", last_name="Married", email="new@b.cd")),
    ],
    "a corrected name under one's address": [
        at(1, identify(email="a@b.cd", first_name="Jon")),
        at(2, identify(email="a@b.cd", first_name="John")),
    ],
    "a number for the same name": [
        at(1, identify(email="a@b.cd", first_name="Zoë")),
        at(2, identify(email="a@b.cd", firstName="zoe", phone=LANDLINE)),
    ],
    "an initial": [
        at(1, identify(phone=LANDLINE, first_name="Ann")),
        at(2, identify(phone=LANDLINE, first_name="A.")),
    ],
    "a first address by a number": [
        at(1, identify(phone=LANDLINE, name="Ann Smith")),
        at(2, identify(phone=LANDLINE, email="a@b.cd", first_name="Ann", last_name="Smith")),
    ],
}


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("together", [True, False])
def test_what_is_ones_own_is_no_evidence(call, name, together):
    for part in [OWN[name]] if together else [[one] for one in OWN[name]]:
        call.batch(*part)
        work_off()
    assert living().count() == 1
    assert not Merge.objects.exists()


STRANGERS = {
    "a second address by a landline": (
        at(1, identify(phone=LANDLINE, email="ann@example.com", first_name="Ann")),
        at(2, identify(phone=LANDLINE, email="ben@example.com", first_name="Ben")),
        (["email"], ["first_name"]),
    ),
    "a first address with another name": (
        at(1, identify(phone=LANDLINE, first_name="Ann")),
        at(2, identify(phone=LANDLINE, email="ben@example.com", name="Ben")),
        ([], ["name"]),
    ),
    "another name by a landline alone": (
        at(1, identify(phone=LANDLINE, first_name="Ann", birthday="1980-01-01")),
        at(2, identify(phone=LANDLINE, first_name="Ben", birthday="1990-01-01")),
        ([], ["birthday", "first_name"]),
    ),
    "a second number by a shared address": (
        at(1, identify(email=COUPLE, phone="+31655500142", first_name="Ann")),
        at(2, identify(email=COUPLE, phone="+31655500143", first_name="Ben")),
        (["phone"], ["first_name"]),
    ),
    "a second address on one device": (
        at(1, identify(anonymous="tablet", email="ann@example.com")),
        at(2, identify(anonymous="tablet", email="ben@example.com")),
        (["email"], []),
    ),
    "a user id by a shared address": (
        at(1, identify(email=COUPLE, first_name="Ann")),
        at(2, identify("u2", email=COUPLE, first_name="Ben")),
        ([], ["first_name"]),
    ),
}


@pytest.mark.parametrize("name", STRANGERS)
@pytest.mark.parametrize("together", [True, False])
def test_what_may_be_anothers_is_written_down_and_taken_apart_exactly(call, name, together):
    first, second, (kinds, traits) = STRANGERS[name]
    products = [{"product_id": "p1", "quantity": 2, "price": 5}]
    first, second = ({**one, "context": {"traits": {"country": "NL"}}} for one in (first, second))
    order = at(3, track("Order Completed", revenue=10, products=products))
    order |= {"userId": second["userId"], "context": {"traits": second["traits"]}}
    call.batch(first)
    work_off()
    alone = everything()
    for part in [[second, order]] if together else [[second], [order]]:
        call.batch(*part)
        work_off()
    assert living().count() == 1
    record = evidence().get()
    assert (record.rule, record.evidence["kinds"], sorted(record.evidence["traits"])) == (
        "attach", kinds, traits
    )  # fmt: skip
    assert record.evidence["message_id"] == "m2"
    ann = living().get().pk
    undo_merge(merge_id=record.pk)
    record.refresh_from_db()
    ben = record.absorbed_id
    assert living().count() == 2
    # Ben has his calls, whole; a purchase by the landline alone does not say whose it is
    moved = {"m2"} if name == "another name by a landline alone" else {"m2", "m3"}
    found = Event.objects.filter(profile_id=ben).values_list("message_id", flat=True)
    assert set(found) == moved
    if "m3" in moved:
        assert EventState.objects.get().profile_id == EventItem.objects.get().profile_id == ben
    told = second["traits"]
    own = Profile.objects.get(pk=ben).traits
    assert {name: own.get(name) for name in told if name != "country"} == told
    # and Ann is as she was
    Event.objects.exclude(message_id="m1").delete()
    Profile.objects.filter(pk=ben).delete()
    for model in (Identifier, ProfileTrait, EventItem, EventState):
        model.objects.filter(profile_id=ben).delete()
    if "m3" not in moved:
        EventState.objects.all().delete()
        EventItem.objects.all().delete()
        Profile.objects.filter(pk=ann).update(last_seen=Profile.objects.get(pk=ann).first_seen)
    assert everything() == alone
    entry = AuditEntry.objects.get(action="attach.undone")
    assert "Ben" not in repr(entry.detail)
    with pytest.raises(CannotUndo):
        undo_merge(merge_id=record.pk)


def test_nothing_personal_is_kept_in_the_record(call):
    for name in ("a second address by a landline", "another name by a landline alone"):
        call.batch(*STRANGERS[name][:2])
        work_off()
    for row in evidence():
        kept = repr([row.evidence, row.snapshot, row.once]).lower()
        assert not any(word in kept for word in ("ben", "ann", "example", "624", "1990"))


def test_three_rows_with_a_landline_are_told_and_flood_nothing(call, tmp_path):
    call.batch(identify("z", phone=LANDLINE, first_name="Zed"))
    work_off()
    file = tmp_path / "people.csv"
    file.write_text(
        "email,phone,first_name,country\n"
        "ann@example.com,020 6241111,Ann,NL\n"
        "ben@example.com,020 6241111,Ben,NL\n"
        ",020 6241111,Cleo,NL\n,020 6241111,Cleo,NL\n" + ",020 6241111,cleo ,NL\n" * 3
    )
    run("ingest", file)
    work_off()
    assert [row.evidence["traits"] for row in evidence()] == [["first_name"]] * 3
    assert len({row.survivor_id for row in evidence()}) == 1
    for row in evidence():
        undo_merge(merge_id=row.pk)
    people = {name.strip(): pk for pk, name in living().values_list("pk", "display_name")}
    assert sorted(people) == ["Ann", "Ben", "Zed", "cleo"]
    assert Event.objects.filter(profile_id=people["cleo"]).count() == 5
    # a switchboard does not fill the table
    call.batch(*(identify(phone="+31 20 624 2222", first_name=f"Name{n}") for n in range(40)))
    work_off()
    assert evidence().filter(undone_at=None).count() == 20
    assert DataWarning.objects.get(code="shared_identifier").count == 19


def test_what_was_taken_apart_stays_apart_and_goes_on_by_itself(call):
    call.batch(*STRANGERS["a second address by a landline"][:2])
    work_off()
    # what came later by Ben's address is Ben's
    call.batch(identify("ben", email="ben@example.com"), track("Seen", "ben", "bens-device"))
    work_off()
    record = evidence().get()
    undo_merge(merge_id=record.pk)
    ann, ben = record.survivor_id, Merge.objects.get(pk=record.pk).absorbed_id
    assert person_of("user_id", "ben") == person_of("anonymous_id", "bens-device") == ben
    assert person_of("email", "ben@example.com") == ben
    assert person_of("phone", "+31206241111") == person_of("email", "ann@example.com") == ann
    call.batch(
        identify(phone=LANDLINE, email="ben@example.com", city="Ede", first_name="Ben"),
        identify("ben", phone=LANDLINE, anonymous="bens-second"),
        identify(phone=LANDLINE, city="Zwolle"),
    )
    work_off()
    assert living().count() == 2
    assert not MergePending.objects.exists()
    assert names_of(ann) == "Ann"
    assert Profile.objects.get(pk=ann).traits["city"] == "Zwolle"
    assert Profile.objects.get(pk=ben).traits["city"] == "Ede"
    assert person_of("anonymous_id", "bens-second") == ben
    bulk.resolve_all()
    assert living().count() == 2
    assert evidence().filter(undone_at=None).count() == 0


def test_who_has_nothing_but_the_shared_number_is_known_by_their_name(call):
    call.batch(*STRANGERS["another name by a landline alone"][:2])
    work_off()
    record = evidence().get()
    undo_merge(merge_id=record.pk)
    ann, ben = record.survivor_id, Merge.objects.get(pk=record.pk).absorbed_id
    call.batch(
        identify(phone=LANDLINE, first_name="BEN", birthday="1990-01-01", city="Ede"),
        identify(phone=LANDLINE, first_name="Ann", city="Zwolle"),
    )
    work_off()
    assert Profile.objects.get(pk=ben).traits["city"] == "Ede"
    assert Profile.objects.get(pk=ann).traits["city"] == "Zwolle"
    assert living().count() == 2


def test_they_may_be_joined_again_and_that_can_be_undone(call):
    for name in ("a second address by a landline", "another name by a landline alone"):
        phone = {"phone": "+31 20 624 3333"} if "alone" in name else {}
        first, second = (
            {**one, "messageId": f"{name}{n}", "traits": {**one["traits"], **phone}}
            for n, one in enumerate(STRANGERS[name][:2])
        )
        call.batch(first, second)
        work_off()
        record = evidence().last()
        with pytest.raises(CannotMerge):
            join_again(merge_id=record.pk)
        undo_merge(merge_id=record.pk)
        apart = everything()
        again = join_again(merge_id=record.pk)
        assert Identifier.objects.filter(profile_id=record.survivor_id).count() > 2
        assert names_of(record.survivor_id) == "Ben"
        undo_merge(merge_id=again.pk)
        assert everything() == apart


def test_permissions_follow_their_address_and_a_refusal_of_all_stays_with_both(call, source):
    call.batch(*STRANGERS["a second address by a landline"][:2])
    work_off()
    record = evidence().get()
    ann = Profile.objects.get(pk=record.survivor_id)
    said = [("email", "ben@example.com", "granted"), ("email", "ann@example.com", "granted")]
    statements = [
        Statement(
            profile_id=ann.pk,
            purpose_id=Purpose.objects.get(slug="marketing").pk,
            channel=channel,
            contact_point=point,
            status=status,
            basis="consent",
            source_id=source.pk,
            actor="person",
            evidence={"act": "form"},
        )
        for channel, point, status in [*said, ("sms", "", "denied")]
    ]
    record_consents(statements)
    undo_merge(merge_id=record.pk)
    ben = Merge.objects.get(pk=record.pk).absorbed_id

    def standing(person):
        return set(
            ConsentState.objects.filter(profile_id=person).values_list(
                "channel", "contact_point", "status"
            )
        )

    assert standing(ben) == {("email", "ben@example.com", "granted"), ("sms", "", "denied")}
    assert standing(ann.pk) == {
        ("email", "ann@example.com", "granted"),
        ("sms", "", "denied"),
    }
    cited = ConsentEntry.objects.filter(profile_id=ben, cites_id=None)
    assert not cited.exists()


def test_the_evidence_of_a_batch_is_one_statement(call, django_assert_max_num_queries):
    def rows(part):
        return [
            identify(phone=f"+31 20 624 {4000 + n}", email=f"{part}{n}@example.com")
            for n in range(20)
        ]

    counts = []
    for part in ("a", "b"):
        call.batch(*rows(part))
        with django_assert_max_num_queries(40) as counted:
            processor.process_portion()
        counts.append(len(counted))
        while merging.run_pending():
            pass
    assert evidence().count() == 20
    assert counts[1] - counts[0] <= 7


def test_it_is_listed_beside_the_merges_and_undone_there(call, api, masked):
    call.batch(*STRANGERS["a second address by a landline"][:2])
    work_off()
    listed = api.get("/api/identities/merges/?kind=attach").json()["results"]
    assert api.get("/api/identities/merges/").json()["results"] == listed
    assert api.get("/api/identities/merges/?kind=merge").json()["results"] == []
    assert api.get("/api/identities/merges/?kind=other").status_code == 400
    (row,) = listed
    ann = living().get()
    assert (row["kind"], row["rule"], row["survivor"], row["absorbed"]) == (
        "attach", "attach", str(ann.public_id), None
    )  # fmt: skip
    address = f"/api/identities/merges/{row['id']}"
    assert masked.post(f"{address}/undo/").status_code == 403
    assert masked.post(f"{address}/join-again/").status_code == 403
    assert api.post(f"{address}/join-again/").status_code == 409
    undone = api.post(f"{address}/undo/").json()
    assert undone["undone_at"]
    assert undone["absorbed"] == str(living().exclude(pk=ann.pk).get().public_id)
    assert api.post(f"{address}/undo/").status_code == 409
    again = api.post(f"{address}/join-again/")
    assert again.status_code == 201
    assert again.json()["kind"] == "merge"
    assert living().get().pk == ann.pk
    assert api.post(f"{address}/join-again/").status_code == 409
    assert api.post("/api/identities/merges/0/join-again/").status_code == 404


def test_the_customer_page_says_why_and_takes_apart(call, admin, analyst):
    call.batch(*STRANGERS["a second address by a landline"][:2])
    work_off()
    ann, record = living().get(), evidence().get()
    page = reverse("profiles:person", args=[ann.public_id])
    text = admin.get(page).content.decode()
    words = "A call came by the phone and brought a second email and another first name"
    assert text.count(words) == 2  # under Known as, and in the timeline
    assert "Ben (others say: Ann)" in text
    undo = reverse("profiles:undo_join", args=[record.pk])
    assert undo in text
    hidden = analyst.get(page).content.decode()
    assert "Take apart" not in hidden
    assert not any(value in hidden for value in ("ben@", "others say: Ann", "6241111"))
    answer = admin.post(undo, follow=True).content.decode()
    assert "Taken apart: what the call brought is a person of its own." in answer
    again = reverse("profiles:join_again", args=[record.pk])
    assert again in answer
    other = living().exclude(pk=ann.pk).get()
    assert reverse("profiles:person", args=[other.public_id]) in answer
    answer = admin.post(again, follow=True).content.decode()
    assert "They are one person again." in answer
    assert again not in answer
    assert "They are one person already." in admin.post(again, follow=True).content.decode()
    assert "already" in admin.post(undo, follow=True).content.decode()
    assert analyst.post(again).status_code == 403
    assert admin.post(reverse("profiles:join_again", args=[0])).status_code == 404


people = st.lists(
    st.tuples(st.sampled_from(["ann", "ben", "cleo", "dan"]), st.booleans()), min_size=2, max_size=9
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=people, data=st.data())
def test_whoever_shares_a_landline_is_themselves_once_all_is_taken_apart(source, rows, data):
    calls = [
        {
            **identify(phone=LANDLINE, email=f"{name}@example.com", first_name=name, nth=n),
            "messageId": f"{name}-{n}",
            **({"timestamp": f"2026-03-01T10:{n:02}:00Z"} if is_timed else {}),
        }
        for n, (name, is_timed) in enumerate(rows)
    ]
    try:
        with transaction.atomic():
            _in_pieces(source, calls, data)
            names = {name for name, _ in rows}
            assert living().count() == 1
            assert evidence().count() == len(names) - 1
            for row in data.draw(st.permutations(list(evidence()))):
                undo_merge(merge_id=row.pk)
            assert living().count() == len(names)
            for name in names:
                own = Profile.objects.get(pk=person_of("email", f"{name}@example.com"))
                assert (own.traits["first_name"], own.display_name) == (name, name)
                found = Event.objects.filter(profile_id=own.pk).values_list("message_id", flat=True)
                assert {one.split("-")[0] for one in found} == {name}
            assert Event.objects.count() == len(rows)
            raise Undo
    except Undo:
        pass


def _in_pieces(source, calls, data):
    while calls:
        cut = data.draw(st.integers(1, len(calls)))
        inbox.accept(source, calls[:cut])
        calls = calls[cut:]
        work_off()
