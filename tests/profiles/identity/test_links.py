"""Which identifiers were named together."""

from datetime import timedelta
from itertools import combinations

import pytest
from django.utils import timezone

from profiles.ingest import pruning
from profiles.merging import bulk
from profiles.models import Identifier, IdentifierLink
from tests.profiles.ingest.conftest import work_off

pytestmark = pytest.mark.django_db
FOUR = {
    "type": "identify",
    "userId": "u1",
    "anonymousId": "a1",
    "traits": {"email": "ada@example.com", "phone": "+31655500142"},
}


def links() -> dict[frozenset[str], bool]:
    names = dict(Identifier.objects.values_list("id", "value"))
    rows = IdentifierLink.objects.values_list("one_id", "other_id", "is_proven")
    return {frozenset((names[one], names[other])): proven for one, other, proven in rows}


def test_every_pair_that_a_call_names_is_kept_also_what_its_person_does_not_get(call, browser_call):
    browser_call.batch(FOUR)
    work_off()
    four = ("u1", "a1", "ada@example.com", "+31655500142")
    assert links() == {frozenset(pair): False for pair in combinations(four, 2)}
    # a known person has one user id: the second stays with whose it is, and was named all the same
    call.batch({"type": "track", "event": "A", "userId": "u2"})
    call.batch({"type": "track", "event": "B", "userId": "u2", "context": {
        "traits": {"email": "ada@example.com"}}})  # fmt: skip
    work_off()
    assert links()[frozenset(("u2", "ada@example.com"))] is True
    call.batch(FOUR | {"messageId": "again"})
    work_off()
    assert set(links().values()) == {True}  # a source of ours says so, too


def test_a_pair_that_was_seen_today_is_not_written_again(call):
    call.batch(FOUR)
    work_off()
    before = set(IdentifierLink.objects.values_list("id", "last_seen"))
    call.batch(FOUR | {"messageId": "later"})
    work_off()
    assert set(IdentifierLink.objects.values_list("id", "last_seen")) == before
    old = timezone.now() - timedelta(days=3)
    IdentifierLink.objects.update(last_seen=old, first_seen=old)
    call.batch(FOUR | {"messageId": "much later"})
    work_off()
    row = IdentifierLink.objects.first()
    assert (row.first_seen, row.last_seen > old) == (old, True)


def test_links_go_by_age(call, settings):
    call.batch(FOUR)
    work_off()
    later = timezone.now() + timedelta(days=31 * 25)
    assert pruning.prune_links(timezone.now()) == 0
    settings.IDENTIFIER_LINK_MONTHS = 0
    assert pruning.prune_links(later) == 0
    settings.IDENTIFIER_LINK_MONTHS = 25
    assert pruning.prune_links(later) == 6  # noqa: PLR2004 - of four


def test_resolving_anew_goes_by_what_was_named_together(call):
    for name in ("u1", "u2"):
        call.batch({"type": "track", "event": "A", "userId": name})
    call.batch({"type": "track", "event": "A", "context": {
        "externalIds": [{"type": "card", "id": "c1", "collection": "users"}]}})  # fmt: skip
    work_off()
    ids = dict(Identifier.objects.values_list("value", "id"))
    assert bulk.find_joins() == []
    one, other = sorted((ids["u1"], ids["c1"]))
    now = timezone.now()
    IdentifierLink.objects.create(
        one_id=one, other_id=other, is_proven=True, source_id=1, first_seen=now, last_seen=now
    )
    (pair,) = bulk.find_joins()
    owners = dict(Identifier.objects.values_list("value", "profile_id"))
    assert set(pair) == {owners["u1"], owners["c1"]}
