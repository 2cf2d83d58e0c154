"""The tags and the images of a repository, as Artifact Registry lists, moves and deletes them.

Reading and moving tags is in roles/artifactregistry.writer; taking away a tag or an image is in repoAdmin alone
(cloud.google.com/iam/docs/roles-permissions/artifactregistry: `tags.delete`, `versions.delete`). An image is deleted as
the version of a package whose id is its digest (github.com/googleapis/python-artifact-registry/issues/198).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from google.api_core.exceptions import AlreadyExists, NotFound, ServiceUnavailable
from google.api_core.retry import Retry

from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.google.errors import logged_out
from delivery.registry.image_name import ImageName
from delivery.registry.image_registry import INDICES, ImageRegistry
from delivery.registry.journal import Journal

SECONDS = 300.0
"""For an image to be gone; Google takes some."""
RETRY_SECONDS = 60.0
"""For a call about tags that Google is not there for; its client repeats none of them by itself
(googleapis/google-cloud-python, artifactregistry/v1/artifactregistry_grpc_service_config.json)."""


@dataclass(frozen=True, slots=True)
class Image:
    """`size` in bytes, as it is kept. `children`: an index's manifests, which are images of the list themselves; while
    it is there, Google deletes none of them ("Manifest is still referenced by one or more parent images",
    github.com/GoogleCloudPlatform/gcr-cleaner/issues/118)."""

    digest: str
    tags: tuple[str, ...]
    uploaded: datetime
    size: int
    children: tuple[str, ...]


@dataclass(frozen=True)
class ImageTags:
    """Of the one image `name`. All raise what is `refused` (delivery/google/errors.py). A call about tags is repeated
    while Google is away: a tag that the first one made is moved to where it is, one that it took away is gone."""

    clients: GoogleClients
    name: ImageName

    def journal(self) -> Journal:
        """Empty where nothing was pushed yet."""
        request = {"parent": self.name.package, "page_size": 1000}
        try:
            listed = list(self.clients.images.list_tags(request=request, retry=_again()))
        except NotFound:
            # Where the repository is there, only the image is not yet. Otherwise this says it.
            self._repository()
            return Journal({})
        return Journal({_last(tag.name): _last(tag.version) for tag in listed})

    def put(self, tag: str, digest: str) -> None:
        """Makes the tag, or moves it; does nothing where it points there already. NotFound without that digest."""
        wanted = {"name": self._tag(tag), "version": self._version(digest)}
        try:
            self.clients.images.create_tag(
                request={"parent": self.name.package, "tag_id": tag, "tag": wanted}, retry=_again()
            )
        except AlreadyExists:
            moved = {"tag": wanted, "update_mask": {"paths": ["version"]}}
            self.clients.images.update_tag(request=moved, retry=_again())

    def take_away(self, tag: str) -> None:
        """Deletes the tag; does nothing where it is not there."""
        try:
            self.clients.images.delete_tag(name=self._tag(tag), retry=_again())
        except NotFound:
            self._repository()

    def images(self) -> tuple[Image, ...]:
        """All that are there, the newest upload first. RegistryError where an index cannot be read."""
        registry = ImageRegistry(self.clients)
        found = []
        request = {"parent": self.name.parent, "page_size": 1000}
        for each in self.clients.images.list_docker_images(request=request):
            name, _, digest = each.uri.rpartition("@")
            if name != str(self.name):
                continue
            # Google's own list of an index's manifests is documented for several architectures alone.
            children = registry.manifest(self.name, digest).children if each.media_type in INDICES else ()
            # A subclass of datetime that knows nanoseconds.
            uploaded = datetime.fromtimestamp(each.upload_time.timestamp(), each.upload_time.tzinfo)
            found.append(Image(digest, tuple(sorted(each.tags)), uploaded, each.image_size_bytes, children))
        return tuple(sorted(found, key=lambda image: (image.uploaded, image.digest), reverse=True))

    def delete(self, digest: str) -> None:
        """Deletes the image, and waits until it is gone; does nothing where it is not there. Its tags have to be taken
        away before, and an index goes before its children: FailedPrecondition otherwise. Refusal where Google does not
        come to an end."""
        try:
            self.clients.images.delete_version(name=self._version(digest)).result(timeout=SECONDS)
        except NotFound:
            self._repository()
        except TimeoutError:
            raise Refusal(
                f"Google has not said within {SECONDS:.0f} s that {digest} is gone; run this again, what is gone by"
                " then is left out"
            ) from None

    def require_upload(self) -> None:
        """NotFound where the repository is not there, Refusal where whoever runs this may not upload into it."""
        self._repository()
        right = "artifactregistry.repositories.uploadArtifacts"
        granted = self.clients.images.test_iam_permissions(
            request={"resource": self.name.parent, "permissions": [right]}
        )
        if right not in granted.permissions:
            raise Refusal(
                f"you may not upload into {self.name}: that needs roles/artifactregistry.writer on its repository;"
                " docs/deploying.md has who needs which"
            )

    def _repository(self) -> None:
        self.clients.images.get_repository(name=self.name.parent)

    def _tag(self, tag: str) -> str:
        return f"{self.name.package}/tags/{tag}"

    def _version(self, digest: str) -> str:
        return f"{self.name.package}/versions/{digest}"


def _again() -> Retry:
    return Retry(predicate=_is_away, initial=0.2, maximum=5.0, timeout=RETRY_SECONDS)


def _is_away(error: Exception) -> bool:
    return isinstance(error, ServiceUnavailable) and not logged_out(error)


def _last(resource: str) -> str:
    return resource.rpartition("/")[2]
