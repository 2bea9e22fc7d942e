"""A grant that wants a double opt-in comes in by no way without one: one function answers."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from config.demo.shop.backend import sign_up
from config.workspace.access.keys import create_api_key
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from config.workspace.work.due import drain
from consent.confirming.asking import record_or_ask
from consent.ledger.recording import Statement
from consent.models import Confirmation, ConsentEntry, ConsentState, Purpose, SignalMapping
from consent.reach import contactable
from profiles.ingest import keys
from profiles.models import Identifier, Profile, Source
from tests.consent.signals.test_strings import DISCLOSED, tc_string
from tests.profiles.ingest.conftest import Caller, make_source, work_off

pytestmark = pytest.mark.django_db
ADDRESS = "new@example.com"
TRAITS = {
    "email": ADDRESS, "marketing_consent": True, "email_opt_in": "yes", "newsletter": True,
    "consent": {"marketing": {"email": "granted"}},
}  # fmt: skip
# all that is said of consent in a call, whoever made it up
OBJECT = {
    "categoryPreferences": {"marketing": True, "email": True, "newsletter": True},
    "tcf": f"{tc_string(datetime(2026, 3, 1, tzinfo=UTC), purposes=0xFFF)}.{DISCLOSED}",
    "gpp": "DBABTA~1YNN", "status": "granted", "purpose": "marketing", "channel": "email",
    "act": "double_opt_in",
}  # fmt: skip


@pytest.fixture(autouse=True)
def marketing() -> Purpose:
    keys._known.clear()
    Purpose.objects.filter(slug="marketing").update(double_opt_in=True)
    make_source("site", "browser")
    make_source("shop")
    return Purpose.objects.get(slug="marketing")


def reached() -> bool:
    people = Profile.objects.filter(
        id__in=Identifier.objects.filter(value=ADDRESS).values("profile_id")
    )
    return contactable(people, purpose="marketing", channel="email").exists()


def state() -> str:
    rows = ConsentState.objects.filter(purpose__slug="marketing", channel="email")
    return str(rows.values_list("status", flat=True).first() or "")


def key_of(*scopes: str) -> Client:
    _row, key = create_api_key(name="k", scopes=list(scopes))
    return Client(headers={"Authorization": f"Bearer {key}"})


def call(**fields) -> dict:
    at = (timezone.now() - timedelta(minutes=1)).isoformat()
    return {"userId": "u1", "timestamp": at, "context": {"consent": OBJECT}} | fields


@pytest.mark.parametrize("source", ["site", "shop"])
def test_what_calls_say_of_consent_gives_no_permission_for_mails_whoever_sends_it(source):
    """`context.consent`, TCF, GPP and traits that are called so; a trait is a trait."""
    calls = [
        call(type="identify", traits=TRAITS),
        call(type="track", event="Newsletter Subscribed", properties=TRAITS),
        call(type="track", event="Consent Preference Updated", properties=OBJECT),
    ]
    assert Caller(f"key-{source}").post("/v1/batch", {"batch": calls}).status_code == 200
    work_off()
    assert Identifier.objects.filter(value=ADDRESS).exists()
    assert state() == "" and not reached()
    assert not ConsentEntry.objects.filter(purpose__purpose_class="marketing").exists()


def test_a_file_that_says_so_is_a_file_of_traits(tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(f"email,marketing_consent,context_consent\n{ADDRESS},true,all\n")
    mapping = tmp_path / "map.json"
    columns = {
        "email": "traits.email", "marketing_consent": "traits.marketing_consent",
        "context_consent": "context.consent",
    }  # fmt: skip
    mapping.write_text(json.dumps({"type": "identify", "columns": columns}))
    call_command("ingest", str(file), "--mapping", str(mapping), verbosity=0)
    drain()
    assert Profile.objects.get().traits["marketing_consent"] in (True, "true")
    assert state() == "" and not reached()


def test_no_row_leads_from_a_banner_to_what_is_sent_also_where_a_purpose_becomes_it(marketing):
    client = key_of("all")
    body = {"source": "site", "signal": "category", "name": "marketing", "purpose": "marketing"}
    refused = client.post("/api/consent-signals/", body, content_type="application/json")
    assert refused.status_code == 400
    site = Source.objects.get(name="site")
    SignalMapping.objects.create(
        source=site, signal="category", name="marketing", purpose=marketing
    )
    test_what_calls_say_of_consent_gives_no_permission_for_mails_whoever_sends_it("site")


@pytest.mark.parametrize(
    ("source", "act", "expected"),
    [
        ("", "form", "pending"), ("", "double_opt_in", "granted"), ("", "recorded_call", "granted"),
        ("shop", "form", "pending"), ("shop", "double_opt_in", "granted"),
        ("site", "form", "pending"), ("site", "double_opt_in", "pending"),
        ("site", "recorded_call", "pending"),
    ],
)  # fmt: skip
def test_proof_is_believed_of_who_is_ours_and_of_no_public_key(marketing, source, act, expected):
    Caller("key-shop").post("/v1/identify", {"userId": "u1", "traits": {"email": ADDRESS}})
    work_off()
    person = Identifier.objects.get(value=ADDRESS).profile_id
    said = Statement(
        person, marketing.pk, "email", "granted", "consent", contact_point=ADDRESS,
        evidence={"act": act, "ip": "203.0.113.7"},
        source_id=Source.objects.get(name=source).pk if source else None,
    )  # fmt: skip
    (answer,) = record_or_ask([said])
    assert (answer.state, answer.is_asked) == (expected, expected == "pending")
    assert state() == expected and reached() == (expected == "granted")
    assert Confirmation.objects.count() == (expected == "pending")


@pytest.mark.parametrize(
    ("evidence", "expected"), [({"act": "form"}, "pending"), ({"act": "double_opt_in"}, "granted")]
)
def test_rest_asks_unless_the_system_brings_its_proof(evidence, expected):
    body = {
        "person": f"email:{ADDRESS}", "purpose": "marketing", "channel": "email",
        "status": "granted", "basis": "consent", "evidence": evidence,
    }  # fmt: skip
    answer = key_of("consents").post("/api/consents/", body, content_type="application/json")
    assert answer.status_code == 201 and answer.json()["state"] == expected
    assert reached() == (expected == "granted")


def test_the_form_of_the_demo_shop_asks_as_well():
    Workspace.objects.update(time_zone="UTC")
    forget_workspace()
    sign_up(
        {"email": ADDRESS, "first_name": "New", "last_name": "", "marketing": "on",
         "measuring": ""}, "/demo/shop/",
    )  # fmt: skip
    assert state() == "pending" and not reached()
    assert Confirmation.objects.get().contact_point == ADDRESS
