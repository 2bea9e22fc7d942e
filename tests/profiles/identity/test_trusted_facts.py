"""Whatever is said with a public key in between: what our own sources said comes out the same."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.ledger.subjects import SaidOfAddress, contact_points, refer
from consent.models import Purpose
from consent.reach.contactable import reachability
from profiles.ingest import inbox, keys
from profiles.models import Identifier, Profile, ProfileTrait
from tests.profiles.ingest.conftest import make_source, work_off

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 1, tzinfo=UTC)
USERS, MAILS = ["u1", "u2"], [f"m{n}@example.com" for n in range(4)]
NAMES = ["plan", "name"]

call = st.fixed_dictionaries(
    {
        "user": st.sampled_from([None, *USERS]),
        "mail": st.sampled_from([None, *MAILS]),
        "device": st.sampled_from([None, None, "d1", "d2"]),
        "traits": st.dictionaries(
            st.sampled_from(NAMES), st.sampled_from([None, 1, 2]), max_size=2
        ),
        "ours": st.booleans(),
    }
).filter(lambda one: one["user"] or one["mail"] or one["device"])


def message(number, one):
    # what ours say of a device alone is said of a visitor, whoever a browser says that is
    traits = one["traits"] if one["user"] or one["mail"] or not one["ours"] else {}
    traits = traits | ({"email": one["mail"]} if one["mail"] else {})
    made = {"type": "identify", "messageId": f"m{number}", "traits": traits}
    made["timestamp"] = (START + timedelta(minutes=number)).isoformat()
    if one["user"]:
        made["userId"] = one["user"]
    # a device is nobody's for sure: our sources name none here, browsers do
    if one["device"] and (not one["ours"] or not (one["user"] or one["mail"])):
        made["anonymousId"] = one["device"]
    return made


def facts(calls):
    """What comes out: the proven identifiers by person, traits that ours said, best addresses."""
    with transaction.atomic():
        shop, site = make_source("shop", "server", trust=70), make_source("site", "browser")
        for number, one in enumerate(calls):
            if one is not None:
                source = shop if one["ours"] else site
                inbox.store(source.pk, [json.dumps(message(number, one)).encode()], [], {}, START)
                work_off()
        found = _facts()
        transaction.set_rollback(True)
    keys._known.clear()
    return found


def _facts():
    devices = ("anonymous_id", "device_id", "push_token", "rapport_id")
    proven = Identifier.objects.exclude(kind__in=devices).filter(verified_at__isnull=False)
    people: dict[int, set[str]] = {}
    for row in proven:
        people.setdefault(row.profile_id, set()).add(row.value)
    marketing = Purpose.objects.get(slug="marketing")
    found = {}
    for number, values in people.items():
        person = Profile.objects.get(pk=number)
        (mail,) = reachability(person, purpose="service", channels=("email",))
        ours = ProfileTrait.objects.filter(profile_id=number, source__name="shop")
        said = set(ours.exclude(name="email").values_list("name", flat=True))
        traits = {name: person.traits.get(name) for name in said}
        granted = contact_points(
            [SaidOfAddress(refer(str(person.public_id)), marketing, "email", "granted")]
        )[0]
        found[frozenset(values)] = (traits, mail.address, granted)
    return found


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(calls=st.lists(call, min_size=1, max_size=8))
def test_what_ours_said_does_not_depend_on_what_a_public_key_said(calls):
    alone = [one if one["ours"] else None for one in calls]
    assert facts(calls) == facts(alone)
