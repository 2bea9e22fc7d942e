"""Names that anybody may make up, warnings, and jobs of killed imports go after a time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from config.workspace.models import Job
from config.workspace.work.pruning import PORTION
from profiles.ingest import pruning
from profiles.models import DataWarning, EventDefinition, Source, TraitName
from profiles.traits.names import MADE_TODAY
from tests.cast import ago, make_source

from .conftest import work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser():
    return make_source("Site", Source.Kind.BROWSER)


def test_names_that_only_public_keys_said_go_and_those_that_mean_something_stay(browser):
    made = {"is_proven": False, "made_by_id": browser.pk, "made_at": ago(181)}
    seen = made | {"last_seen": ago(181)}
    TraitName.objects.create(name="spam", **made)
    for name, fields in {
        "proven": made | {"is_proven": True},
        "hidden": made | {"is_hidden": True},
        "young": made | {"made_at": ago(179)},
    }.items():
        TraitName.objects.create(name=name, **fields)
    TraitName.objects.create(name="ours of old")  # before it was written down who made it
    there = set(EventDefinition.objects.values_list("name", flat=True))
    EventDefinition.objects.create(name="Spam", **seen)
    for name, fields in {
        "Proven": seen | {"is_proven": True},
        "Hidden": seen | {"is_hidden": True},
        "Young": seen | {"made_at": ago(179)},
        "Came": seen | {"last_seen": ago(1)},
        "Worth": seen | {"value_property": "price"},
        "Goal": seen | {"is_conversion": True},
        "Slotted": seen | {"slots": {"colour": {"slot": "k1", "ready": True}}},
        "Tagged": seen | {"tags": ["shop"]},
    }.items():
        EventDefinition.objects.create(name=name, **fields)
    assert pruning.prune_names(timezone.now()) == 2
    assert pruning.prune_names(timezone.now()) == 0
    traits = set(TraitName.objects.values_list("name", flat=True))
    assert traits == {"proven", "hidden", "young", "ours of old"}
    left = set(EventDefinition.objects.values_list("name", flat=True)) - there
    assert left == {
        "Proven", "Hidden", "Young", "Came", "Worth", "Goal", "Slotted", "Tagged",
    }  # fmt: skip


def test_a_name_that_went_is_there_again_when_it_is_said_again(browser_call):
    said = {"type": "track", "anonymousId": "a", "event": "Blinked", "properties": {"eye": "left"}}
    browser_call.batch(said | {"messageId": "one"})
    work_off()
    EventDefinition.objects.filter(name="Blinked").update(made_at=ago(400), last_seen=ago(400))
    assert pruning.prune_names(timezone.now()) == 1
    browser_call.batch(said | {"messageId": "two"})
    work_off()
    again = EventDefinition.objects.get(name="Blinked")
    assert (again.is_proven, again.schema) == (False, {"eye": {"string": True}})


def test_what_a_source_made_today_is_found_by_the_index_of_what_is_unproven(browser):
    TraitName.objects.bulk_create(
        TraitName(name=f"t{n}", is_proven=n % 50 > 0, made_by_id=browser.pk, made_at=ago(1))
        for n in range(5000)
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT rapport_analyse('{trait_name}')")  # the owner's right
        for query, values in (
            (MADE_TODAY.format(table="trait_name"), [[browser.pk]]),
            (pruning.OLD_TRAIT_NAMES, [ago(180), PORTION]),
        ):
            cursor.execute(f"EXPLAIN {query}", values)
            assert "trait_name_made_up" in str(cursor.fetchall())


def test_a_warning_that_is_not_met_again_goes_after_a_year(browser):
    for detail, days in (("old", 366), ("young", 364)):
        DataWarning.objects.create(
            source=browser, code="unknown_currency", detail=detail, count=3,
            first_seen=ago(900), last_seen=ago(days),
        )  # fmt: skip
    assert pruning.prune_warnings(timezone.now()) == 1
    assert DataWarning.objects.get().detail == "young"


def test_the_job_of_a_killed_import_goes_and_the_cursor_of_a_paused_launch_stays(settings):
    for kind in ("import", "fan_out"):
        job = Job.objects.create(kind=kind, title=kind, state=Job.State.RUNNING)
        Job.objects.filter(pk=job.pk).update(created_at=ago(181))
    young = Job.objects.create(kind="import", title="now", state=Job.State.RUNNING)
    now = timezone.now()
    assert pruning.prune_killed_imports(now) == 1
    assert set(Job.objects.values_list("kind", "title")) == {
        ("fan_out", "fan_out"),
        ("import", young.title),
    }
    settings.JOB_DAYS = settings.DATA_WARNING_DAYS = settings.UNPROVEN_NAME_DAYS = 0
    later = now + timedelta(days=99_999)
    assert not pruning.prune_killed_imports(later)
    assert not pruning.prune_warnings(later) and not pruning.prune_names(later)
