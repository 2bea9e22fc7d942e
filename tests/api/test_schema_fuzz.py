"""Schemathesis against every operation of the OpenAPI schema, in one small installation.

FUZZ_EXAMPLES asks for more than the few that each run of the suite looks at.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from tests.api.world import World, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "16"))
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
SLUGS = {"campaigns": "draft", "segments": "named"}


def _schema() -> Any:
    spec = SchemaGenerator().get_schema(request=None, public=True)
    schema = schemathesis.openapi.from_dict(spec)
    schema.app = application
    return schema


SCHEMA = _schema()
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    """In a transaction around those of the tests; the end of a request must not close it."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    with django_db_blocker.unblock():
        with transaction.atomic():
            yield make_world()
            transaction.set_rollback(True)
        connection.close()
    for signal in signals:
        signal.connect(close_old_connections)


def _places(world: World, label: str) -> dict[str, Any]:
    """Parts of the address that lead somewhere."""
    return {
        "slug": SLUGS.get(label.split("/")[2], "draft"),
        "person": "email:ada@example.com",
        "merge_id": world.merge_id,
        "number": world.suppression_id,
        "name": "spent",
        "id": world.export_id,
    }


@pytest.mark.parametrize("label", sorted(OPERATIONS))
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_whatever_is_sent_is_answered_as_the_schema_says(world, label, mode):
    operation, places = OPERATIONS[label], _places(world, label)
    headers = {"Authorization": f"Bearer {world.key}"}
    turn = iter(range(10**9))

    @seed(20261122)
    @settings(
        max_examples=EXAMPLES // 2,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if case.path_parameters and next(turn) % 3:  # most examples reach something
            known = {name: places[name] for name in case.path_parameters if name in places}
            case.path_parameters = {**case.path_parameters, **known}
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS)

    ask()
