"""Every table says how long its rows stay, and somebody looks after it."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models

from config.paths import BASE_DIR
from config.workspace.tables.lasting import FOREIGN, Bounded, ForEver, Lasting, Until
from config.workspace.work.pruning import PRUNERS

# what no model stands for: Django's own list of migrations, which a release adds to
BESIDE = {"django_migrations"}
# they take away what belongs with a table that says something else of its other rows
MORE = {"killed_imports"}


def lasting_of(model: type[models.Model]) -> Lasting | None:
    return getattr(model, "lasts", None) or FOREIGN.get(model._meta.db_table)


def tables() -> dict[type[models.Model], Lasting | None]:
    return {m: lasting_of(m) for m in apps.get_models(include_auto_created=True)}


def undeclared(found: dict[type[models.Model], Lasting | None]) -> list[str]:
    return sorted(
        model._meta.db_table
        for model, lasts in found.items()
        if not isinstance(lasts, ForEver | Bounded | Until)
    )


def test_every_table_says_how_long_its_rows_stay_and_one_that_does_not_is_found():
    class Toy(models.Model):  # noqa: DJ008
        class Meta:
            app_label = "toy"

    try:
        assert undeclared(tables() | {Toy: lasting_of(Toy)}) == ["toy_toy"]
    finally:
        del apps.all_models["toy"]
    assert FOREIGN.keys() <= {model._meta.db_table for model in tables()}


@pytest.mark.django_db
def test_no_table_stands_in_the_database_for_which_nobody_answers():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p')"
            " AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace"
        )
        there = {name for (name,) in cursor.fetchall()}
    assert there - BESIDE == {model._meta.db_table for model in tables()}


def test_what_goes_after_a_time_has_a_job_and_its_setting_which_the_docs_explain():
    rules = [lasts for lasts in tables().values() if isinstance(lasts, Until)]
    assert {rule.pruner for rule in rules} | MORE == {name for name, _job in PRUNERS}
    kept = (BASE_DIR / "docs" / "operators" / "retention.md").read_text()
    for rule in rules:
        if rule.setting:
            assert getattr(settings, rule.setting) > 0, "by default it does not grow for ever"
            assert re.search(rf"`{rule.setting}`", kept), rule.setting
