"""A place to build images in: a store of its own for buildah, a stand-in for the Python image, and what is downloaded."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.images.downloads import pins
from tests.images.python_base import make_python_base

REPOSITORY = Path(__file__).parents[2]
# Kept between runs, like the sessions' environments.
KEPT = REPOSITORY / ".nox" / "image-stand-ins"
PYTHON_IMAGE = "localhost/python-stand-in"


@dataclass(frozen=True, slots=True)
class Workshop:
    """`folder` holds the store, `files` are what `address` serves."""

    folder: Path
    address: str
    files: Mapping[str, bytes]

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf")}

    def prepare(self) -> None:
        """Makes the store, and the stand-in for the Python image in it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\n'
            f'graphroot = "{self.folder / "store"}"\nrunroot = "{self.folder / "run"}"\n'
        )
        base = make_python_base(KEPT)
        self.buildah("bud", "--isolation", "chroot", "--tag", PYTHON_IMAGE, str(base))

    def build(self, **changed: str) -> subprocess.CompletedProcess[str]:
        """`python -m delivery.images` as a person would run it, with the pins that fit but for what is `changed`."""
        text = pins(PYTHON_IMAGE, self.address, dict(self.files))
        for old, new in changed.items():
            text = text.replace(old, new)
        file = self.folder / "pins.toml"
        file.write_text(text)
        return subprocess.run(
            [sys.executable, "-m", "delivery.images", "--tool", "buildah", "--pins", str(file)],
            cwd=REPOSITORY,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def buildah(self, *arguments: str) -> str:
        done = subprocess.run(
            ["buildah", *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()
