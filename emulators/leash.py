"""`python leash.py PARENT COMMAND…`: becomes COMMAND, which Linux kills when the process PARENT dies, however it dies.

A program of its own, and not something that a child does before it becomes another one: that is unsafe where there are
threads. Elsewhere than on Linux there is no such wish, and COMMAND lives until it is ended.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def become(parent: int, command: list[str]) -> None:
    """Does not return. See prctl(2): the wish outlives execve(2)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # It may have died before the wish was made.
        if os.getppid() != parent:
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606  there is no shell, which is meant


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2:])
