"""The demonstration as a process, and what became of the processes that it started."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEADLINE = 240.0


@contextmanager
def running_demo(folder: Path, *options: str | Path) -> Generator[subprocess.Popen[bytes]]:
    """`python -m demo` at the head of a process group of its own, as a shell starts a command; ended with the block,
    also where a test fails in it. Whatever it writes for itself, and the page, lies in `folder`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "demo", "--page", folder / "page.html", *options],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()


def read_until(process: subprocess.Popen[bytes], words: str) -> list[str]:
    """The lines up to the one with `words` in it. AssertionError where it does not come."""
    assert process.stdout is not None
    lines: list[str] = []
    deadline = time.monotonic() + DEADLINE
    while not lines or words not in lines[-1]:
        readable, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        # Unbuffered: what Python had read ahead, select would not see.
        line = process.stdout.readline() if readable else b""
        assert line, f"no {words!r} in:\n{''.join(lines)}"
        lines.append(line.decode())
    return lines


@dataclass(frozen=True, slots=True)
class Watched:
    """A process by a descriptor that is readable once it has ended: its number may be another's by then."""

    number: int
    descriptor: int

    def ended_within(self, seconds: float) -> bool:
        readable, _, _ = select.select([self.descriptor], [], [], max(0.0, seconds))
        return bool(readable)


def watch_descendants(ancestor: int) -> list[Watched]:
    """Every process that descends from `ancestor`, by Linux' /proc."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            # pid (name) state ppid …, and the name may hold anything.
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
    found = {ancestor}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return [Watched(pid, os.pidfd_open(pid)) for pid in sorted(found - {ancestor})]


def still_running(watched: Iterable[Watched], seconds: float) -> list[int]:
    """Those that have not ended within `seconds` in all; forgets the descriptors."""
    deadline = time.monotonic() + seconds
    running = []
    for process in watched:
        if not process.ended_within(deadline - time.monotonic()):
            running.append(process.number)
        os.close(process.descriptor)
    return running


def accepts(port: int) -> bool:
    """Whether anybody listens at `port`."""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0
