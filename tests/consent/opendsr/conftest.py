"""A controller: its key, what it sends, how it checks what it gets, where it wants to be called."""

import base64
import json
import subprocess
import uuid

import pytest

from config.workspace.access.keys import create_api_key
from tests.profiles.ingest.conftest import _forget_kept, call, source, work_off  # noqa: F401
from tests.receiving import receiver  # noqa: F401

JSON = "application/json"


def body_of(*identities, type_="erasure", **more):
    named = [
        dict(zip(("identity_type", "identity_value", "identity_format"), one, strict=True))
        for one in identities or [("email", "maya@example.com", "raw")]
    ]
    return {
        "subject_request_id": str(uuid.uuid4()),
        "subject_request_type": type_,
        "submitted_time": "2026-11-20T15:00:00Z",
        "regulation": "gdpr",
        "subject_identities": named,
        "api_version": "1.0",
    } | more


class Controller:
    def __init__(self, client, name, scopes):
        _row, key = create_api_key(name=name, scopes=scopes)
        self.client, self.headers = client, {"Authorization": f"Bearer {key}"}

    def send(self, body, path="/opendsr/requests", kind=JSON):
        text = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.post(path, text, kind, headers=self.headers)

    def get(self, number, path="/opendsr/requests"):
        return self.client.get(f"{path}/{number}", headers=self.headers)

    def delete(self, number, path="/opendsr/requests"):
        return self.client.delete(f"{path}/{number}", headers=self.headers)


@pytest.fixture
def controller(client):
    return Controller(client, "Consent hub", ["privacy"])


@pytest.fixture
def is_genuine(client, tmp_path):
    """As a controller checks: openssl, with the certificate that discovery names."""

    def check(text: bytes, signature: str) -> bool:
        url = client.get("/opendsr/discovery").json()["processor_certificate"]
        pem = client.get("/" + url.split("/", 3)[3]).content
        for name, data in (
            ("cert.pem", pem), ("text", text), ("signature", base64.b64decode(signature)),
        ):  # fmt: skip
            (tmp_path / name).write_bytes(data)
        run = ["openssl", "x509", "-in", "cert.pem", "-pubkey", "-noout", "-out", "key.pem"]
        subprocess.run(run, cwd=tmp_path, check=True)
        run = ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature"]
        done = subprocess.run([*run, "text"], cwd=tmp_path, capture_output=True, check=False)
        return done.returncode == 0

    return check


@pytest.fixture
def maya(call):  # noqa: F811
    call.batch(
        {"type": "identify", "userId": "Maya-4711",
         "traits": {"email": "maya@example.com", "phone": "+31612345678"},
         "context": {"device": {"id": "6D92078A-8246-4BA4-AE5B-76104861E7DC"}}},
        {"type": "track", "userId": "Maya-4711", "event": "Signed Up"},
        {"type": "identify", "userId": "ben-12", "traits": {"email": "ben@example.com"}},
    )  # fmt: skip
    work_off()
