"""Tables of another version are refused in words, and not half migrated."""

from importlib import import_module

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from config.management.commands.migrate import refuse_other_versions

pytestmark = pytest.mark.django_db


def test_tables_of_this_version_are_gone_on_from():
    refuse_other_versions(connection)


def test_tables_of_before_the_clean_start_are_gone_on_from_where_all_was_applied():
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("consent", "0001_tables")
    for app, name in replaced():
        recorder.record_applied(app, name)
    refuse_other_versions(connection)


def test_tables_that_were_left_in_the_middle_are_refused():
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("consent", "0001_tables")
    for app, name in replaced()[1:]:
        recorder.record_unapplied(app, name)
    with pytest.raises(CommandError, match="in the middle of an older version"):
        refuse_other_versions(connection)


def test_tables_of_newer_code_are_refused():
    MigrationRecorder(connection).record_applied("profiles", "9999_of_tomorrow")
    with pytest.raises(CommandError, match=r"newer version .*profiles\.9999_of_tomorrow"):
        refuse_other_versions(connection)


def replaced() -> list[tuple[str, str]]:
    return import_module("consent.migrations.0001_tables").Migration.replaces
