"""Tables that can be spread over a cluster: the one place that knows how their keys are made.

Django wants one column as the key (it refuses `CompositePrimaryKey` in the admin and as the target
of foreign keys), a distributed table wants `profile_id` in each unique key. So Django's state says
that `id` is the key, and the operations here make the database's key (profile_id, ..., id).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class ProfileScoped(models.Model):
    """Abstract base of the tables whose distribution key is `profile_id`.

    `save()` and `refresh_from_db()` narrow to the profile, since a look-up by `id` alone would walk
    every partition and shard. `delete()` cannot be narrowed: use a query set.
    """

    class Meta:
        abstract = True

    def _do_update(self, base_qs: models.QuerySet[Any], *args: Any) -> Any:
        narrowed = base_qs.filter(profile_id=self.__dict__["profile_id"])
        return super()._do_update(narrowed, *args)

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Any] | None = None,
    ) -> None:
        """Read the row again, by profile and id."""
        everything: models.QuerySet[Any] = type(self)._base_manager.all()
        rows = everything if from_queryset is None else from_queryset
        owner = {"profile_id": self.__dict__["profile_id"]}
        super().refresh_from_db(using, fields, rows.filter(**owner))

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refused: Django would delete by `id` alone. Use a query set narrowed by profile."""
        raise TypeError(f"delete {type(self).__name__} through a query set narrowed by profile_id")


class CreateProfileTable(migrations.CreateModel):
    """CreateModel with the database's own key, and partitions by month where asked.

    `key` is the list of key columns, `include` further columns of the key's index, `partition_by`
    the column of monthly range partitions. The state is CreateModel's, so that
    `makemigrations --check` sees no drift.
    """

    def __init__(
        self,
        name: str,
        fields: Any,
        options: Any = None,
        bases: Any = None,
        managers: Any = None,
        *,
        key: Sequence[str],
        include: Sequence[str] = (),
        partition_by: str = "",
    ) -> None:
        super().__init__(name, fields, options, bases, managers)
        self.key, self.include, self.partition_by = (
            tuple(key),
            tuple(include),
            partition_by,
        )

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """As CreateModel's, with our arguments."""
        name, args, kwargs = super().deconstruct()
        ours = {
            "key": self.key,
            "include": self.include,
            "partition_by": self.partition_by,
        }
        return name, args, kwargs | ours

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        """Never folded with others, or the optimiser would write a plain CreateModel."""
        return Operation.reduce(self, operation, app_label)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Create the table with key and partitioning."""
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            with self._own_key(schema_editor):
                schema_editor.create_model(model)

    @contextmanager
    def _own_key(self, editor: Any) -> Iterator[None]:
        names = ", ".join(map(editor.quote_name, self.key))
        extra = ", ".join(map(editor.quote_name, self.include))
        include = f" INCLUDE ({extra})" if extra else ""
        partition = (
            f" PARTITION BY RANGE ({editor.quote_name(self.partition_by)})"
            if self.partition_by
            else ""
        )
        columns = editor._iter_column_sql
        editor.sql_create_table = (
            f"CREATE TABLE %(table)s (%(definition)s, PRIMARY KEY ({names}){include}){partition}"
        )
        editor._iter_column_sql = lambda *args, **kwargs: (
            part for part in columns(*args, **kwargs) if part != "PRIMARY KEY"
        )
        try:
            yield
        finally:
            del editor.sql_create_table, editor._iter_column_sql


class CompositeForeignKey(migrations.RunSQL):
    """A foreign key over several columns that go through `profile_id`; checked at the statement."""

    def __init__(
        self,
        table: str,
        name: str,
        columns: Sequence[str],
        to: str,
        to_columns: Sequence[str],
    ) -> None:
        self.table, self.name, self.columns = table, name, tuple(columns)
        self.to, self.to_columns = to, tuple(to_columns)
        super().__init__(
            sql=f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY '
            f'({", ".join(columns)}) REFERENCES "{to}" ({", ".join(to_columns)})',
            reverse_sql=f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
        )

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """The arguments this operation was made with."""
        arguments = [self.table, self.name, self.columns, self.to, self.to_columns]
        return type(self).__qualname__, arguments, {}
