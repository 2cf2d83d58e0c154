"""Decides who gets a token for the registry of oci_registry.py, as Artifact Registry's realm does: who has a stand-in's
access token, for whatever it asks, but to push to a repository that is closed. The registry trusts what is signed here
(distribution.github.io/distribution/spec/auth/jwt)."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import urllib.parse
import uuid
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from delivery.google.clients import STAND_IN_TOKEN
from delivery.registry.connection import USER

SERVICE = "a-registry-of-a-test"
SCOPE = re.compile(r"repository:(?P<path>[^:]+):(?P<actions>[a-z,*]+)")
CREDENTIALS = "Basic " + base64.b64encode(f"{USER}:{STAND_IN_TOKEN}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Realm:
    """Signs what it grants. `closed`: PROJECT/REPOSITORY that nobody may push to."""

    address: str
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    closed: Collection[str]

    def token(self, access: Sequence[Mapping[str, Any]]) -> str:
        chain = [base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()]
        now = int(time.time())
        claims = {
            "iss": SERVICE,
            "sub": USER,
            "aud": SERVICE,
            "nbf": now - 10,
            "iat": now,
            "exp": now + 300,
            "jti": uuid.uuid4().hex,
            "access": access,
        }
        signed = b".".join(_part(each) for each in ({"typ": "JWT", "alg": "RS256", "x5c": chain}, claims))
        return b".".join((signed, _text(self.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())))).decode()

    def answer(self, credentials: str | None, scopes: Sequence[str]) -> tuple[int, dict[str, Any]]:
        """Status and body."""
        if credentials != CREDENTIALS:
            return 401, _error("UNAUTHORIZED", "authentication failed: the access token is not valid")
        access: list[dict[str, Any]] = [
            {"type": "repository", "name": scope["path"], "actions": scope["actions"].split(",")}
            for scope in map(SCOPE.fullmatch, scopes)
            if scope
        ]
        for each in access:
            project, repository, *_ = each["name"].split("/")
            if "push" in each["actions"] and f"{project}/{repository}" in self.closed:
                # Word for word as in github.com/GoogleCloudPlatform/cymbal-superstore/pull/4.
                resource = f"projects/{project}/locations/LOCATION/repositories/{repository}"
                right = "artifactregistry.repositories.uploadArtifacts"
                text = f'Permission "{right}" denied on resource "{resource}" (or it may not exist)'
                return 403, _error("DENIED", text)
        return 200, {"token": self.token(access)}


@contextmanager
def serving(closed: Collection[str]) -> Generator[Realm]:
    """A realm on a free port; what is added to `closed` meanwhile counts."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("scope", [])
            scopes = [scope for each in asked for scope in each.split(" ")]
            status, body = realm.answer(self.headers.get("Authorization"), scopes)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
            """Says nothing."""

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    realm = Realm(f"http://127.0.0.1:{server.server_port}/v2/token", key, _certificate(key), closed)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield realm
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERVICE)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


def _error(code: str, message: str) -> dict[str, Any]:
    return {"errors": [{"code": code, "message": message}]}


def _part(content: object) -> bytes:
    return _text(json.dumps(content, separators=(",", ":")).encode())


def _text(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
