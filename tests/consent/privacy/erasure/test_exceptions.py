"""What a law asks for stays after an erasure, is named, and goes when its time is over."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from consent.models import ErasedIdentifier, ErasureDuty, ErasureException, PrivacyRequest
from consent.privacy import requests
from consent.privacy.due import carry_out_due, start_due
from consent.privacy.erasure import exceptions, searching
from consent.privacy.erasure.certificate import is_genuine
from consent.privacy.found import found_of
from profiles.models import Event, EventItem, Profile
from tests.campaigns.builders import say
from tests.profiles.ingest.conftest import _forget_kept, call, source, work_off  # noqa: F401

pytestmark = pytest.mark.django_db
EMAIL = "ines.kortova@example.com"


@pytest.fixture
def ines(call):  # noqa: F811
    """Two orders, one old, and a page."""
    user = {"userId": "ines-77"}
    line = {"product_id": "p-1", "name": "Tent", "price": 20}
    call.batch(
        {"type": "identify", **user, "traits": {"email": EMAIL, "first_name": "Ines"}},
        *(
            {"type": "track", **user, "event": "Order Completed", "timestamp": at,
             "properties": {"order_id": order, "email": EMAIL, "revenue": 20, "products": [line]}}
            for order, at in (("o-1", (timezone.now() - timedelta(days=300)).isoformat()),
                ("o-2", timezone.now().isoformat()),
            )
        ),
        {"type": "page", **user, "name": "Home"},
    )  # fmt: skip
    work_off()
    person = Profile.objects.get(traits__first_name="Ines")
    say(person, point=EMAIL)
    return person


def asked(**more) -> PrivacyRequest:
    return requests.open_request(type_="erasure", references=[f"email:{EMAIL}"], **more)


def carried_out(request: PrivacyRequest) -> PrivacyRequest:
    requests.settle(request)
    carry_out_due(seconds=60)
    request.refresh_from_db()
    assert request.status == "completed"
    return request


def orders(person: Profile) -> list[str]:
    rows = Event.objects.filter(profile_id=person.pk, name="Order Completed")
    return sorted(rows.values_list("properties__order_id", flat=True))


def test_orders_stay_by_duty_from_their_own_day_and_are_named(ines):
    ErasureDuty.objects.create(
        data_class="orders", ground="tax", because="HGB, section 257", months=6
    )
    ErasureDuty.objects.create(
        data_class="messages", ground="tax", because="x", months=1, is_on=False
    )
    request = asked()
    kept = [one for one in found_of(request) if one.is_whole]
    assert {(one.table, one.rows, one.act) for one in kept} == {
        ("event", 1, "keep"), ("event_item", 1, "keep"),
    }  # fmt: skip
    assert "HGB, section 257" in kept[0].ground
    carried_out(request)
    assert orders(ines) == ["o-2"], "the old one is past its time"
    assert Event.objects.filter(profile_id=ines.pk).count() == 1
    assert EventItem.objects.filter(profile_id=ines.pk).count() == 1
    certificate = request.result["certificate"]
    assert is_genuine(certificate)
    assert certificate["found"] == []
    (stays,) = certificate["kept"]
    assert (stays["ground"], stays["because"]) == ("tax", "HGB, section 257")
    assert stays["rows"] == {"event": 1, "event_item": 1}
    assert ErasedIdentifier.objects.filter(request_id=request.pk).exists()
    (row,) = ErasureException.objects.filter(request=request)
    assert (row.due_at - timezone.now()).days in range(180, 186)
    assert searching.search_request(request)["found"] == []
    # half a year later, by what the database is told of their day
    Event.objects.filter(profile_id=ines.pk).update(
        occurred_at=timezone.now() - timedelta(days=300)
    )
    EventItem.objects.filter(profile_id=ines.pk).update(
        occurred_at=timezone.now() - timedelta(days=300)
    )
    ErasureException.objects.update(due_at=timezone.now())
    carry_out_due(seconds=60)
    request.refresh_from_db()
    assert orders(ines) == []
    assert not EventItem.objects.filter(profile_id=ines.pk).exists()
    assert request.result["certificate"]["kept"] == []
    assert not bytes(request.needles)


def test_what_is_ended_goes_and_the_certificate_is_made_anew(ines):
    request = asked()
    kept = exceptions.keep(
        request, data_class="orders", ground="claims", because="Court of Utrecht 12/34"
    )
    exceptions.keep(
        request, data_class="permissions", ground="claims", because="Court of Utrecht 12/34"
    )
    carried_out(request)
    assert orders(ines) == ["o-1", "o-2"]
    first = request.result["certificate"]
    assert EMAIL.encode() not in bytes(request.needles)
    with pytest.raises(requests.CannotBeDone):
        exceptions.end(kept, because=" ")
    exceptions.end(kept, because="Settled")
    with pytest.raises(requests.CannotBeDone):
        exceptions.end(kept, because="Again")
    carry_out_due(seconds=60)
    request.refresh_from_db()
    assert not Event.objects.filter(profile_id=ines.pk).exists()
    assert request.result["certificates"] == [first]
    assert [one["data_class"] for one in request.result["certificate"]["kept"]] == ["permissions"]
    assert bytes(request.needles), "the permissions are still found by it"
    other = ErasureException.objects.get(request=request, data_class="permissions")
    ErasureException.objects.filter(pk=other.pk).update(
        until=timezone.localdate() - timedelta(days=1), due_at=timezone.now()
    )
    carry_out_due(seconds=60)
    request.refresh_from_db()
    assert not bytes(request.needles)
    assert request.result["certificate"]["kept"] == []
    assert EMAIL not in json.dumps(list(PrivacyRequest.objects.values()), default=str)
    assert searching.search_request(request)["found"] == []
    assert exceptions.due() == []


def test_a_hold_on_everything_holds_the_erasure(ines):
    request = asked()
    hold = exceptions.keep(request, data_class="everything", ground="hold", because="Case 7")
    with pytest.raises(requests.CannotBeDone, match="held"):
        requests.settle(request)
    start_due()
    carry_out_due(seconds=60)
    assert orders(ines) == ["o-1", "o-2"]
    exceptions.end(hold, because="Closed")
    carried_out(request)
    assert orders(ines) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"because": "  "},
        {"months": 0},
        {"months": 601},
        {"months": 3, "until": timezone.localdate()},
        {"until": timezone.localdate() - timedelta(days=1)},
    ],
)
def test_what_makes_no_sense_is_refused(ines, wrong):
    given = {"data_class": "orders", "ground": "tax", "because": "A law"} | wrong
    with pytest.raises(requests.CannotBeDone):
        exceptions.keep(asked(), **given)
    done = carried_out(asked())
    with pytest.raises(requests.CannotBeDone):
        exceptions.keep(done, data_class="orders", ground="tax", because="A law")
