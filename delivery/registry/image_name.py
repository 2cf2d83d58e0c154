"""How an image is called: the repository that it is in, spelled for registries, for Artifact Registry and for people.

Names are Google's own everywhere, also where a test's registry holds the bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from delivery.console.refusal import Refusal

IMAGE = "ib-trading"
"""What the application's image is called in each stack's repository."""

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
NAME = re.compile(
    r"(?P<region>[a-z0-9-]+)-docker\.pkg\.dev/(?P<project>[a-z][a-z0-9-]*)/(?P<repository>[a-z][a-z0-9-]*)"
)


@dataclass(frozen=True, slots=True)
class ImageName:
    """REGION-docker.pkg.dev/PROJECT/REPOSITORY/ib-trading, without tag or digest; str() spells it so."""

    region: str
    project: str
    repository: str

    @classmethod
    def of(cls, repository: str) -> ImageName:
        """From a stack's output `repository`. Refusal where it is no repository of Artifact Registry."""
        found = NAME.fullmatch(repository)
        if found is None:
            raise Refusal(
                f"{repository!r} is no repository of Artifact Registry, such as"
                " europe-west6-docker.pkg.dev/my-project/ib-trading; what does the stack's output `repository` say?"
            )
        return cls(**found.groupdict())

    @property
    def host(self) -> str:
        return f"{self.region}-docker.pkg.dev"

    @property
    def path(self) -> str:
        """What a registry calls it."""
        return f"{self.project}/{self.repository}/{IMAGE}"

    @property
    def parent(self) -> str:
        """What Artifact Registry calls the repository."""
        return f"projects/{self.project}/locations/{self.region}/repositories/{self.repository}"

    @property
    def package(self) -> str:
        """What Artifact Registry calls the image."""
        return f"{self.parent}/packages/{IMAGE}"

    def at(self, digest: str) -> str:
        """The image of that digest, as a stack's file and Cloud Run name it."""
        return f"{self}@{digest}"

    def tagged(self, tag: str) -> str:
        return f"{self}:{tag}"

    def __str__(self) -> str:
        return f"{self.host}/{self.path}"


def split(image: str) -> tuple[ImageName, str]:
    """REPOSITORY/ib-trading@sha256:… as its name and digest. Refusal for anything else."""
    name, at, digest = image.partition("@")
    repository, slash, package = name.rpartition("/")
    if not (at and slash) or package != IMAGE or not DIGEST.fullmatch(digest):
        raise Refusal(
            f"{image!r} names no image by its digest; write REGION-docker.pkg.dev/PROJECT/REPOSITORY/{IMAGE}"
            "@sha256: and 64 hexadecimal digits, as a push prints it"
        )
    return ImageName.of(repository), digest
