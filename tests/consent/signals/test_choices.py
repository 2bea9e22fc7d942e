"""Consent objects on what comes in: the ledger, purpose by purpose, and the gate at collection."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from consent.models import ConsentEntry, ConsentState, Purpose, SignalMapping
from consent.wordings import say as say_words
from profiles.ingest import keys
from profiles.models import DataWarning, Event, Identifier, Profile, Source
from tests.campaigns.builders import say
from tests.cast import make_user
from tests.consent.signals.test_strings import DISCLOSED, tc_string
from tests.profiles.ingest.conftest import Caller, make_source, work_off

pytestmark = pytest.mark.django_db
MEASURING, PERSONAL, SHARING = "measuring", "personalisation", "sharing-for-ads"
ALL = {"measure": True, "fit": True, "ads": True}


@pytest.fixture(autouse=True)
def site():
    keys._known.clear()
    site = make_source("site", "browser")
    for name, slug in (("measure", MEASURING), ("fit", PERSONAL), ("ads", SHARING)):
        map_to(slug, name, source=site)
    map_to(None, "needed", source=site)
    return site


def map_to(slug, name, signal="category", source=None):
    purpose = slug and Purpose.objects.get(slug=slug)
    return SignalMapping.objects.create(source=source, signal=signal, name=name, purpose=purpose)


def tell(consent="nothing", *, key="key-site", kind="page", minutes_ago=0, gpc=False, **more):
    """A call with this consent object; the event is Viewed, or whatever `event` says."""
    context = dict(more.pop("context", {}))
    if consent != "nothing":
        context["consent"] = consent
    at = (timezone.now() - timedelta(minutes=minutes_ago)).isoformat()
    call = {"type": kind, "anonymousId": "d", "context": context, "timestamp": at} | more
    headers = {"Sec-GPC": "1"} if gpc else {}
    assert Caller(key).post("/v1/batch", {"batch": [call]}, **headers).status_code == 200
    work_off()


def chosen(**categories):
    return {"categoryPreferences": categories}


def person(value="d"):
    return Profile.objects.get(pk=Identifier.objects.get(value=value).profile_id)


def stands(value="d"):
    rows = ConsentState.objects.filter(profile=person(value), channel="")
    return dict(rows.values_list("purpose__slug", "status"))


def entries(slug, value="d"):
    return list(
        ConsentEntry.objects.filter(profile=person(value), purpose__slug=slug).order_by("id")
    )


def test_no_object_says_nothing_an_empty_one_is_all_no_and_what_is_left_out_is_no():
    tell()
    assert stands() == {}
    tell(chosen(measure=True, fit=True))
    assert stands() == {MEASURING: "granted", PERSONAL: "granted", SHARING: "denied"}
    tell()
    assert stands()[MEASURING] == "granted", "silence later takes nothing back"
    tell(chosen())
    assert stands() == {MEASURING: "withdrawn", PERSONAL: "withdrawn", SHARING: "denied"}
    tell(chosen(measure=True, fit="yes", ads=1))
    assert stands()[PERSONAL] == "withdrawn", "only true is yes"
    tell({})
    assert set(stands().values()) == {"withdrawn", "denied"}


def test_a_number_that_nobody_can_read_fails_no_call():
    tell({"gpp": "DBABTA~1YNN", "gppSid": "1" * 5_000}, key="key-site", event="Seen", kind="track")
    assert Event.objects.filter(name="Seen").count() == 1


def test_a_banner_never_touches_mails_and_a_mapping_cannot_make_it():
    make_source("shop")
    Caller("key-shop").batch({"type": "identify", "userId": "v", "anonymousId": "d",
                              "traits": {"email": "v@example.com"}})  # fmt: skip
    work_off()
    say(person())
    tell(chosen())
    mail = ConsentState.objects.get(profile=person(), purpose__slug="marketing")
    assert mail.status == "granted"
    client = officer()
    body = {"signal": "category", "name": "mails", "purpose": "marketing", "source": "site"}
    answer = client.post("/api/consent-signals/", body, content_type="application/json")
    assert answer.status_code == 400 and "processing" in answer.content.decode()


def test_the_same_state_is_written_once_and_a_change_with_its_evidence(site):
    words = say_words(f"banner-{site.pk}", "en", {"title": "May we?", "yes": "Yes"})
    other = say_words("banner-999", "en", {"title": "Of another site"})
    for _ in range(4):
        tell(chosen(**ALL) | {"wording": words.pk})
    tell(chosen(measure=True, fit=False, ads=True) | {"wording": other.pk, "language": "id"},
         messageId="m-5")  # fmt: skip
    first, last = entries(PERSONAL)
    assert (first.status, first.wording, first.language) == ("granted", "May we?\nYes", "en")
    assert (last.status, last.wording, last.language, last.source) == ("withdrawn", "", "id", site)
    assert last.evidence | {"act": "form"} == last.evidence
    assert last.evidence["message_id"] == "m-5"
    assert last.evidence["categories"] == {"measure": True, "fit": False, "ads": True}
    assert len(entries(MEASURING)) == 1


def test_the_latest_wins_whatever_the_order_and_a_batch_says_each_change():
    tell(chosen(**ALL), minutes_ago=10)
    tell(chosen(), minutes_ago=30)  # a device that was offline tells what it was told before
    assert stands()[SHARING] == "granted"
    now = timezone.now()
    calls = [
        {"type": "page", "anonymousId": "d", "timestamp": (now - timedelta(minutes=n)).isoformat(),
         "context": {"consent": chosen(ads=n != 4, measure=True)}}
        for n in (3, 5, 4)
    ]  # fmt: skip
    Caller("key-site").batch(*calls)
    work_off()
    assert [row.status for row in entries(SHARING)] == ["granted", "withdrawn", "granted"]


def test_what_a_public_key_says_overrides_no_proven_word_and_is_kept_once_beside_it():
    make_source("shop")
    map_to(SHARING, "ads", source=Source.objects.get(name="shop"))
    tell(chosen(ads=True), key="key-shop", kind="identify", userId="v")
    for _ in range(3):
        tell(chosen(measure=True), userId="v")
    assert stands()[SHARING] == "granted"
    claim = entries(SHARING)[-1]
    assert (len(entries(SHARING)), claim.outcome, claim.status) == (2, "unproven", "withdrawn")
    tell(chosen(), key="key-shop", kind="identify", userId="v")
    tell(chosen(ads=True, measure=True), userId="v")
    assert stands()[SHARING] == "withdrawn"
    assert stands()[MEASURING] == "granted", "of which nothing proven was said"


def test_gpc_stands_above_a_banner_in_the_same_browser():
    for _ in range(2):
        tell(chosen(**ALL), gpc=True)
    assert stands() == {MEASURING: "granted", PERSONAL: "granted", SHARING: "denied"}
    assert len(entries(SHARING)) == 1


def test_an_import_ends_no_refusal():
    make_source("shop")
    map_to(SHARING, "ads", source=Source.objects.get(name="shop"))
    tell(chosen(), key="key-shop", kind="identify", userId="v", minutes_ago=9)
    for minutes in (8, 5):
        at = (timezone.now() - timedelta(minutes=minutes)).isoformat()
        call = {"type": "identify", "userId": "v", "timestamp": at,
                "context": {"consent": chosen(ads=True)}}  # fmt: skip
        assert Caller("key-shop").post("/v1/import", {"batch": [call]}).status_code == 200
        work_off()
    assert stands("v")[SHARING] == "denied"
    assert len(entries(SHARING, "v")) == 2, "the claim is kept once"


@pytest.mark.parametrize(
    ("context", "measuring", "sharing"),
    [
        ({"consent": {"categoryPreference": {"measure": True}}}, "granted", "denied"),
        ({"consentManagement": {"allowedConsentIds": ["measure"], "deniedConsentIds": ["ads"]}},
         "granted", "denied"),
        ({"consentManagement": {"allowedConsentIds": [], "provider": "x"}}, "denied", "denied"),
        ({"consentManagement": {"provider": "custom"}}, None, None),
    ],
)  # fmt: skip
def test_other_clients_say_it_in_their_own_way(context, measuring, sharing):
    tell(context=context)
    assert (stands().get(MEASURING), stands().get(SHARING)) == (measuring, sharing)


def test_where_measuring_is_refused_events_are_heard_and_not_stored(django_assert_num_queries):
    tell(chosen(), kind="track", event="Product Viewed", properties={"product_id": "P1"},
         messageId="one")  # fmt: skip
    tell(chosen(), kind="track", event="Product Viewed", messageId="one")
    assert not Event.objects.filter(profile=person()).exists()
    assert stands()[MEASURING] == "denied", "yet what they said is on record"
    counted = DataWarning.objects.get(code="withheld")
    assert (counted.event_name, counted.count, counted.example) == ("Product Viewed", 1, "")
    tell(
        chosen(),
        kind="track",
        event="Segment Consent Preference Updated",
        context={"ip": "1.2.3.4"},
    )
    tell(chosen(), kind="track", event="Order Completed", properties={"revenue": 9},
         context={"page": {"url": "https://shop.example/a"}, "campaign": {"a": "x"}})  # fmt: skip
    tell(chosen(), kind="identify", traits={"first_name": "Ada"}, context={"userAgent": "Mozilla"})
    kept = {event.name: event for event in Event.objects.filter(profile=person())}
    assert set(kept) == {"Segment Consent Preference Updated", "Order Completed", "identify"}
    assert kept["Order Completed"].properties == {"revenue": 9}
    assert all(event.context == {"consent": chosen()} for event in kept.values())
    assert person().traits == {"first_name": "Ada"}
    tell(
        chosen(measure=True), kind="track", event="Product Viewed", properties={"product_id": "P2"}
    )
    assert Event.objects.get(name="Product Viewed").properties == {"product_id": "P2"}
    tell(kind="track", event="Product Viewed")
    assert Event.objects.filter(name="Product Viewed").count() == 2, "without an object, as ever"


def test_a_batch_costs_no_more_queries_for_more_messages(django_assert_max_num_queries):
    calls = [
        {"type": "page", "anonymousId": f"d{n}", "context": {"consent": chosen(measure=n % 2 > 0)}}
        for n in range(60)
    ]
    Caller("key-site").batch(*calls)
    with django_assert_max_num_queries(75):
        work_off()
    assert ConsentState.objects.filter(purpose__slug=MEASURING).count() == 60
    assert Event.objects.count() == 30


def test_categories_that_nobody_mapped_are_listed_and_change_nothing():
    tell({"categoryPreferences": ALL | {"C0004": True, "needed": True, "ada@example.com": True}})
    found = DataWarning.objects.filter(code="unmapped_category")
    assert list(found.values_list("detail", flat=True)) == ["C0004"]
    client = officer()
    page = client.get("/console/profiles/datawarning/").content.decode()
    assert "signal=category&amp;name=C0004" in page
    map_to(SHARING, "C0004", source=Source.objects.get(name="site"))
    tell({"categoryPreferences": ALL})
    assert stands()[SHARING] == "withdrawn", "of several categories all have to say yes"


@pytest.mark.parametrize(
    ("consent", "code", "reason"),
    [
        ("yes", "consent_object", "context.consent is no object"),
        ({"categoryPreferences": ["a"]}, "consent_object", "categoryPreferences is no object"),
        ({"categoryPreferences": {f"c{n}": True for n in range(101)}}, "consent_object",
         "categoryPreferences has over 100 names, or a longer one"),
        ({"tcf": 7}, "consent_string", "tcf is no text"),
        ({"tcf": "CPXx"}, "consent_string", "it ends too early"),
        ({"gpp": "A" * 12_001}, "consent_string", "it is over 12000 characters"),
        ({"tcf": tc_string(timezone.now())}, "consent_string",
         "written after 28 Feb 2026 without the segment Disclosed Vendors, which TCF 2.3 asks for"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_or_does_not_count_is_a_warning_and_changes_nothing(
    consent, code, reason
):
    tell(consent)
    assert stands() == {}
    found = DataWarning.objects.get()
    assert (found.code, found.detail, found.count) == (code, reason, 1)
    assert Event.objects.filter(profile=person()).count() == 1


def bits_of(*purposes):
    """For the 12 purposes that `tc_string` writes."""
    return sum(1 << 12 - number for number in purposes)


@pytest.mark.parametrize(
    ("consent", "expected"),
    [
        ({"tcf": (1, 8, 9, 10)}, {MEASURING: "granted", PERSONAL: "denied", SHARING: "denied"}),
        ({"tcString": (1, 2, 3, 4, 5, 6, 7, 11)},
         {MEASURING: "denied", PERSONAL: "granted", SHARING: "granted"}),
        ({"gpp": (8, 9, 10)}, {MEASURING: "denied", PERSONAL: "denied", SHARING: "denied"}),
        ({"gpp": "DBABTA~1YYN"}, {SHARING: "denied"}),
        ({"gpp": "DBABTA~1YNN"}, {}),
        ({"gpp": "DBABBg~BVqqqqpY.YA"}, {SHARING: "denied"}),
        ({"gpp": "DBABBg~BVqqqqpY.YA", "gppSid": [7]}, {}),
        ({"gpp": "DBABBg~BVqqqqpY.YA", "gppSid": "7_8"}, {SHARING: "denied"}),
        ({"gpp": "DBABTA~1YYN", "categoryPreferences": ALL},
         {MEASURING: "granted", PERSONAL: "granted", SHARING: "denied"}),
    ],
)  # fmt: skip
def test_strings_of_the_iab_decide_by_their_purposes_and_opt_outs(consent, expected):
    def written(purposes):
        string = f"{tc_string(timezone.now(), purposes=bits_of(*purposes))}.{DISCLOSED}"
        return string

    strings = {
        name: written(one) if isinstance(one, tuple) else one for name, one in consent.items()
    }
    tell(strings)
    assert stands() == expected
    if expected:
        evidence = entries(SHARING)[-1].evidence
        kind = "gpp" if "gpp" in consent else "tcf"
        assert evidence[kind] == next(
            v for k, v in strings.items() if k in ("tcf", "tcString", "gpp")
        )
        assert evidence["says"][kind]


def officer():
    client = Client()
    client.force_login(make_user("admin"))
    return client


def test_rows_are_made_and_taken_away_by_rest_and_in_the_console(site):
    client = officer()
    body = {"source": "site", "signal": "tcf", "name": "sf1", "purpose": MEASURING}
    made = client.post("/api/consent-signals/", body, content_type="application/json")
    assert made.status_code == 201
    assert body | {"id": made.json()["id"]} in client.get("/api/consent-signals/").json()["results"]
    again = client.post("/api/consent-signals/", body, content_type="application/json")
    wrong = client.post(
        "/api/consent-signals/", body | {"name": "25"}, content_type="application/json"
    )
    assert (again.status_code, wrong.status_code) == (409, 400)
    # the source's own rows stand in place of those of every source, for this signal
    tell({"tcf": f"{tc_string(timezone.now(), purposes=bits_of(1, 8, 9, 10))}.{DISCLOSED}"})
    assert stands() == {MEASURING: "denied"}
    row = f"/api/consent-signals/{made.json()['id']}/"
    assert [client.delete(row).status_code, client.delete(row).status_code] == [204, 404]
    form = {"source": site.pk, "signal": "gpp", "name": "SaleOptOut", "purpose": ""}
    assert client.post("/console/consent/signalmapping/add/", form).status_code == 302
    bad = client.post("/console/consent/signalmapping/add/", form | {"name": "Sale"})
    assert bad.status_code == 200 and "SharingOptOut" in bad.content.decode()
    assert "decides on nothing" in client.get("/console/consent/signalmapping/").content.decode()
    tell({"gpp": "DBABTA~1YYN"})
    assert SHARING not in stands()
