"""What is done about permission and addresses from the page of a person."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.workspace.models import AuditEntry, Role
from consent.models import ConsentEntry, Suppression
from consent.reach import reachability
from tests.cast import ago, give_consent, make_ada, make_user

pytestmark = pytest.mark.django_db


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client


def email_of(person):
    return next(one for one in reachability(person) if one.channel == "email")


def test_a_withdrawal_for_a_person_has_who_recorded_it_and_how_they_asked() -> None:
    ada, rep = make_ada(), client_of(Role.SERVICE_REP)
    give_consent(ada)
    assert email_of(ada).ok
    url = reverse("consent:person_withdraw", args=[ada.public_id])
    assert url in rep.get(reverse("profiles:person", args=[ada.public_id])).content.decode()
    today = timezone.localdate().isoformat()
    given = {"purpose": "-", "channel": "email", "how": "", "on": today}
    rep.post(url, given)
    assert email_of(ada).ok  # nothing without how they asked
    rep.post(url, given | {"how": "phone", "on": "2999-01-01"})
    assert email_of(ada).ok
    assert rep.post(url, given | {"how": "phone", "said": "No more mail"}).status_code == 302
    assert email_of(ada).code == "withdrawn"
    entry = ConsentEntry.objects.filter(status="withdrawn").latest("id")
    assert entry.evidence == {"act": "on_behalf", "asked_by": "phone", "said": "No more mail"}
    assert entry.actor.startswith("user:")
    assert entry.contact_point == ""
    trail = AuditEntry.objects.get(action="consent.withdrawn_for")
    assert trail.profile_id == ada.pk
    assert "No more" not in str(trail.detail)
    n = ConsentEntry.objects.count()
    again = rep.post(url, given | {"how": "phone"}).content.decode()
    assert "Nothing to withdraw" in again
    assert ConsentEntry.objects.count() == n


def test_a_withdrawal_of_an_earlier_day_ends_what_was_allowed_on_it_and_nothing_later() -> None:
    ada, rep = make_ada(), client_of(Role.SERVICE_REP)
    give_consent(ada, days_ago=1)
    day = timezone.localdate(ago(5)).isoformat()
    url = reverse("consent:person_withdraw", args=[ada.public_id])
    rep.post(url, {"purpose": "marketing", "channel": "email", "how": "letter", "on": day})
    assert email_of(ada).ok


def test_an_address_is_suppressed_by_whoever_may_and_offered_to_nobody_else() -> None:
    ada, officer = make_ada(), client_of(Role.PRIVACY_OFFICER)
    give_consent(ada)
    url = reverse("consent:person_suppress", args=[ada.public_id])
    form = officer.get(url)
    assert form.status_code == 200
    chosen = next(one for one in form.context["contacts"] if one.kind == "email")
    given = {"address": chosen.id, "level": "marketing", "detail": "asked at the till"}
    assert officer.post(url, given | {"address": "1"}).status_code == 200
    assert officer.post(url, given).status_code == 302
    row = Suppression.objects.get()
    assert (row.reason, row.level, row.detail) == ("manual", "marketing", "asked at the till")
    assert email_of(ada).code == "suppressed"
    assert "suppressed for marketing" in officer.get(url).content.decode()
    marketer = client_of(Role.MARKETER)
    assert (
        url not in marketer.get(reverse("profiles:person", args=[ada.public_id])).content.decode()
    )
    assert marketer.post(url, given).status_code == 403
