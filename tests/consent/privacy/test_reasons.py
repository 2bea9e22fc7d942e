"""Why and how long rows stay is said to the person: marked to be translated, with the time set."""

from pathlib import Path

import pytest
from django.apps import apps

from consent.archives.making import _kept, _of_tables
from consent.models import RetentionRule
from consent.privacy.subject import subject_of
from tests.cast import make_ada
from tests.test_translations import extracted

pytestmark = pytest.mark.django_db


def test_every_reason_that_an_archive_can_give_is_marked_to_be_translated():
    ada = make_ada()
    tables = {holding.table for holding in _of_tables(subject_of(ada), ada)}
    models = {model._meta.db_table: model for model in apps.get_models()}
    files = {
        Path(__import__(models[table].__module__, fromlist=["x"]).__file__) for table in tables
    }
    marked = {text for path in files for _context, text in extracted(path)}
    reasons = {}
    for table in tables:
        lasts = models[table].lasts
        reasons[table] = getattr(lasts, "why", "") or getattr(lasts, "by", "") or lasts.rule
    assert {table: why for table, why in reasons.items() if why not in marked} == {}
    assert len(tables) > 30


def test_it_says_the_time_that_is_set_and_a_rule_of_retention_first(settings):
    settings.TRAIT_HISTORY_MONTHS = 7
    kept = _kept(["trait_history", "event", "event_item"], "en")
    assert kept["trait_history"] == "so long after another took its place: 7 months"
    RetentionRule.objects.create(
        data_class="event", keep_n=2, keep_unit="year", act="delete", is_enabled=True
    )
    kept = _kept(["event", "event_item"], "en")
    assert kept == dict.fromkeys(("event", "event_item"), "2 years, by a rule of ours")
