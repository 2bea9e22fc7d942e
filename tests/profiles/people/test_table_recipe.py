"""CONTRIBUTING, "Add a table that names people": done with a toy table and tried to its end."""

from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.migrations.state import ProjectState
from django.utils import timezone

from config.postgres.roles import names_of
from config.workspace.tables.belonging import Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import Until
from config.workspace.tables.schema import CreateProfileTable, ProfileScoped
from config.workspace.work.pruning import PORTION, PRUNERS, deleted
from profiles.merging.merging import merge_people
from profiles.merging.unmerging import undo_merge
from profiles.models import Identifier
from tests.cast import ago, make_profile
from tests.profiles.people import test_belonging as walks
from tests.workspace.tables import test_lasting as lasting

pytestmark = pytest.mark.django_db
KEPT = timedelta(days=30)
OLD = """
    DELETE FROM toy_note WHERE (profile_id, id) IN (
        SELECT profile_id, id FROM toy_note WHERE written_at < %s LIMIT %s)
"""


@pytest.fixture
def note(monkeypatch):
    """The model and its job, as an app would have them; gone with the test."""
    profiles = apps.get_app_config("profiles")

    class ToyNote(ProfileScoped):
        """What somebody said of a person."""

        belongs = Belonging(Merged.MOVED, Apart.BY_IDENTIFIER, Erased.ERASED)
        lasts = Until("a month", "toy_notes")
        id = models.BigAutoField(primary_key=True)
        profile_id = models.BigIntegerField()
        identifier_id = models.BigIntegerField()
        written_at = models.DateTimeField()

        class Meta:
            app_label = "profiles"
            db_table = "toy_note"

    def prune(now: datetime) -> int:
        return deleted(OLD, [now - KEPT, PORTION])

    monkeypatch.setitem(PRUNERS._entries, "toy_notes", (50, prune))
    _create(ToyNote)
    yield ToyNote
    del profiles.models["toynote"]
    apps.clear_cache()


def _create(model: type[models.Model]) -> None:
    """By the operation of a migration, as the owner, with the app's rights on it."""
    fields = [(field.name, field.clone()) for field in model._meta.local_fields]
    made = CreateProfileTable(
        name="ToyNote",
        fields=fields,
        options={"db_table": "toy_note"},
        key=["profile_id", "id"],
    )
    before = ProjectState()
    after = before.clone()
    made.state_forwards("profiles", after)
    role = connection.ops.quote_name(names_of(connection).app)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        with connection.schema_editor() as editor:
            made.database_forwards("profiles", editor, before, after)
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON toy_note TO {role}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
        cursor.execute(f"SET ROLE {role}")


def test_a_table_that_says_what_becomes_of_its_rows_needs_no_other_code(note):
    people = [make_profile(name, email=f"{name}@example.com") for name in ("ann", "bob")]
    for person in people:
        address = Identifier.objects.get(profile_id=person.pk, kind="email")
        note.objects.create(
            profile_id=person.pk, identifier_id=address.pk, written_at=timezone.now()
        )
    ann, bob = people

    def whose() -> list[int]:
        return list(note.objects.order_by("identifier_id").values_list("profile_id", flat=True))

    merge = merge_people(survivor_id=ann.pk, absorbed_id=bob.pk, rule="by hand", evidence={})
    assert whose() == [ann.pk, ann.pk]
    undo_merge(merge_id=merge)
    assert whose() == [ann.pk, bob.pk]

    note.objects.filter(profile_id=bob.pk).update(written_at=ago(31))
    assert PRUNERS.get("toy_notes")(timezone.now()) == 1
    assert whose() == [ann.pk]


def test_the_walks_over_all_tables_take_it(note):
    walks.test_every_table_that_names_people_declares_what_becomes_of_its_rows()
    walks.test_what_is_declared_somebody_does_and_nobody_else()
    walks.test_what_goes_by_a_column_has_it()
    lasting.test_no_table_stands_in_the_database_for_which_nobody_answers()
    assert lasting.undeclared(lasting.tables()) == []
