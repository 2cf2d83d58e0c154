"""What an image was built from: the project's version, the commit, and the commit's time.

Decides what is said of a working copy with changes that are in no commit: its revision ends in -dirty. Where there is
no git, nothing is said of the commit.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from delivery.console.refusal import Refusal

EPOCH = "SOURCE_DATE_EPOCH"
"""Seconds since 1970, for builds that shall come out the same (reproducible-builds.org/docs/source-date-epoch)."""
DIRTY = "-dirty"


@dataclass(frozen=True, slots=True)
class Provenance:
    """`revision` is a commit's 40 digits, with -dirty behind it or not, or ""; `time` in UTC."""

    version: str
    revision: str
    time: datetime | None

    @property
    def dirty(self) -> bool:
        return self.revision.endswith(DIRTY)

    def labels(self) -> dict[str, str]:
        """For the image (github.com/opencontainers/image-spec/blob/main/annotations.md)."""
        said = {"title": "ib-trading", "version": self.version, "revision": self.revision}
        if self.time:
            said["created"] = self.time.isoformat().replace("+00:00", "Z")
        return {f"org.opencontainers.image.{key}": value for key, value in said.items() if value}


def provenance_of(root: Path, revision: str = "") -> Provenance:
    """`revision` where the caller knows the commit and there is no git: a build service's copy has none. Refusal where
    it is no commit, contradicts git, or SOURCE_DATE_EPOCH is no time."""
    if revision and not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise Refusal(f"--revision is {revision!r}, and must be a commit's 40 hexadecimal digits")
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    commit = _git(root, "rev-parse", "HEAD") if _is_checkout(root) else None
    if commit is None:
        return Provenance(version, revision, _given_time())
    if revision not in {"", commit}:
        raise Refusal(f"--revision is {revision}, and what lies here is {commit}; leave the option out")
    committed = _git(root, "show", "--no-patch", "--format=%ct", commit)
    changed = _git(root, "status", "--porcelain")
    time = _given_time() or (datetime.fromtimestamp(int(committed), UTC) if committed else None)
    return Provenance(version, commit + DIRTY if changed else commit, time)


def _given_time() -> datetime | None:
    text = os.environ.get(EPOCH)
    if not text:
        return None
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise Refusal(
            f"{EPOCH} is {text!r}, and must be seconds since 1970: {EPOCH}=$(git log -1 --format=%ct)"
        ) from None


def _is_checkout(root: Path) -> bool:
    """A copy without .git inside some other checkout says nothing of that one."""
    return shutil.which("git") is not None and _git(root, "rev-parse", "--show-cdup") == ""


def _git(root: Path, *arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
