"""What a session asks of a registry of images over HTTP: the digest behind a tag, a manifest, a copy of an image."""

from __future__ import annotations

from dataclasses import dataclass

from delivery.google_clients import GoogleClients
from delivery.image_name import ImageName
from delivery.refusal import Refusal


class RegistryError(Refusal):
    """The registry is not there, refused, or holds something else than it says; the text has its words and the remedy."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`body` byte for byte: the digest is the sum of it. `children`: the digests of an index's manifests, or ()."""

    digest: str
    media_type: str
    body: bytes
    children: tuple[str, ...]


@dataclass(frozen=True)
class ImageRegistry:
    """Asks with the identity of `clients`, at `clients.endpoints.registry` where that is set."""

    clients: GoogleClients

    def digest(self, name: ImageName, tag: str) -> str:
        """What `tag` points at, "" where there is no such tag or image. RegistryError."""
        raise NotImplementedError

    def manifest(self, name: ImageName, reference: str) -> Manifest:
        """By tag or digest; one that is not what its digest says is refused. RegistryError, also where it is not there."""
        raise NotImplementedError

    def copy(self, source: ImageName, digest: str, target: ImageName, tag: str = "") -> None:
        """The image with all that belongs to it, the same digest; what is there already is not sent again, so that an
        interrupted one is just repeated. With `tag` it is found by that too. RegistryError."""
        raise NotImplementedError
