"""A service that believes signed assertions and nothing else.

pip install -r requirements.txt; then, with KEYS, ISSUER, AUDIENCE and PORT in the environment: python verify.py
"""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

ISSUER, AUDIENCE = os.environ["ISSUER"], os.environ["AUDIENCE"]


class KeySet(jwt.PyJWKClient):
    """Fetched when first needed, kept for five minutes, and again for an unknown key, at most every 30 seconds."""

    asked, answer = float("-inf"), None

    def fetch_data(self):
        if time.monotonic() - self.asked > 30:
            self.answer = super().fetch_data()
            self.asked = time.monotonic()
        return self.answer


KEYS = KeySet(os.environ["KEYS"], lifespan=300, timeout=5)


def caller(headers):
    """None: no session. Raises for an assertion that does not hold."""
    assertion = headers.get("X-Sessiongate-Assertion")
    if assertion is None:
        return None
    key = KEYS.get_signing_key_from_jwt(assertion)
    return jwt.decode(
        assertion,
        key,
        algorithms=["ES256", "EdDSA"],
        issuer=ISSUER,
        audience=AUDIENCE,
        leeway=30,
        options={"require": ["exp", "iss", "aud", "sub"]},
    )


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        try:
            who = caller(self.headers)
        except jwt.PyJWKClientConnectionError:
            # The keys cannot be fetched: nothing is known of the caller, and it may be tried again.
            return self.answer(503, {"error": "keys_unavailable"})
        except jwt.PyJWTError as fault:
            return self.answer(401, {"error": type(fault).__name__})
        self.answer(200, who and {"user": who["sub"], "roles": who["roles"]})

    def answer(self, status, body):
        text = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """The assertion is a credential; nothing of the request is logged."""


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Service).serve_forever()
