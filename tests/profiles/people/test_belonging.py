"""Every table that names people says what becomes of its rows, and somebody looks after it."""

import re

import pytest
from django.apps import apps
from django.db import models

from config.workspace.tables.belonging import (
    Apart,
    Belonging,
    Erased,
    Merged,
    moved_by_identifier,
)
from config.workspace.tables.schema import ProfileScoped
from consent.privacy.holdings import HOLDINGS
from consent.privacy.subject import DataSubject, KnownBy
from profiles.merging import moving
from profiles.merging.mergers import MERGERS
from profiles.models import EventState, Profile

OURS = ("workspace", "profiles", "consent", "segments", "campaigns")
NAMES_PEOPLE = re.compile(r"(^|_)profile_ids?$|^(survivor|absorbed|owner|merged_into)_id$")


def names_people(model: type[models.Model]) -> bool:
    fields = model._meta.concrete_fields
    return issubclass(model, ProfileScoped) or any(
        field.related_model is Profile or NAMES_PEOPLE.search(field.column) for field in fields
    )


def tables() -> list[type[models.Model]]:
    everything = [model for app in OURS for model in apps.get_app_config(app).get_models()]
    return [model for model in everything if names_people(model)]


def undeclared(found: list[type[models.Model]]) -> list[str]:
    return [m.__name__ for m in found if not isinstance(getattr(m, "belongs", None), Belonging)]


def test_every_table_that_names_people_declares_what_becomes_of_its_rows():
    assert len(tables()) > 15  # noqa: PLR2004 - or the walk found nothing
    assert undeclared(tables()) == []


def test_a_table_that_declares_nothing_is_found():
    class Toy(ProfileScoped):
        profile_id = models.BigIntegerField()

        class Meta:
            app_label = "toy"

    try:
        assert names_people(Toy)
        assert undeclared([Toy]) == ["Toy"]
    finally:
        del apps.all_models["toy"]


def test_what_is_declared_somebody_does_and_nobody_else():
    plain = [model for model in moved_by_identifier() if model not in moving.OWN]
    by_mergers = [model for _name, merger in MERGERS for model in merger.tables]
    looked_after = [*moving.OWN, EventState, *plain, *by_mergers]
    assert len(looked_after) == len(set(looked_after))
    to_do = {
        model
        for model in tables()
        if (model.belongs.merged, model.belongs.apart) != (Merged.KEPT, Apart.STAYS)
    }
    assert set(looked_after) == to_do


def test_what_goes_by_a_column_has_it():
    wanted = {Apart.BY_IDENTIFIER: "identifier_id", Apart.BY_ORIGIN: "source_profile_id"}
    found = set(tables()) - {*moving.OWN}
    for model in found:
        column = wanted.get(model.belongs.apart)
        columns = {field.column for field in model._meta.concrete_fields}
        assert column is None or column in columns, model


@pytest.mark.django_db
def test_what_stays_after_an_erasure_says_why_and_what_is_emptied():
    everyone = DataSubject(1, (1,), (KnownBy("email", "ada@example.com"),), (1,))
    signed_in = {one.table for _name, more in HOLDINGS for one in more(everyone)}
    for model in tables():
        belongs = model.belongs
        columns = {field.column for field in model._meta.concrete_fields}
        assert set(belongs.by) <= columns, model
        assert belongs.by or model._meta.db_table in signed_in, "somebody says whose its rows are"
        assert set(belongs.scrubbed) <= columns, model
        if model is Profile:
            continue  # its row is emptied as a whole by `privacy.erasing`
        assert bool(belongs.why) == (belongs.erased is not Erased.ERASED), model
        assert bool(belongs.scrubbed) == (belongs.erased is Erased.SCRUBBED), model
