"""A place to build images in: a copy of the repository, a store of its own for buildah, a stand-in for the Python
image, and what is downloaded."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from delivery.image.builder import APPLICATION
from tests.images.authors import add_strategies, follow_guide
from tests.images.downloads import pins
from tests.images.image_store import ImageStore
from tests.images.python_base import make_python_base

REPOSITORY = Path(__file__).parents[2]
# Kept between runs, like the sessions' environments: the stand-in, and the layers that have not changed.
KEPT = REPOSITORY / ".nox" / "images"
# A build makes some thirty, of which a change of the service's code leaves all but five as they were.
LAYERS_KEPT = 300
PYTHON_IMAGE = "localhost/python-stand-in"

MARKER = "marker-of-a-password-7f3a"
# Where people leave what no image should have. The copy has all of them.
LEFT_LYING_ABOUT = (
    ".env",
    ".local/paper.credentials.json",
    "app/ib_trading/.env",
    "app/ib_trading/schema/secret.pem",
    "credentials.json",
)


@dataclass(frozen=True, slots=True)
class Workshop:
    """`copy` is the repository as a person has it, with strategies and libraries added, state and secrets
    lying about; `files` are what `address` serves."""

    copy: Path
    address: str
    files: Mapping[str, bytes]

    @property
    def images(self) -> ImageStore:
        return ImageStore(KEPT)

    @property
    def environment(self) -> dict[str, str]:
        return self.images.environment

    def prepare(self) -> None:
        """Makes the copy, the store, and the stand-in for the Python image in it."""
        _copy_repository(self.copy)
        add_strategies(self.copy)
        follow_guide(self.copy)
        self.images.prepare()
        # What earlier runs have left: containers of one that was killed, and the image, which a build shall make anew.
        for image in self.buildah("images", "--quiet", "--filter", f"reference={APPLICATION}").split():
            self.buildah("rmi", "--force", image)
        self.tidy()
        base = make_python_base(KEPT / "python")
        self.buildah("bud", "--layers", "--isolation", "chroot", "--tag", PYTHON_IMAGE, str(base))

    def build(self, pinned: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """`python -m delivery.commands.images` as a person would run it, with pins that fit but for what is `pinned`
        otherwise."""
        self.pin(pinned or {})
        return subprocess.run(
            [sys.executable, "-m", "delivery.commands.images", "--tool", "buildah"],
            cwd=self.copy,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def tidy(self) -> None:
        """No container stays. Layers do, for the next build, until there are too many that no image has any more."""
        self.buildah("rm", "--all")
        if len(self.buildah("images", "--all", "--quiet").split()) > LAYERS_KEPT:
            self.buildah("rmi", "--prune")

    def pin(self, otherwise: Mapping[str, str]) -> None:
        """Writes the copy's pins, but for what is pinned `otherwise`: a text, and what to put in its place."""
        text = pins(PYTHON_IMAGE, self.address, dict(self.files))
        for old, new in otherwise.items():
            text = text.replace(old, new)
        (self.copy / "images/pins.toml").write_text(text)

    def buildah(self, *arguments: str) -> str:
        return self.images.buildah(*arguments)


def _copy_repository(to: Path) -> None:
    """What a clone would have, and what people add to it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, to / name)
    for name in LEFT_LYING_ABOUT:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_text(MARKER)
