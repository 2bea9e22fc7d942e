"""The demo shop's year: the same for the same seed, as big as asked, and true to what it tells."""

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import phonenumbers
import pytest
from email_validator import validate_email

from campaigns.content.render import compile_content
from config.demo.generator import (
    SOURCES,
    DemoCall,
    Observer,
    background,
    content,
    generate,
    permissions,
    year_before,
)
from config.demo.generator.people import maya
from config.demo.generator.permissions import readers, standing
from config.demo.generator.stream import make_people, make_world
from config.demo.generator.truths import Truths
from config.demo.generator.world.catalogue import PRODUCTS
from config.demo.generator.world.clock import to_ms

END = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)
SMALL = {"profiles": 300, "events": 7_500}
TYPES = {"identify", "track", "page", "screen", "group", "alias"}


def year(end=END, **options):
    return list(generate(**SMALL, end=end, **options))


def as_bytes(messages):
    return [json.dumps([m.at.isoformat(), m.source, m.body]).encode() for m in messages]


@pytest.fixture(scope="module")
def full() -> tuple[list[DemoCall], Truths]:
    observer = Observer()
    messages = list(generate(end=END, observer=observer))
    return messages, observer.truths(to_ms(END))


@pytest.fixture(scope="module")
def people():
    return make_people(make_world(10_000, 250_000, END, 7), to_ms(END))


@pytest.fixture(scope="module")
def said():
    return list(permissions(end=END))


def test_same_seed_and_end_give_the_same_bytes():
    first = as_bytes(year())
    assert first == as_bytes(year())
    assert first != as_bytes(year(seed=8))


@pytest.mark.parametrize("days", [1, 40, 200])
def test_continuing_adds_what_comes_later_and_changes_nothing(days):
    later = END + timedelta(days=days)
    start = year_before(END)
    before, after = year(), year(later, start=start, since=END)
    assert all(m.at > END for m in after)
    assert after
    assert as_bytes(before) + as_bytes(after) == as_bytes(year(later, start=start))


def test_a_year_later_the_shop_is_as_busy_and_has_new_people():
    start, later = year_before(END), END + timedelta(days=365)
    after = year(later, start=start, since=END)
    assert 0.6 < len(after) / SMALL["events"] < 1.8
    joined = {m.body["userId"] for m in after if m.body.get("event") == "Signed Up"}
    assert not joined & {m.body.get("userId") for m in year()}
    assert len(joined) > 80


def test_full_size_is_as_asked(full):
    messages, truths = full
    assert len(messages) == truths.messages == pytest.approx(250_000, rel=0.03)
    assert truths.profiles == pytest.approx(10_000, rel=0.01)
    assert truths.people < truths.profiles, "and devices that nobody signed in on"


@pytest.mark.parametrize(("profiles", "events"), [(2_000, 20_000), (1_000, 50_000), (500, 12_500)])
def test_other_sizes_are_as_asked(profiles, events):
    observer = Observer()
    count = sum(1 for _ in generate(profiles, events, end=END, observer=observer))
    assert count == pytest.approx(events, rel=0.08)
    assert observer.truths(to_ms(END)).profiles == pytest.approx(profiles, abs=profiles // 200)


def test_a_handful_of_profiles_works():
    assert len(list(generate(3, 60, end=END))) > 10


def test_messages_come_in_the_order_of_time_within_the_year(full):
    messages, _ = full
    times = [m.at for m in messages]
    assert times == sorted(times)
    assert year_before(END) <= times[0]
    assert times[-1] <= END
    assert times[0] < year_before(END) + timedelta(hours=1)
    assert times[-1] > END - timedelta(hours=1)


def test_every_body_keeps_to_the_wire(full):
    messages, _ = full
    ids = set()
    for at, source, body in messages:
        text = json.dumps(body, allow_nan=False, ensure_ascii=False)
        assert len(text.encode()) < 32_000
        assert "\\u0000" not in text
        assert source in SOURCES
        assert body["type"] in TYPES
        assert 0 < len(body["messageId"]) <= 100
        assert body.get("userId") or body.get("anonymousId")
        assert ("event" in body) == (body["type"] == "track")
        sent_at = datetime.fromisoformat(body["timestamp"])
        assert abs(sent_at - at) < timedelta(milliseconds=2)
        ids.add(body["messageId"])
    assert len(ids) == len(messages)


def test_client_sources_never_name_two_people_on_one_device_except_families(full):
    messages, truths = full
    users = defaultdict(set)
    for message in messages:
        user, device = message.body.get("userId"), message.body.get("anonymousId")
        if user and device:
            users[device].add(user)
    assert {d: tuple(sorted(u)) for d, u in users.items() if len(u) > 1} == truths.shared
    assert len(truths.shared) == 59
    assert all(len(pair) == 2 for pair in truths.shared.values())


def test_anonymous_history_comes_before_its_owner(full):
    messages, truths = full
    owners, seen, before = set(truths.owner.values()), set(), 0
    for message in messages:
        user, device = message.body.get("userId"), message.body.get("anonymousId")
        if device in truths.owner and device not in seen:
            if user in owners:
                seen.add(device)
            else:
                before += 1
    assert before > 10_000
    each = Counter(Counter(truths.owner.values()).values())
    assert {1, 2, 3} <= set(each)


def resolve(messages, truths):
    """Who did what, worked out from the messages alone and by other means than the observer's."""
    facts = defaultdict(list)
    for message in messages:
        body = message.body
        user = body.get("userId")
        device = body.get("anonymousId")
        who = user or truths.owner.get(device, device)
        facts[who].append((message.at, body.get("event"), body.get("properties", {})))
    return facts


def test_truths_of_segments_hold(full):
    messages, truths = full
    facts = resolve(messages, truths)
    assert len(facts) == truths.profiles
    found = defaultdict(set)
    for who, deeds in facts.items():
        orders = [(at, p) for at, name, p in deeds if name == "Order Completed"]
        kinds = {p["category"] for _, p in orders}
        if "tents" in kinds and "boots" not in kinds:
            found["tent-no-boots"].add(who)
        if sum(p["revenue"] for _, p in orders) > 900:
            found["big-spenders"].add(who)
        recent = [at for at, _ in orders if at > END - timedelta(days=90)]
        if len(orders) >= 3 and not recent:
            found["lapsing-regulars"].add(who)
        added = [at for at, name, _ in deeds if name == "Product Added"]
        ordered = max((at for at, _ in orders), default=END - timedelta(days=999))
        if added and added[-1] > END - timedelta(days=7) and ordered < added[-1]:
            found["abandoned-cart"].add(who)
    for slug, members in found.items():
        assert members == truths.members[slug], slug
    assert 700 < len(found["tent-no-boots"]) < 950
    assert all(len(members) > 50 for members in truths.members.values())


def test_planted_lapsing_people_are_among_the_regulars(full, people):
    _, truths = full
    planted = {p.user_id for p in people if p.known and p.lifecycle.name == "lapsing"}
    caught = planted & truths.members["lapsing-regulars"]
    assert len(caught) > 0.7 * len(planted)


def test_money_adds_up_in_two_currencies(full):
    messages, truths = full
    money = defaultdict(Counter)
    for message in messages:
        said = message.body.get("properties", {})
        if message.body.get("event") == "Order Completed":
            lines = sum(p["price"] * p["quantity"] for p in said["products"])
            assert said["subtotal"] == pytest.approx(lines, abs=0.01)
            assert said["total"] == pytest.approx(said["revenue"] + said["shipping"], abs=0.01)
            assert said["category"] == said["products"][0]["category"]
            money["revenue"][said["currency"]] += said["revenue"]
        if message.body.get("event") == "Order Refunded":
            assert said["total"] > 0
            money["refunded"][said["currency"]] += said["total"]
    assert set(truths.revenue) == {"EUR", "USD"}
    assert truths.revenue == pytest.approx(dict(money["revenue"]))
    assert truths.refunded == pytest.approx(dict(money["refunded"]))


def test_refunds_and_cancellations_follow_their_order(full):
    messages, _ = full
    ordered = {}
    for message in messages:
        name, said = message.body.get("event"), message.body.get("properties", {})
        if name == "Order Completed":
            assert said["order_id"] not in ordered
            ordered[said["order_id"]] = said
        if name in {"Order Refunded", "Order Cancelled"}:
            assert said["total"] <= ordered[said["order_id"]]["total"]


def test_the_shop_has_seasons_evenings_and_weekends(full, people):
    messages, _ = full
    months, hours, weekend = Counter(), Counter(), 0
    offsets = {p.user_id: p.city.offset for p in people if p.known}
    orders = [m for m in messages if m.body.get("event") == "Order Completed"]
    for message in orders:
        category = message.body["properties"]["category"]
        months[category, message.at.month] += 1
        if message.body["properties"]["channel"] in {"web", "app"}:
            local = message.at + timedelta(minutes=offsets[message.body["userId"]])
            hours[local.hour] += 1
            weekend += local.isoweekday() > 5
    assert sum(months["tents", n] for n in (4, 5, 6)) > 2 * sum(
        months["tents", n] for n in (11, 12, 1)
    )
    assert sum(months["stoves", n] for n in (11, 12, 1)) > sum(
        months["stoves", n] for n in (5, 6, 7)
    )
    assert sum(hours[n] for n in (19, 20, 21)) > 3 * sum(hours[n] for n in (8, 9, 10)) / 2
    assert weekend / sum(hours.values()) > 2 / 7


def test_reviews_and_a_store_nearby_sell(full, people):
    _, truths = full
    assert truths.bought_share["well_reviewed"] > 1.5 * truths.bought_share["other"]
    near = [p.orders for p in people if p.known and p.city.store]
    far = [p.orders for p in people if p.known and not p.city.store]
    assert sum(near) / len(near) > 1.3 * sum(far) / len(far)


def test_maya_is_one_person_with_store_and_app_and_a_laptop_apart(full):
    messages, truths = full
    facts = resolve(messages, truths)
    names = [name for _, name, _ in facts[maya.USER_ID]]
    assert {"Store Visited", "Order Completed", "Product Viewed", "Signed Up"} <= set(names)
    sources = {m.source for m in messages if m.body.get("userId") == maya.USER_ID}
    assert {"Store till", "Mobile app", "Shop server"} <= sources
    assert maya.USER_ID in truths.members["tent-no-boots"]
    assert truths.owner[maya.PHONE_ID] == maya.USER_ID
    assert maya.LAPTOP_ID not in truths.owner
    looks = [p["category"] for _, name, p in facts[maya.LAPTOP_ID] if name == "Product Viewed"]
    assert looks
    assert set(looks) == {"boots"}
    traits = [m.body["traits"] for m in messages if m.body.get("userId") == maya.USER_ID
              and m.body["type"] == "identify"]  # fmt: skip
    assert {t["email"].strip().lower() for t in traits if "email" in t} == {maya.EMAIL}


def test_mails_phones_and_names_are_messy_but_the_clean_ones_are_clean(full, people):
    messages, _ = full
    known = [p for p in people if p.known]
    mails = [p.email for p in known if p.email]
    assert len(mails) == len(set(mails))
    for mail in mails[::50]:
        assert validate_email(mail, check_deliverability=False).normalized == mail
    for person in known:
        if person.phone:
            number = phonenumbers.parse(person.written_phone, person.city.country)
            assert phonenumbers.is_valid_number(number)
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            assert e164 == person.phone
    said = [m.body["traits"] for m in messages if m.body["type"] == "identify"]
    written = {str(t.get("email")) for t in said}
    assert any(mail.isupper() for mail in written)
    assert any(mail != mail.strip() for mail in written)
    assert any("+" in mail for mail in written)
    assert "none@none" in written
    assert any(str(t.get("phone", "")).startswith("06 ") for t in said)
    users = {m.body["userId"] for m in messages if "userId" in m.body}
    assert [u for u in users if not u.startswith("cw-")] == [], "who is not known is not named"
    assert any(p.name.first is None for p in known)
    assert any(p.name.first and p.name.first[0] > "\u0600" for p in known)


def test_two_mails_are_shared_by_couples_who_stay_two(people):
    sharing = [p for p in people if p.role.shares_mail_with is not None]
    assert len(sharing) == 11
    assert all(p.email is None for p in sharing)


def test_permissions_are_as_planned(people, said):
    mailable = sum(p.known and p.email is not None for p in people)
    states = Counter((purpose, channel, status) for (_, purpose, channel), status
                     in standing(said).items())  # fmt: skip
    share = {key: count / mailable for key, count in states.items()}
    soft = sum(s.basis == "soft_opt_in" for s in said) / mailable
    assert share["marketing", "email", "granted"] - soft == pytest.approx(0.62, abs=0.02)
    assert share["marketing", "email", "withdrawn"] == pytest.approx(0.12, abs=0.015)
    assert share["marketing", "email", "denied"] == pytest.approx(0.06, abs=0.01)
    assert share["measuring", "email", "granted"] == pytest.approx(0.70, abs=0.02)
    assert 0 < share["marketing", "sms", "granted"] < 0.2
    assert 0.005 < soft < 0.08


def test_permissions_are_ordered_evidenced_and_continue(said):
    assert [s.at for s in said] == sorted(s.at for s in said)
    assert all(s.evidence and s.source in SOURCES for s in said)
    assert {s.status for s in said} == {"granted", "pending", "denied", "withdrawn"}
    middle = END - timedelta(days=100)
    start = year_before(END)
    before = list(permissions(end=middle, start=start))
    assert before + list(permissions(end=END, start=start, since=middle)) == said


def test_permissions_come_after_the_contact_point(full, said, people):
    messages, _ = full
    first = {}
    for message in messages:
        if message.body["type"] == "identify" and message.body.get("userId"):
            first.setdefault(message.body["userId"], message.at)
    by_mail = {f"email:{p.email}": p.user_id for p in people if p.known and p.email}
    by_phone = {f"phone:{p.phone}": p.user_id for p in people if p.known and p.phone}
    assert all(first[(by_mail | by_phone)[s.person]] <= s.at for s in said)


def test_soft_opt_in_names_a_sale_that_took_place(full, said):
    messages, _ = full
    orders = {m.body["properties"]["order_id"] for m in messages
              if m.body.get("event") == "Order Completed"}  # fmt: skip
    soft = [s for s in said if s.basis == "soft_opt_in"]
    assert soft
    assert all(s.evidence["order_id"] in orders for s in soft)


def test_readers_in_indonesia_are_many(said, people):
    assert len(readers(said, people)) > 500


def test_maya_may_be_written_to_and_measured(said):
    states = standing(said)
    assert states[f"email:{maya.EMAIL}", "marketing", "email"] == "granted"
    assert states[f"email:{maya.EMAIL}", "measuring", "email"] == "granted"


def test_background_is_light_stable_and_past():
    start = year_before(END)
    counts = []
    for minute in range(60):
        now = END + timedelta(minutes=minute, seconds=17)
        messages = background(now, start=start)
        assert messages == background(now, start=start)
        assert all(now - timedelta(minutes=2) < m.at <= now for m in messages)
        counts.append(len(messages))
    assert 60 < sum(counts) < 60 * 10


def test_background_opens_no_new_profiles(full):
    messages, _ = full
    devices = {m.body.get("anonymousId") for m in messages}
    for minute in range(120):
        light = background(END + timedelta(minutes=minute), start=year_before(END))
        assert {m.body["anonymousId"] for m in light} <= devices


def test_catalogue_is_ours_and_in_order():
    assert 75 <= len(PRODUCTS) <= 85
    assert len({p.product_id for p in PRODUCTS}) == len({p.name for p in PRODUCTS}) == len(PRODUCTS)
    ids = {p.product_id for p in PRODUCTS}
    assert {maya.TENT, maya.DAYPACK, maya.BAG, maya.BOOTS} <= ids


def test_the_truth_of_each_segment_is_known_but_of_those_by_score_and_permission(full):
    slugs = [segment["slug"] for segment in content.SEGMENTS]
    assert len(slugs) == len(set(slugs)) == 12
    unknown = {"newsletter-indonesia", *content.AUTOMATIC}
    assert set(full[1].members) == set(slugs) - unknown
    kinds = {c["kind"] for s in content.SEGMENTS for c in s["rule"]["conditions"]}
    assert kinds <= {"trait", "event", "segment", "consent", "rfm"}


def test_mails_compile_without_a_problem_and_load_nothing():
    for campaign in content.campaigns("http://127.0.0.1:8000/demo/shop/"):
        mail = campaign["steps"][0]["content"]
        compiled = compile_content(mail["subject"], text=mail["text"], mjml=mail["mjml"])
        assert compiled.usable
        assert compiled.problems == []
        assert compiled.links == ["http://127.0.0.1:8000/demo/shop/"]
        for name in ("unsubscribe_url", "preferences_url", "postal_address"):
            assert name in mail["mjml"]
            assert name in mail["text"]
        assert "<mj-image" not in mail["mjml"]


def test_an_unaware_end_is_refused():
    with pytest.raises(ValueError, match="zone"):
        list(generate(10, 100, end=datetime(2026, 1, 1), start=datetime(2025, 1, 1)))
