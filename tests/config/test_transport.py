"""The embedded broker is asked when something was sent, and else hardly ever."""

import psycopg
import pytest
from django.db import connection, connections
from kombu import Connection, Queue

from config.postgres import broker, transport

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def link():
    with connection.owner():
        broker.install(connection)
        with connection.cursor() as cursor:  # queues are no tables of models: none empties them
            cursor.execute(
                "SELECT pgmq.purge_queue(name) FROM unnest(%s::text[]) AS name",
                [list(broker.QUEUES)],
            )
    # acting as the test's own database, through Django's settings, as the worker does
    with Connection(
        transport.register(), transport_options={"visibility_timeout": 300, "wait_time_seconds": 0}
    ) as made:
        yield made
    connections["default"].close()


def consume(link, name, taken):
    channel = link.channel()
    queue = Queue(name, channel=channel)
    return channel.Consumer([queue], callbacks=[taken], accept=["json"])


def wait_empty(link):
    with pytest.raises(TimeoutError):
        link.drain_events(timeout=0.01)


@pytest.fixture
def reads(monkeypatch):
    """The queues that were read."""
    read, found = transport.QueueChannel._receive_messages, []

    def noted(self, queue, *args, **kwargs):
        found.append(queue)
        return read(self, queue, *args, **kwargs)

    monkeypatch.setattr(transport.QueueChannel, "_receive_messages", noted)
    return found


def test_a_message_is_heard_and_an_empty_queue_is_left_alone(link, reads, monkeypatch):
    monkeypatch.setattr(transport, "LOOK_SECONDS", 10_000)
    got = []

    def taken(body, message):
        got.append(body)
        message.ack()

    with consume(link, broker.QUEUE, taken):
        wait_empty(link)
        before = len(reads)
        for _ in range(5):
            wait_empty(link)
        assert len(reads) == before, "nobody said that there is anything"
        link.Producer().publish({}, routing_key=broker.DELIVERY_QUEUE, serializer="json")
        wait_empty(link)
        assert len(reads) == before, "the other pool's is its own"
        link.Producer().publish({"n": 1}, routing_key=broker.QUEUE, serializer="json")
        while not got:
            try:
                link.drain_events(timeout=0.5)
            except TimeoutError:
                assert len(reads) == before, "it was rung for, read, and not taken"
    assert got == [{"n": 1}]


def test_what_nobody_was_told_of_is_found_by_looking(link, monkeypatch):
    monkeypatch.setattr(transport.Bell, "rings", lambda self, queues, seconds: False)
    monkeypatch.setattr(transport, "LOOK_SECONDS", 0)
    got = []

    def taken(body, message):
        got.append(body)
        message.ack()

    with consume(link, broker.QUEUE, taken):
        wait_empty(link)
        link.Producer().publish({"n": 2}, routing_key=broker.QUEUE, serializer="json")
        link.drain_events(timeout=0.01)
        assert got == [{"n": 2}]
        assert link.transport._bell._connection is None, "one that says nothing is made anew"


def test_what_is_sent_while_none_can_be_taken_is_not_forgotten(link, monkeypatch):
    monkeypatch.setattr(transport, "LOOK_SECONDS", 10_000)
    held = []
    with consume(link, broker.QUEUE, lambda body, message: held.append(message)) as consumer:
        consumer.qos(prefetch_count=1)
        producer = link.Producer()
        for _ in range(2):
            producer.publish({}, routing_key=broker.QUEUE, serializer="json")
        link.drain_events(timeout=0.1)
        wait_empty(link)
        held[0].ack()
        link.drain_events(timeout=0.1)
        assert len(held) == 2
        held[1].ack()


def test_a_server_that_ended_a_connection_is_noticed_before_it_is_used():
    with psycopg.connect(**transport._params()) as link, connection.owner():
        transport.check_where_it_spoke(link)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [link.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            transport.check_where_it_spoke(link)
