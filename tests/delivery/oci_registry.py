"""A real registry of images on this machine, that asks who comes as Artifact Registry does.

Debian's docker-registry keeps them, and trusts the tokens of realm.py. Decides where they are kept and how tests look
at them: paths are as at Google, PROJECT/REPOSITORY/IMAGE; whatever a path's region, its bytes are in the one registry.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives import serialization

from tests.delivery.realm import SERVICE, Realm, serving
from tests.required import tool

PROGRAM = "docker-registry"
SECONDS = 120.0
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIGURATION = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
LISTENING = re.compile(r"listening on (127\.0\.0\.1:[0-9]+)")


@dataclass(slots=True)
class OciRegistry:
    """`address` is host:port. `closed`: PROJECT/REPOSITORY that nobody may write to."""

    address: str
    storage: Path
    closed: set[str] = field(default_factory=set)
    log: Path = Path()
    _realm: Realm | None = None

    def put_image(
        self, path: str, tag: str = "", layers: Sequence[bytes] = (b"a layer",), **more: object
    ) -> str:
        """An image whose layers are these bytes; answers its digest. `more` goes into its configuration."""
        configuration = json.dumps({"architecture": "amd64", "os": "linux", **more}).encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIGURATION, **self.put_blob(path, configuration)},
            "layers": [{"mediaType": LAYER, **self.put_blob(path, layer)} for layer in layers],
        }
        return self.put_manifest(path, MANIFEST, json.dumps(manifest, indent=3).encode(), tag)

    def put_index(self, path: str, children: Sequence[str], tag: str = "") -> str:
        """An index of manifests that are there already; answers its digest."""
        manifests = [
            {"mediaType": MANIFEST, "digest": child, "size": self.blob(child).stat().st_size}
            for child in children
        ]
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).encode()
        return self.put_manifest(path, INDEX, body, tag)

    def put_blob(self, path: str, content: bytes) -> dict[str, Any]:
        """Answers its descriptor without a media type."""
        digest = digest_of(content)
        begun = self._ask("POST", path, "blobs/uploads/")
        upload = begun.headers["Location"]
        self._ask("PUT", path, f"{upload}&digest={digest}", data=content)
        return {"digest": digest, "size": len(content)}

    def put_manifest(self, path: str, media_type: str, body: bytes, tag: str = "") -> str:
        digest = digest_of(body)
        self._ask("PUT", path, f"manifests/{tag or digest}", data=body, headers={"Content-Type": media_type})
        return digest

    def manifest(self, path: str, reference: str) -> tuple[str, bytes]:
        """Its media type and its bytes."""
        answer = self._ask("GET", path, f"manifests/{reference}", headers={"Accept": f"{INDEX}, {MANIFEST}"})
        return answer.headers["Content-Type"], answer.content

    def blob(self, digest: str) -> Path:
        """The file that holds it for all images: whoever changes or moves it, breaks them."""
        number = digest.partition(":")[2]
        return self.storage / "docker/registry/v2/blobs/sha256" / number[:2] / number / "data"

    def images(self, repository: str) -> tuple[str, ...]:
        """The paths of the images in PROJECT/REPOSITORY that somebody pushed to, sorted."""
        found = self._repositories / repository
        return tuple(
            sorted(
                f"{repository}/{image.name}" for image in found.glob("*") if (image / "_manifests").exists()
            )
        )

    def tags(self, path: str) -> dict[str, str]:
        """Tag → digest."""
        links = (self._manifests(path) / "tags").glob("*/current/link")
        return {link.parent.parent.name: link.read_text("ascii") for link in links}

    def tag(self, path: str, tag: str, digest: str) -> None:
        """Makes or moves it."""
        folder = self._manifests(path) / "tags" / tag
        for link in (folder / "current" / "link", folder / "index" / "sha256" / digest[7:] / "link"):
            link.parent.mkdir(parents=True, exist_ok=True)
            link.write_text(digest, "ascii")

    def untag(self, path: str, tag: str) -> None:
        shutil.rmtree(self._manifests(path) / "tags" / tag)

    def revisions(self, path: str) -> dict[str, datetime]:
        """The digests of all manifests, and when each was first pushed."""
        links = (self._manifests(path) / "revisions" / "sha256").glob("*/link")
        return {
            f"sha256:{link.parent.name}": datetime.fromtimestamp(link.stat().st_mtime, UTC) for link in links
        }

    def delete(self, path: str, digest: str) -> None:
        shutil.rmtree(self._manifests(path) / "revisions" / "sha256" / digest[7:])

    @property
    def _repositories(self) -> Path:
        return self.storage / "docker/registry/v2/repositories"

    def _manifests(self, path: str) -> Path:
        return self._repositories / path / "_manifests"

    def _ask(self, method: str, path: str, what: str, **more: Any) -> requests.Response:
        assert self._realm
        address = urllib.parse.urljoin(f"http://{self.address}/v2/{path}/", what)
        bearer = self._realm.token([{"type": "repository", "name": path, "actions": ["pull", "push"]}])
        headers = {**more.pop("headers", {}), "Authorization": f"Bearer {bearer}"}
        answer = requests.request(method, address, headers=headers, timeout=SECONDS, **more)
        answer.raise_for_status()
        return answer


@contextmanager
def oci_registry(folder: Path) -> Generator[OciRegistry]:
    """Serves from the folder, on a free port; what is in it already is there again."""
    program = tool(PROGRAM)
    folder.mkdir(parents=True, exist_ok=True)
    registry = OciRegistry("", folder / "storage", log=folder / "registry.log")
    with serving(registry.closed) as realm:
        registry._realm = realm
        (folder / "certificate.pem").write_bytes(realm.certificate.public_bytes(serialization.Encoding.PEM))
        configuration = folder / "configuration.json"
        # YAML takes JSON too.
        configuration.write_text(json.dumps(_configuration(registry, realm, folder)), encoding="utf-8")
        with registry.log.open("wb") as log:
            process = subprocess.Popen(
                [program, "serve", str(configuration)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            registry.address = _address(registry.log, process)
            yield registry
        finally:
            process.terminate()
            process.wait()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _configuration(registry: OciRegistry, realm: Realm, folder: Path) -> dict[str, Any]:
    token = {
        "realm": realm.address,
        "service": SERVICE,
        "issuer": SERVICE,
        "rootcertbundle": str(folder / "certificate.pem"),
    }
    return {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(registry.storage)}, "delete": {"enabled": True}},
        "http": {"addr": "127.0.0.1:0", "secret": "of a test"},
        "auth": {"token": token},
    }


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    """As the registry itself says, once it listens."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and process.poll() is None:
        if found := LISTENING.search(log.read_text(encoding="utf-8", errors="replace")):
            return found[1]
        threading.Event().wait(0.02)
    raise AssertionError(f"{PROGRAM} did not start: {log.read_text(encoding='utf-8', errors='replace')}")
