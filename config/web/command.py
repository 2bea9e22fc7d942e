"""How granian is started. Needs no Django."""

import sys

from config.web.limits import most_connections

LARGEST_MB = 1500  # bodies alone may take 320
HEAD_BYTES = 64 * 1024  # of a request's head; what thousands of half-sent ones may take
HEADER_SECONDS = 15  # for the head of a request, and between two on one connection


def command(host: str, port: int, target: str = "config.rsgi:application") -> list[str]:
    """The command line of the web server: one process, one event loop, our own threads."""
    options = {
        "--interface": "rsgi",
        "--host": host,
        "--port": str(port),
        "--workers": "1",
        "--http": "1",
        "--loop": "asyncio",
        "--http1-header-read-timeout": str(HEADER_SECONDS * 1000),
        "--http1-buffer-size": str(HEAD_BYTES),
        "--backpressure": str(most_connections()),
        "--log-level": "error",
        # one that holds more memory is replaced, in order; one that does not end is killed
        "--workers-max-rss": str(LARGEST_MB),
        "--workers-kill-timeout": "5s",
    }
    words = [word for pair in options.items() for word in pair]
    web = [sys.executable, "-m", "granian", *words, "--no-ws", "--respawn-failed-workers"]
    return [*web, target]
