"""The tags and the images of a repository as Artifact Registry lists, moves and deletes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from delivery.google_clients import GoogleClients
from delivery.image_journal import Journal
from delivery.image_name import ImageName


@dataclass(frozen=True, slots=True)
class Image:
    """`size` in bytes, compressed. `children`: an index's manifests, which are images of the list themselves; while it
    is there, Google deletes none of them."""

    digest: str
    tags: tuple[str, ...]
    uploaded: datetime
    size: int
    children: tuple[str, ...]


@dataclass(frozen=True)
class ImageTags:
    """Of the one image `name`. All raise GoogleAPICallError."""

    clients: GoogleClients
    name: ImageName

    def journal(self) -> Journal:
        """Empty where nothing was pushed yet."""
        raise NotImplementedError

    def put(self, tag: str, digest: str) -> None:
        """Makes the tag, or moves it; does nothing where it points there already."""
        raise NotImplementedError

    def take_away(self, tag: str) -> None:
        """Deletes the tag; does nothing where it is not there. Needs artifactregistry.tags.delete (repoAdmin)."""
        raise NotImplementedError

    def images(self) -> tuple[Image, ...]:
        """All that are there, the newest upload first. RegistryError where an index cannot be read."""
        raise NotImplementedError

    def delete(self, digest: str) -> None:
        """Deletes the image, and waits until it is gone; does nothing where it is not there. Its tags have to be taken
        away before, and an index goes before its children: FailedPrecondition otherwise."""
        raise NotImplementedError
