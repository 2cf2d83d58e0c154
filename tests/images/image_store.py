"""A place for images and containers on this machine that is nobody else's: no other docker or buildah is touched."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ImageStore:
    """In `folder`: layers that are in use are mounted from there."""

    folder: Path

    @property
    def layers(self) -> Path:
        return self.folder / "store"

    @property
    def environment(self) -> dict[str, str]:
        """What makes buildah use it."""
        return os.environ | {"CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf")}

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{self.layers}"\nrunroot = "{self.folder / "run"}"\n'
        )

    def leave(self) -> None:
        """Takes containers and images away, and the mount that the storage makes of its own folder: with a mount in it
        none can be deleted, and whoever tidies up temporary folders later fails at it."""
        self.buildah("rm", "--all")
        self.buildah("rmi", "--all", "--force")
        if os.path.ismount(self.layers / "overlay"):
            subprocess.run(["umount", str(self.layers / "overlay")], check=True)

    def buildah(self, *arguments: str) -> str:
        """What the command prints. RuntimeError with what it said, if it failed."""
        done = subprocess.run(
            ["buildah", *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()
