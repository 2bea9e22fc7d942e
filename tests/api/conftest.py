"""A stranger with an API key, a write key and an SMTP server, against a live server."""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from django.core.management import call_command

from profiles.ingest import keys
from tests.campaigns.builders import Handler, smtp_server

PROBLEM = "application/problem+json"


def printed(*words: str) -> str:
    """The last line that a command prints."""
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().strip().splitlines()[-1]


@dataclass
class Stranger:
    """Knows the address, two keys and docs/integrators/rest.md, nothing else."""

    http: httpx.Client
    write_key: str
    mails: Handler

    def get(self, path: str, expect: int = 200, /, **query: Any) -> Any:
        """The JSON of an answer."""
        return self._checked(self.http.get(path, params=query or None), expect)

    def post(self, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        """The same for POST; `headers` as words joined by `_`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._checked(self.http.post(path, json=body, headers=named), status)

    def delete(self, path: str, body: Any, status: int = 200) -> Any:
        """The same for DELETE with a body."""
        return self._checked(self.http.request("DELETE", path, json=body), status)

    def all(self, path: str, **query: Any) -> list[Any]:
        """Every row of a list, page by page."""
        rows, answer = [], self.get(path, **query)
        while True:
            assert set(answer) == {"results", "next", "previous"}
            rows += answer["results"]
            if answer["next"] is None:
                return rows
            answer = self.get(answer["next"])

    def ingest(self, *calls: dict[str, Any]) -> dict[str, Any]:
        """What a stock SDK posts."""
        auth = base64.b64encode(f"{self.write_key}:".encode()).decode()
        headers = {"Authorization": f"Basic {auth}"}
        answer = self.http.post("/v1/batch", json={"batch": calls}, headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def drain(self) -> None:
        """All that is due."""
        call_command("drain", stdout=io.StringIO())

    @staticmethod
    def _checked(answer: httpx.Response, status: int) -> Any:
        assert answer.status_code == status, (answer.status_code, answer.text)
        if status >= 400:
            assert answer.headers["Content-Type"] == PROBLEM
            assert {"type", "title", "status", "detail"} <= set(answer.json())
        return answer.json() if answer.content else None


def person(kind: str, value: str) -> str:
    """`/api/profiles/kind:value/`, percent-encoded."""
    return f"/api/profiles/{quote(f'{kind}:{value}', safe='')}/"


@pytest.fixture
def stranger(live_server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stranger]:
    """Everything that a client is told by `apikey create` and `source create`."""
    keys._known.clear()
    key = printed("apikey", "create", "ci", "--scope", "all")
    write_key = printed("source", "create", "shop", "--kind", "server")
    headers = {"Authorization": f"Bearer {key}"}
    with (
        smtp_server() as mails,
        httpx.Client(base_url=live_server.url, headers=headers, timeout=60) as http,
    ):
        yield Stranger(http, write_key, mails)
    keys._known.clear()
