"""A small proxy that misbehaves as networks and servers do."""

import http.client
import threading
import time
from collections import deque
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Proxy:
    """Forwards to `port`; `plan` says what befalls the next calls: ok, 503, 429, timeout, drop.

    503, timeout and drop come after the call was forwarded, so that the server has committed it.
    """

    def __init__(self, port: int, plan: list[str]) -> None:
        self.plan = deque(plan)
        self.seen: list[tuple[float, str, int]] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fate = proxy.plan.popleft() if proxy.plan else "ok"
                if fate == "429":
                    proxy.seen.append((time.monotonic(), fate, 429))
                    return self._say(
                        429, b'{"code":"too_many_requests","message":"wait"}', {"Retry-After": "1"}
                    )
                headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
                link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                with closing(link) as upstream:
                    upstream.request("POST", self.path, body, headers)
                    answer = upstream.getresponse()
                    data = answer.read()
                proxy.seen.append((time.monotonic(), fate, answer.status))
                if fate == "503":
                    return self._say(503, b"<html>bad gateway</html>", {})
                if fate == "drop":
                    self.close_connection = True
                    return self.connection.close()
                if fate == "timeout":
                    time.sleep(3)
                return self._say(answer.status, data, dict(answer.getheaders()))

            def _say(self, status, data, headers):
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        if name.lower() not in (
                            "content-length",
                            "connection",
                            "date",
                            "server",
                            "transfer-encoding",
                        ):
                            self.send_header(name, value)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
