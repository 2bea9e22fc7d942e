"""A small OpenID provider in a process of its own: discovery, JWKS, code flow with PKCE.

`python oidc_provider.py` prints its address. `POST /control` sets what it says from then on:
`claims` of the identity token, `userinfo`, and `lie`, a way to be wrong.
"""

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "rapport", "a secret: shared & kept"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
state: dict[str, Any] = {"claims": {}, "userinfo": {}, "lie": "", "codes": {}, "tokens": {}}


class Provider(BaseHTTPRequestHandler):
    """Everybody who comes is signed in at once."""

    def log_message(self, *args: Any) -> None:
        """Says nothing."""

    @property
    def me(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, body: Any, status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:  # noqa: N802, PLR0911
        parts = urlsplit(self.path)
        asked = {name: one[0] for name, one in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            if state["lie"] == "redirect":
                return self.lead("http://127.0.0.1:1/")
            return self.answer(self.configuration())
        if parts.path == "/keys":
            listed = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            return self.answer({"keys": [{**listed, "kid": "one", "use": "sig", "alg": "RS256"}]})
        if parts.path == "/authorize":
            state["asked"] = asked
            return self.authorize(asked)
        if parts.path == "/asked":
            return self.answer(state["asked"])
        if parts.path == "/userinfo":
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            known = state["tokens"].pop(token, None)
            return self.answer(known, 200) if known else self.answer({"error": "token"}, 401)
        return self.answer({}, 404)

    def configuration(self) -> dict[str, Any]:
        issuer = "https://evil.example" if state["lie"] == "issuer" else self.me
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{self.me}/authorize",
            "token_endpoint": f"{self.me}/token",
            "userinfo_endpoint": f"{self.me}/userinfo",
            "jwks_uri": f"{self.me}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def authorize(self, asked: dict[str, str]) -> None:
        good = asked["client_id"] == CLIENT and asked["response_type"] == "code"
        if not (good and asked.get("code_challenge_method") == "S256" and "state" in asked):
            return self.answer({"error": "invalid_request"}, 400)
        code = secrets.token_urlsafe()
        state["codes"][code] = (asked["redirect_uri"], asked["code_challenge"])
        said = {"code": code, "state": asked["state"]}
        if state["lie"] == "denied":
            said = {"error": "access_denied", "state": asked["state"]}
        return self.lead(f"{asked['redirect_uri']}?{urlencode(said)}")

    def lead(self, url: str) -> None:
        self.send_response(302)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/control":
            state.update(json.loads(body))
            return self.answer({})
        asked = {name: one[0] for name, one in parse_qs(body).items()}
        given = f"{CLIENT}:{SECRET}".encode()
        basic = f"Basic {base64.b64encode(given).decode()}"
        redirect, challenge = state["codes"].pop(asked.get("code", ""), ("", ""))
        digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        shown = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        fits = shown == challenge and redirect == asked.get("redirect_uri")
        if self.headers.get("Authorization") != basic or not fits:
            return self.answer({"error": "invalid_grant"}, 400)
        token = secrets.token_urlsafe()
        state["tokens"][token] = {**state["claims"], **state["userinfo"]}
        return self.answer(
            {"access_token": token, "token_type": "Bearer", "id_token": self.identity()}
        )

    def identity(self) -> str:
        now, lie = int(time.time()), state["lie"]
        claims = {"iss": self.me, "aud": CLIENT, "iat": now, "exp": now + 300, **state["claims"]}
        if lie == "expired":
            claims["exp"] = now - 3600
        if lie == "audience":
            claims["aud"] = "another shop"
        if lie == "none":
            return jwt.encode(claims, "", algorithm="none", headers={"kid": "one"})
        if lie == "shared":
            return jwt.encode(claims, SECRET * 2, algorithm="HS256", headers={"kid": "one"})
        key = OTHER_KEY if lie == "key" else KEY
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "one"})


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)  # noqa: T201
    server.serve_forever()
