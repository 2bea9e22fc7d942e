"""Nobody's question holds a connection for ever: it is ended, said and counted."""

import json

import pytest
from django.db import OperationalError, connection, transaction
from django.db.backends.signals import connection_created
from django.test import RequestFactory

from config.answers import patience
from config.workspace.health import counters

pytestmark = pytest.mark.django_db


def _ended() -> OperationalError:
    """A statement that a real server ended."""
    with (
        pytest.raises(OperationalError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET LOCAL statement_timeout = '1ms'")
        cursor.execute("SELECT pg_sleep(60)")
    return caught.value


def test_an_ended_statement_is_an_answer_and_counted():
    counters.forget()
    middleware = patience.PatienceMiddleware(lambda request: None)
    error = _ended()
    page = middleware.process_exception(RequestFactory().get("/console/people/"), error)
    assert page.status_code == 503 and "took too long" in page.content.decode()
    problem = middleware.process_exception(RequestFactory().get("/api/profiles/"), error)
    assert problem.status_code == 503 and json.loads(problem.content)["status"] == 503
    assert counters.counted(counters.ENDED) == {
        (("area", "console"),): 1,
        (("area", "api"),): 1,
    }


def test_other_errors_are_left_to_whom_they_concern():
    middleware = patience.PatienceMiddleware(lambda request: None)
    request = RequestFactory().get("/console/people/")
    for error in (ValueError("x"), OperationalError("server closed the connection")):
        assert middleware.process_exception(request, error) is None


def test_each_connection_of_the_web_server_has_the_limit():
    import config.wsgi  # noqa: F401, PLC0415 - what granian imports

    for name in ("config.answers.patience", "config.postgres.capacity"):
        assert connection_created.disconnect(dispatch_uid=name)
    with transaction.atomic(), connection.cursor() as cursor:
        patience.limit(connection)
        cursor.execute("SHOW statement_timeout")
        shown = cursor.fetchone()
        cursor.execute("SET statement_timeout = 0")
    assert shown == ("30s",)
