"""Whether this installation lives, is ready, and how its queues stand (Prometheus text)."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

QUEUES = """
SELECT 'inbox_waiting', count(*) FROM inbox WHERE failed_at IS NULL
UNION ALL SELECT 'inbox_set_aside', count(*) FROM inbox WHERE failed_at IS NOT NULL
UNION ALL SELECT 'inbox_lag_seconds', coalesce(extract(epoch FROM now() - min(received_at)), 0)
          FROM inbox WHERE failed_at IS NULL
UNION ALL SELECT 'changes_waiting', count(*) FROM profile_change
UNION ALL SELECT 'message_chunks_waiting', count(*) FROM message_chunk
UNION ALL SELECT 'webhooks_waiting', count(*) FROM webhook_delivery
          WHERE delivered_at IS NULL AND failed_at IS NULL
"""


def live(request: HttpRequest) -> HttpResponse:
    """200 while the process answers."""
    return JsonResponse({"status": "live"})


def ready(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, 503 otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "database away"}, status=503)
    return JsonResponse({"status": "ready"})


def metrics(request: HttpRequest) -> HttpResponse:
    """The queues as gauges; counts only, nothing personal."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUES)
        lines = [f"rapport_{name} {float(value):g}" for name, value in cursor.fetchall()]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")
