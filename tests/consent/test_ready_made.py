"""What comes along in English is said in the reader's language; what somebody wrote stays."""

import pytest
from django.utils.translation import override

from consent.models import BreachClock, ConsentEntry, Policy, Purpose
from consent.preferences.acting import PAGE
from consent.ready_made import READY_MADE
from consent.words import source_of

pytestmark = pytest.mark.django_db


def test_every_row_that_comes_along_has_its_sentence():
    kept = [name for row in Policy.objects.all() for name in [row.name]]
    kept += [text for row in Purpose.objects.all() for text in (row.name, row.description)]
    kept += [row.condition for row in BreachClock.objects.all()]
    assert len(kept) > 40
    assert [text for text in kept if text and READY_MADE.find(text) is None] == []


def test_words_of_ones_own_stay_as_they_are():
    row = Purpose(name="Club walks", description="With our guides.")
    with override("id"):
        assert (row.title, row.about) == ("Club walks", "With our guides.")


def test_a_place_of_our_own_is_said_in_the_readers_language():
    entry = ConsentEntry(evidence={"collection_point": PAGE})
    with override("id"):
        assert source_of(entry) == "halaman preferensi"
    assert source_of(entry) == "the preference page"
    assert source_of(ConsentEntry(evidence={"place": "Till 4"})) == "Till 4"
