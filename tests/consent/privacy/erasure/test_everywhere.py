"""Somebody whose every value is a word of its own is erased, and each word is looked for."""

import pytest

from config.workspace.models import User
from config.workspace.work.due import drain
from consent.privacy import requests
from consent.privacy.erasure import searching
from consent.privacy.subject import KnownBy
from profiles.models import Identifier, Profile
from tests.workspace.test_masked_walk import Words, _plant

pytestmark = pytest.mark.django_db
# what a colleague wrote, in a rule or of an address: it is not the person's data
WRITTEN = {"public.campaign", "public.campaign_version", "public.segment", "public.segment_version"}

NEIGHBOUR = "Xanthippe-of-next-door"
# calls that name nobody, and a trait that somebody's program called by another's address
OTHERS = {"bad time", "bad body", "unreadable body", "quoted", "mail as a name"}
# why a request was answered so, and what happened to us: it proves that, and goes where it names
# the person; comments go whatever stands in them
REASONS = {
    "why it takes longer", "why it stays", "why it stays no longer", "why it is closed",
    "why it is lifted", "title of an incident", "note of an incident", "end of an incident",
}  # fmt: skip


def test_no_word_of_a_person_is_left_anywhere():
    words = Words()
    planted = _plant(words)
    drain()
    others = Profile.objects.exclude(pk=planted["person"].pk).living().count()
    request = requests.open_request(
        type_="erasure", references=[f"email:{planted['mail']}"], regulation="other"
    )
    user = User.objects.create_user("officer@example.com", "officer@example.com", "x")
    requests.comment(request, user, f"Her neighbour {NEIGHBOUR} called")
    other = requests.open_request(
        type_="access", references=[f"email:{planted['mail']}"], regulation="other"
    )
    requests.cancel(other, because=f"asked again by {planted['mail']}")
    requests.settle(request)
    drain()
    request.refresh_from_db()
    assert request.status == "completed"
    assert request.result["searched"]["found"] == [] or all(
        one["table"] in WRITTEN for one in request.result["searched"]["found"]
    )
    assert Profile.objects.living().count() == others
    assert not Identifier.objects.filter(profile_id=planted["person"].pk).exists()
    theirs = [KnownBy("", NEIGHBOUR)]
    theirs += [
        KnownBy("", text) for where, text in words.hidden.items() if where not in OTHERS | REASONS
    ]
    found = searching.search(theirs)
    assert found["needles"] >= len(theirs) > 30  # noqa: PLR2004 - it looked for something
    left = {(one["table"], one["column"]) for one in found["found"]}
    assert {(table, column) for table, column in left if table not in WRITTEN} == set()
