"""What a session asks of a registry of images: the digest behind a tag, a manifest, a copy of an image.

Decides what an image consists of (an index of manifests; a manifest's configuration and layers), that nothing is
believed whose sum is another, and in which order it is copied: a registry takes a manifest only once it has what that
names. The protocol is opencontainers/distribution-spec; decision 37 has why no library speaks it here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import requests
import urllib3

from delivery.console.progress import step
from delivery.google.clients import GoogleClients
from delivery.registry.connection import RegistryConnection, RegistryError
from delivery.registry.image_name import DIGEST, ImageName

INDICES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Blob:
    """`size` in bytes, as it is kept."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """`body` byte for byte: the digest is the sum of it. `children`: the digests of an index's manifests, or ().
    `blobs`: a manifest's configuration and layers, or ()."""

    digest: str
    media_type: str
    body: bytes
    children: tuple[str, ...]
    blobs: tuple[Blob, ...]


@dataclass(frozen=True)
class ImageRegistry:
    """Asks with the identity of `clients`, at `clients.endpoints.registry` where that is set."""

    clients: GoogleClients
    _connections: dict[str, RegistryConnection] = field(default_factory=dict, repr=False)

    def digest(self, name: ImageName, tag: str) -> str:
        """What `tag` points at, "" where there is no such tag or image. RegistryError."""
        found = self._find(name, tag)
        return found.digest if found else ""

    def manifest(self, name: ImageName, reference: str) -> Manifest:
        """By tag or digest. RegistryError where it is not there, and where it is not what its digest says."""
        found = self._find(name, reference)
        if found is None:
            raise RegistryError(
                f"{name} has no {reference}; `./nox -s push` puts an image there, and cleanup or"
                " retention.imageDays may have taken an old one away"
            )
        return found

    def has(self, name: ImageName, blob: Blob) -> bool:
        """Whether that image's repository holds the blob. RegistryError."""
        return self._to(name).ask("HEAD", name, f"blobs/{blob.digest}", missing=True).ok

    def copy(self, source: ImageName, digest: str, target: ImageName, tag: str = "") -> None:
        """The image with all that belongs to it, under the same digest; with `tag` it is found by that too. Prints a
        line for what takes time. What is there already is not sent again: an interrupted one is just repeated.
        RegistryError."""
        manifest = self.manifest(source, digest)
        for child in manifest.children:
            self.copy(source, child, target)
        for blob in manifest.blobs:
            self._copy_blob(source, blob, target)
        self._to(target).ask(
            "PUT",
            target,
            f"manifests/{tag or digest}",
            headers={"Content-Type": manifest.media_type},
            body=manifest.body,
        )
        if self.manifest(target, tag or digest).digest != digest:
            raise RegistryError(
                f"{target.tagged(tag)} is another image than the one that was just put there; does somebody else"
                " work on it? run this again"
            )

    def _find(self, name: ImageName, reference: str) -> Manifest | None:
        """GET and not HEAD: the sum is ours to make, whatever a header says."""
        response = self._to(name).ask(
            "GET",
            name,
            f"manifests/{reference}",
            missing=True,
            headers={"Accept": ", ".join((*INDICES, *MANIFESTS))},
        )
        if response.status_code == 404:
            return None
        body = response.content
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        said = {response.headers.get("Docker-Content-Digest", digest)}
        said |= {reference} if DIGEST.fullmatch(reference) else set()
        if said != {digest}:
            raise RegistryError(f"{name}: {reference} is not what its digest says; nothing was done with it")
        return _read(name, digest, response.headers.get("Content-Type", ""), body)

    def _copy_blob(self, source: ImageName, blob: Blob, target: ImageName) -> None:
        to = self._to(target)
        if self.has(target, blob):
            return
        mount = {"mount": blob.digest, "from": source.path} if source.host == target.host else {}
        # A registry that cannot mount, or does not want to, begins an upload instead.
        begun = to.ask("POST", target, "blobs/uploads/" + (f"?{urlencode(mount)}" if mount else ""))
        if begun.status_code == 201:
            return
        with (
            step(f"copying {blob.digest[:19]}, {blob.size / 1e6:,.1f} MB"),
            self._to(source).ask("GET", source, f"blobs/{blob.digest}", stream=True) as response,
        ):
            upload = begun.headers["Location"]
            to.ask(
                "PUT",
                target,
                f"{upload}{'&' if '?' in upload else '?'}{urlencode({'digest': blob.digest})}",
                headers={"Content-Type": "application/octet-stream"},
                body=_Checked(source, blob, response),
            )

    def _to(self, name: ImageName) -> RegistryConnection:
        if name.host not in self._connections:
            self._connections[name.host] = RegistryConnection(self.clients, name.host)
        return self._connections[name.host]


@dataclass(frozen=True, slots=True)
class _Checked:
    """A blob on its way from one registry to the other. What is not what its digest says ends the upload: RegistryError
    before the last byte is out."""

    source: ImageName
    blob: Blob
    response: requests.Response

    def __len__(self) -> int:
        return self.blob.size

    def __iter__(self) -> Iterator[bytes]:
        total, held, size = hashlib.sha256(), b"", 0
        try:
            for chunk in self.response.raw.stream(CHUNK, decode_content=False):
                total.update(chunk)
                size += len(chunk)
                if held:
                    yield held
                held = chunk
        except urllib3.exceptions.HTTPError as error:
            raise RegistryError(
                f"{self.source.host} stopped in the middle of {self.blob.digest} ({type(error).__name__});"
                " run this again, what is there is not sent twice"
            ) from None
        if (f"sha256:{total.hexdigest()}", size) != (self.blob.digest, self.blob.size):
            raise RegistryError(
                f"{self.source}: {self.blob.digest} is not what its digest says; the copy was not finished"
            )
        if held:
            yield held


def _read(name: ImageName, digest: str, content_type: str, body: bytes) -> Manifest:
    media_type = content_type.partition(";")[0].strip()
    try:
        said = json.loads(body)
        if media_type in INDICES:
            children = tuple(dict.fromkeys(_digest(each) for each in said["manifests"]))
            return Manifest(digest, media_type, body, children, ())
        if media_type in MANIFESTS:
            parts = {_digest(each): int(each["size"]) for each in (said["config"], *said["layers"])}
            return Manifest(digest, media_type, body, (), tuple(Blob(*part) for part in parts.items()))
    except (ValueError, LookupError, TypeError) as error:
        raise RegistryError(f"{name}: {digest} is no manifest that can be read ({error!r})") from None
    raise RegistryError(
        f"{name}: {digest} is {media_type or 'of no type'}, and no image that a service can run"
    )


def _digest(descriptor: Mapping[str, object]) -> str:
    """ValueError for another kind of sum, which nothing here could check."""
    digest = str(descriptor["digest"])
    if not DIGEST.fullmatch(digest):
        raise ValueError(digest)
    return digest
