"""A small installation with something of everything, for tests of the whole API."""

from dataclasses import dataclass

from rest_framework.test import APIClient

from campaigns.services.launching import launch
from config.workspace.access.keys import create_api_key
from consent.suppression.suppressing import suppress
from profiles.merging.merging import merge_people
from profiles.models import Profile
from segments.exports.asking import ask_for
from segments.insight.computed.saving import create_trait
from segments.services import create_segment
from tests.campaigns.builders import launched, make_campaign, make_segment
from tests.cast import (
    make_ada,
    make_ben,
    make_cleo,
    make_event,
    make_profile,
    make_rejection,
    make_user,
)

RULE = {
    "match": "all",
    "conditions": [{"kind": "trait", "field": "name", "op": "is_set"}],
}


@dataclass(frozen=True)
class World:
    """Who and what is there."""

    ada: Profile
    ben: Profile
    cleo: Profile
    merge_id: int
    suppression_id: int
    key: str
    export_id: str


def new_key(*scopes: str) -> str:
    """A fresh API key of these scopes."""
    return create_api_key(name=f"key {'-'.join(scopes)}", scopes=list(scopes))[1]


def client(key: str = "") -> APIClient:
    """A client that answers a fault with 500 instead of raising it."""
    made = APIClient(raise_request_exception=False)
    if key:
        made.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return made


def make_world() -> World:
    """Three people, events, segments, campaigns in several states, messages, a merge."""
    ada, ben, cleo = make_ada(), make_ben(), make_cleo()
    make_event(ada, "Order Completed", days_ago=3, revenue=12.5, order_id="o-1")
    make_event(ada, "Page Viewed", days_ago=2, path="/")
    make_rejection()
    other = make_profile("Ada L.", anonymous_id="a-1")
    merge_id = merge_people(
        survivor_id=ada.pk, absorbed_id=other.pk, rule="user_id with anonymous_id", evidence={}
    )
    everyone = make_segment(ada, ben, cleo)
    create_segment(slug="named", name="Named", rule=RULE)
    launched(everyone, "spring")
    make_campaign(everyone, "draft")
    launch(make_campaign(everyone, "held"), hold=3600)
    create_trait(name="spent", definition={"event": "Order Completed"})
    asked = ask_for({"segment": everyone.slug}, purpose="service", who=make_user())
    row, _new = suppress(kind="email", value="gone@example.com", reason="hard_bounce")
    return World(ada, ben, cleo, merge_id, row.pk, new_key("all"), str(asked.public_id))
