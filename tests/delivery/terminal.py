"""A terminal that a test sits at: a program runs in it as a person's would, and everything that it shows is kept."""

from __future__ import annotations

import errno
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_SECONDS = 400.0
TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""What makes the standard input of a new session its controlling terminal, which is where getpass asks."""


@dataclass(slots=True)
class Terminal:
    """`shown`: all bytes that appeared."""

    process: subprocess.Popen[bytes]
    ours: int
    theirs: int
    shown: bytes = b""
    _read_up_to: int = 0

    def wait_for(self, text: str) -> None:
        """Until `text` appears after what was waited for before; AssertionError with all that did, if it does not."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while (found := self.shown.find(text.encode(), self._read_up_to)) < 0:
            if not self._read(deadline):
                raise AssertionError(f"{text!r} did not appear:\n{self.shown.decode(errors='replace')}")
        self._read_up_to = found + len(text.encode())

    def type(self, text: str | bytes) -> None:
        os.write(self.ours, text.encode() if isinstance(text, str) else text)

    def end(self) -> int:
        """The exit code, once all is read."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        os.close(self.theirs)
        self.theirs = -1
        while self._read(deadline):
            pass
        return self.process.wait(TIMEOUT_SECONDS)

    @property
    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.ours)[3] & termios.ECHO)

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self.ours], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            piece = os.read(self.ours, 65536)
        except OSError as error:
            # Linux's word for "nobody has the other end any more".
            if error.errno != errno.EIO:
                raise
            return False
        self.shown += piece
        return bool(piece)


@contextmanager
def terminal(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], columns: int = 80
) -> Generator[Terminal]:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, columns))
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", TAKE_TERMINAL, *command],
        cwd=folder,
        env=dict(environment),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    workstation = Terminal(process, ours, theirs)
    try:
        yield workstation
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        if workstation.theirs >= 0:
            os.close(theirs)
