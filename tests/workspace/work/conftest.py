"""What this process noted belongs to one test."""

from tests.workspace.health.conftest import nothing_noted  # noqa: F401 - a fixture for every test
