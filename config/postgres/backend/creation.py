"""Test databases are made as owner; their roles and grants are those of `migrate`."""

from typing import Any

from django.db.backends.postgresql import creation


class DatabaseCreation(creation.DatabaseCreation):
    """Creates test databases past the role that ordinary connections take."""

    def create_test_db(self, *args: Any, **kwargs: Any) -> str:
        """As Django's. It calls our `migrate`, which makes the roles and grants their rights."""
        from config.postgres import roles  # noqa: PLC0415 - apps are not loaded with the backend

        connection: Any = self.connection  # ours: the stubs know Django's only
        with connection.owner():
            name: str = super().create_test_db(*args, **kwargs)
            roles.ensure_roles(self.connection)
            roles.grant(self.connection)
        return name
