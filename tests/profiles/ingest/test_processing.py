"""What messages do to the tables."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from profiles.ingest import hooks, inbox, processor
from profiles.models import (
    DataWarning,
    Event,
    EventDefinition,
    EventItem,
    EventState,
    ExchangeRate,
    Identifier,
    Inbox,
    MessageClaim,
    Profile,
    ProfileTrait,
    Rejection,
)
from profiles.services.sources import internal_source

from .conftest import identify, make_source, track, work_off

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_message_id_counts_once_also_within_a_batch(call):
    one = track(messageId="m1")
    call.batch(one, one, track(messageId="m2"))
    call.batch(one)
    work_off()
    call.batch(one)
    work_off()
    assert sorted(Event.objects.values_list("message_id", flat=True)) == ["m1", "m2"]
    assert MessageClaim.objects.count() == 2
    assert Event.objects.filter(message_id="m1").count() == 1


def test_two_sources_may_use_the_same_message_id(call, source):
    other = make_source("other")
    inbox.accept(source, [track(messageId="m")])
    inbox.accept(other, [track(messageId="m")])
    work_off()
    assert Event.objects.count() == 2


def test_a_missing_message_id_is_made_once(call):
    call.batch(track(), track(), track(messageId=None), track(messageId=""))
    work_off()
    ids = set(Event.objects.values_list("message_id", flat=True))
    assert len(ids) == 4


def test_times_are_corrected_by_the_clients_clock(source):
    sent = "2026-11-20T10:00:00Z"  # the client's clock is two hours slow
    inbox.store(
        source.pk,
        [b'{"type":"track","event":"A","userId":"u","timestamp":"2026-11-20T09:30:00.000Z"}'],
        [],
        {"sentAt": sent},
        NOW,
    )
    work_off()
    event = Event.objects.get()
    assert event.occurred_at == NOW - timedelta(minutes=30)
    assert event.original_at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert event.received_at == NOW


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2031-01-01T00:00:00Z", NOW),
        ("1980-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2026-11-01T10:00:00+02:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2019-05-01T00:00:00", datetime(2019, 5, 1, tzinfo=UTC)),
    ],
)
def test_times_of_history_are_trusted_and_clamped(source, given, kept):
    inbox.accept(source, [track(timestamp=given)], is_history=True, received_at=NOW)
    work_off()
    event = Event.objects.get()
    assert event.occurred_at == kept
    changed = datetime.fromisoformat(given).replace(tzinfo=UTC) != kept and "+" not in given
    assert (event.original_at is not None) == changed


def test_live_messages_older_than_the_ids_are_kept_are_refused(source):
    inbox.accept(source, [track(timestamp="2024-01-01T00:00:00Z", messageId="old"), track()])
    work_off()
    assert Event.objects.count() == 1
    rejection = Rejection.objects.get()
    assert (rejection.code, rejection.message_id) == ("too_old", "old")


def test_identify_after_its_tracks_and_out_of_time(call):
    call.batch(track("Product Viewed"), track("Order Completed", properties={"revenue": "7.50"}))
    call.batch(identify(at="2026-11-02T00:00:00Z", plan="pro", city="Oslo"))
    call.batch(identify(at="2026-11-01T00:00:00Z", plan="free", name="Ada"))
    work_off()
    ada = Profile.objects.get()
    assert ada.traits == {"plan": "pro", "city": "Oslo", "name": "Ada"}
    assert Event.objects.filter(profile=ada).count() == 4
    assert Event.objects.get(name="Order Completed").value == 7.5


def test_null_takes_a_trait_away(call):
    call.batch(identify(plan="pro", city="Oslo"))
    work_off()
    call.batch(identify(plan=None))
    work_off()
    assert Profile.objects.get().traits == {"city": "Oslo"}
    assert ProfileTrait.objects.count() == 2


def test_of_two_at_one_moment_the_more_trusted_source_wins(db):
    low, high = make_source("low", trust=10), make_source("high", trust=90)
    at = "2026-11-01T00:00:00Z"
    for sources in ((low, high), (high, low)):
        user = f"u-{sources[0].name}"
        for source in sources:
            inbox.accept(source, [identify(user, at, plan=source.name)])
            work_off()
        owner = Identifier.objects.get(value=user).profile_id
        assert Profile.objects.get(pk=owner).traits == {"plan": "high"}
    inbox.accept(low, [identify("both", at, plan="low")])
    inbox.accept(high, [identify("both", at, plan="high")])
    work_off()
    owner = Identifier.objects.get(value="both").profile_id
    assert Profile.objects.get(pk=owner).traits == {"plan": "high"}


def test_what_is_shown_of_a_person_follows_the_traits(call):
    call.batch(
        identify(
            firstName="Ada",
            lastName="Lovelace",
            address={"country": "gb"},
            locale="en_GB",
            timezone="Europe/London",
        )
    )
    work_off()
    ada = Profile.objects.get()
    assert (ada.display_name, ada.country, ada.locale, ada.time_zone) == (
        "Ada Lovelace",
        "GB",
        "en-GB",
        "Europe/London",
    )
    call.batch(identify(name="Countess", country="fr", timezone="Mars/Base"))
    work_off()
    ada.refresh_from_db()
    assert (ada.display_name, ada.country, ada.time_zone) == ("Countess", "FR", "")


def test_identifiers_come_from_everywhere_the_protocol_puts_them(call):
    call.batch(
        {
            "type": "identify",
            "userId": 42,
            "anonymousId": "a",
            "traits": {"email": " Ada@Example.COM ", "phone": "+62 812-3456-789"},
            "context": {
                "device": {"id": "d1", "token": "t1"},
                "externalIds": [
                    {"id": "L-7", "type": "Loyalty Card", "collection": "users"},
                    {"id": "X", "type": "acct", "collection": "accounts"},
                ],
            },
        },
        {"type": "track", "userId": "42", "event": "E", "context": {"traits": {"email": "b@c.de"}}},
    )
    work_off()
    found = set(Identifier.objects.exclude(kind="rapport_id").values_list("kind", "value"))
    assert found == {
        ("user_id", "42"),
        ("anonymous_id", "a"),
        ("email", "ada@example.com"),
        ("email", "b@c.de"),
        ("phone", "+628123456789"),
        ("device_id", "d1"),
        ("push_token", "t1"),
        ("loyalty_card", "L-7"),
    }
    email = Identifier.objects.get(value="ada@example.com")
    assert email.raw_value == "Ada@Example.COM"
    assert email.digest is not None
    assert email.verified_at is not None
    assert Profile.objects.count() == 1


def test_a_malformed_address_stays_a_trait_and_is_no_identifier(call):
    call.batch(identify(email="not an address", phone="call me"))
    work_off()
    assert Profile.objects.get().traits == {"email": "not an address", "phone": "call me"}
    assert set(Identifier.objects.values_list("kind", flat=True)) == {"user_id", "rapport_id"}


@pytest.mark.parametrize(
    "value",
    [
        "null",
        "0",
        "000-000",
        " ",
        "Anonymous",
        "[object Object]",
        "undefined",
        "NaN",
        "00000000-0000-0000-0000-000000000000",
    ],
)
def test_values_that_are_nobodys_join_nobody(call, value):
    call.batch(track(user=value, anonymousId="a"), track(user=value, anonymousId="b"))
    call.post("/v1/track", {"userId": value, "event": "Lost"})
    work_off()
    assert Profile.objects.count() == 2
    assert not Identifier.objects.filter(kind="user_id").exists()
    assert set(Rejection.objects.values_list("code", flat=True)) <= {"no_identifier", "required"}
    assert Rejection.objects.count() == 1


def test_alias_to_itself_is_nothing_to_do_and_alias_joins(call):
    call.batch({"type": "alias", "previousId": "u1", "userId": "u1"})
    call.batch(track(user=None, anonymousId="old"))
    work_off()
    assert Profile.objects.count() == 2
    call.batch({"type": "alias", "previousId": "old", "userId": "u1"})
    work_off()
    assert Profile.objects.living().count() == 1


def test_money_is_in_workspace_currency_at_the_days_rate(source):
    ExchangeRate.objects.create(currency="USD", day=date(2026, 11, 1), rate=0.9)
    ExchangeRate.objects.create(currency="USD", day=date(2026, 11, 10), rate=0.8)
    Workspace.objects.update(time_zone="Asia/Jakarta")
    forget_workspace()
    at = "2026-11-{}:00Z".format
    money = [
        ("Order Completed", "09T16:59", {"revenue": 100, "currency": "USD"}, 90),
        ("Order Completed", "09T17:00", {"revenue": 100, "currency": "USD"}, 80),  # the 10th there
        ("Order Completed", "05T00:00", {"revenue": 100, "currency": "usd"}, 90),
        ("Order Completed", "15T00:00", {"revenue": 100, "currency": "USD"}, 80),
        ("Order Completed", "15T00:00", {"revenue": 100, "currency": "EUR"}, 100),
        ("Order Completed", "15T00:00", {"total": 9}, 9),
        ("Order Refunded", "15T00:00", {"revenue": 100}, -100),
        ("Order Cancelled", "15T00:00", {"revenue": -5}, -5),
        ("Order Completed", "15T00:00", {"revenue": 100, "currency": "XXX"}, None),
        ("Order Completed", "15T00:00", {"revenue": "nan"}, None),
        ("Order Completed", "15T00:00", {"revenue": [1]}, None),
        ("Something", "15T00:00", {"revenue": 3}, None),
    ]
    inbox.accept(
        source,
        [
            track(name, messageId=str(n), timestamp=at(day), properties=properties)
            for n, (name, day, properties, _value) in enumerate(money)
        ],
        is_history=True,
        received_at=NOW,
    )
    work_off()
    values = dict(Event.objects.values_list("message_id", "value"))
    assert values == {str(n): row[3] for n, row in enumerate(money)}
    warning = DataWarning.objects.get(code="unknown_currency")
    assert (warning.detail, warning.count) == ("XXX", 1)
    assert DataWarning.objects.get(code="value_not_a_number").count == 2
    state = EventState.objects.get(name="Order Completed")
    assert (state.count, state.sum) == (9, 449)


def test_items_slots_and_definitions(call):
    products = [
        {"product_id": 7, "name": "Shoe", "category": "shoes", "quantity": "2", "price": 9.5},
        {"sku": "s-1"},
        "no product",
    ]
    call.batch(
        track("Order Completed", properties={"category": "shoes", "products": products}),
        track("Odd\tName\\", properties={"a": 1, "b": None, "c": {"d": [1]}}),
        track("Odd\tName\\", properties={"a": "x\n\\t"}),
    )
    work_off()
    items = list(EventItem.objects.order_by("id").values_list("product_id", "quantity", "price"))
    assert items == [("7", 2, 9.5), ("s-1", 1, None)]
    assert Event.objects.get(name="Order Completed").k1 == "shoes"
    odd = EventDefinition.objects.get(name="Odd\tName\\")
    assert odd.schema == {"a": {"number": True, "string": True}, "c": {"object": True}}
    assert Event.objects.filter(name="Odd\tName\\", properties__a="x\n\\t").count() == 1


def test_last_seen_is_not_moved_by_passive_calls(call, source):
    inbox.accept(source, [track(timestamp="2026-10-01T00:00:00Z")])
    work_off()
    inbox.accept(source, [track(timestamp="2026-10-05T00:00:00Z", context={"active": False})])
    work_off()
    assert Profile.objects.get().last_seen.day == 1
    source.refresh_from_db()
    assert source.last_seen_at is not None


def test_page_screen_group_and_shared_context(call):
    call.batch(
        {"type": "page", "userId": "u", "name": "Home", "properties": {"url": "/"}},
        {"type": "screen", "userId": "u", "name": "Cart"},
        {"type": "group", "userId": "u", "groupId": "g", "traits": {"email": "all@co.example"}},
        track(user="u", context={"ip": "2"}, integrations={"All": False}),
        context={"ip": "1", "library": {"name": "x"}},
    )
    work_off()
    rows = {row.type: row for row in Event.objects.all()}
    assert (rows["page"].name, rows["page"].properties) == (
        "Page Viewed",
        {"url": "/", "name": "Home"},
    )
    assert (rows["screen"].name, rows["screen"].properties) == ("Screen Viewed", {"name": "Cart"})
    assert rows["group"].name == "group"
    assert rows["group"].properties == {"email": "all@co.example", "groupId": "g"}
    assert not Identifier.objects.filter(kind="email").exists()
    assert rows["page"].context == {"ip": "1", "library": {"name": "x"}}
    assert rows["track"].context == {
        "ip": "2",
        "library": {"name": "x"},
        "integrations": {"All": False},
    }


def test_our_own_messages_name_a_profile_directly(call, source):
    call.batch(track())
    work_off()
    ada = Profile.objects.get()
    ours = internal_source("Campaigns")
    externals = [{"type": "rapport_id", "id": str(ada.public_id)}]
    nobody = [{"type": "rapport_id", "id": "00000000-0000-0000-0000-000000000001"}]
    inbox.accept(
        ours,
        [
            {"type": "track", "event": "Email Opened", "context": {"externalIds": externals}},
            {"type": "track", "event": "Email Opened", "context": {"externalIds": nobody}},
        ],
    )
    inbox.accept(
        source,
        [{"type": "track", "event": "Forged", "context": {"externalIds": externals}}],
    )
    work_off()
    assert Event.objects.get(name="Email Opened").profile_id == ada.pk
    assert not Event.objects.filter(name="Forged").exists()
    assert set(Rejection.objects.values_list("code", flat=True)) == {
        "unknown_person",
        "no_identifier",
    }
    assert Rejection.objects.get(code="unknown_person").body == ""  # it may quote an address
    assert Profile.objects.count() == 1


def test_poison_is_set_aside_and_blocks_nobody(call, monkeypatch):
    def choke(cursor, batch):
        if any(message.name == "Poison" for message in batch.messages):
            raise ValueError("bad")

    monkeypatch.setitem(hooks.AFTER_BATCH._entries, "choke", (0, choke))
    call.batch(*(track(messageId=f"m{n}") for n in range(5)), track("Poison", messageId="p"))
    call.batch(track("After", messageId="after"))
    work_off()
    assert Event.objects.count() == 6
    rejection = Rejection.objects.get()
    assert (rejection.code, rejection.message_id) == ("processing_failed", "p")
    assert "Poison" in rejection.body
    assert not Inbox.objects.exists()


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("FATAL: sorry, too many clients already"),
        InterfaceError("connection already closed"),
        psycopg.OperationalError("the connection is lost"),  # inside COPY
    ],
    ids=str,
)
def test_an_outage_in_the_middle_of_poison_sets_nothing_aside(call, monkeypatch, error):
    """The portion fails of a message, and while it is looked for the database goes away."""
    found = [ValueError("bad"), error]

    def choke(cursor, batch):
        if found:
            raise found.pop(0)

    monkeypatch.setitem(hooks.AFTER_BATCH._entries, "choke", (0, choke))
    call.batch(track(messageId="1"), track(messageId="2"))
    with pytest.raises(type(error)):
        work_off()
    assert Inbox.objects.get().failed_at is None
    assert not Rejection.objects.exists()
    work_off()
    assert Event.objects.count() == 2


def test_a_row_of_which_nothing_works_is_kept_for_a_second_try(call, monkeypatch):
    def choke(cursor, batch):
        raise ValueError("a bug of ours")

    monkeypatch.setitem(hooks.AFTER_BATCH._entries, "choke", (0, choke))
    call.batch(track(messageId="1"), track(messageId="2"))
    work_off()
    assert Inbox.objects.get().failed_at is not None
    assert not Event.objects.exists()
    monkeypatch.delitem(hooks.AFTER_BATCH._entries, "choke")
    Inbox.objects.update(failed_at=None)
    work_off()
    assert Event.objects.count() == 2


def test_screens_may_refuse(call, monkeypatch):
    def screen(cursor, messages):
        for message in messages:
            if ("user_id", "erased") in message.keys:
                message.refusal = ("erased", "userId", "this person was erased")

    monkeypatch.setitem(hooks.SCREENS._entries, "erased", (0, screen))
    call.batch(track(user="erased"), track(user="u"))
    work_off()
    assert Event.objects.count() == 1
    assert Rejection.objects.get().code == "erased"


@pytest.mark.parametrize("people", [5, 400])
def test_the_number_of_statements_does_not_depend_on_the_number_of_messages(
    call, people, django_assert_max_num_queries
):
    items = [identify(f"u{n}", plan="pro") for n in range(people)]
    call.batch(*items[: people // 2])
    work_off()
    call.batch(
        *items,
        *(track("Order Completed", f"u{n}", properties={"revenue": 1}) for n in range(people)),
    )
    with django_assert_max_num_queries(38):
        assert processor.process_portion() == people * 2


def test_months_of_long_ago_are_made(source):
    at = [f"{year}-02-03T00:00:00Z" for year in (2001, 2014, 2026)]
    inbox.accept(source, [track(timestamp=one) for one in at], is_history=True)
    work_off()
    assert Event.objects.count() == 3
    assert timezone.now() > Event.objects.order_by("occurred_at").first().occurred_at


def test_values_longer_than_an_index_entry_are_kept(call):
    """PostgreSQL refuses index entries over some 2,700 bytes; noise does not compress."""
    noise = "".join(chr(0x4E00 + (n * 7919) % 20_000) for n in range(1_500))
    call.batch(
        track("Order Completed", properties={"order_id": noise, "category": noise, "revenue": 5}),
        identify(name=noise, email="a@example.com", plan=noise),
        track(noise[:250], properties={"category": noise}),
    )
    work_off()
    assert list(Rejection.objects.values_list("code", "errors")) == []
    assert Event.objects.count() == 3
    assert not Inbox.objects.exists()
    assert Event.objects.get(name="Order Completed").properties["order_id"] == noise
