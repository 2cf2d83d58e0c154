"""Runs a command in an image, as the image's own user and with folders of this machine mounted for reading.

Decides how docker, podman and buildah are each told the same thing, and what of the machine the command sees: nothing
but what is mounted, and with docker and podman no network but its own loopback, and no file to write but in /tmp.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from delivery.console.interruption import exit_code
from delivery.image.builder import BuildError

# The first process reaps what the command's children leave behind; -s also where another process is the first.
FIRST = ("/usr/bin/tini", "-s", "--")


@dataclass(frozen=True, slots=True)
class Run:
    """`mounted`: from here → to there, files or folders. `folder` is where the command starts."""

    image: str
    command: Sequence[str]
    mounted: Mapping[Path, str]
    environment: Mapping[str, str]
    folder: str


def run(tool: str, given: Run) -> int:
    """The command's exit code; it prints where we print. BuildError where it cannot be started; KeyboardInterrupt once
    it has ended after Ctrl-C."""
    if tool == "buildah":
        return _run_with_buildah(given)
    first, *rest = FIRST
    # Tests write programs to /tmp, and start them.
    closed = ("--read-only", "--tmpfs=/tmp:rw,exec,mode=1777", "--network=none")
    command = [
        tool,
        "run",
        "--rm",
        *closed,
        *_told(given),
        f"--workdir={given.folder}",
        f"--entrypoint={first}",
    ]
    return _wait([*command, given.image, *rest, *given.command])


def _run_with_buildah(given: Run) -> int:
    """Debian's buildah comes without a container runtime; under a changed root it shares this machine's network, and
    what is written goes with the working container."""
    made = subprocess.run(
        ["buildah", "from", "--pull-never", given.image], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise BuildError(f"{given.image} is not here; ./nox -s images builds it ({made.stderr.strip()})")
    container = made.stdout.strip()
    try:
        options = ("--isolation=chroot", *_told(given), f"--workingdir={given.folder}")
        return _wait(["buildah", "run", *options, container, "--", *FIRST, *given.command])
    finally:
        subprocess.run(["buildah", "rm", container], capture_output=True, check=False)


def _told(given: Run) -> list[str]:
    mounts = [f"--volume={source.resolve()}:{target}:ro" for source, target in given.mounted.items()]
    return mounts + [f"--env={key}={value}" for key, value in given.environment.items()]


def _wait(command: Sequence[str]) -> int:
    """In a group of its own, so that Ctrl-C reaches it once, and this waits until what it started has ended."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
    return exit_code(process, lambda: os.killpg(process.pid, signal.SIGINT))
