"""Ends what a strategy's process leaves behind, also what has left its process group (setsid).

Linux gives the host the children of whoever ends before them, once it has asked for them; each is ended then, and what
it leaves in its turn. Elsewhere, and where /proc does not name children, nothing is found: there the process group is
all that is ended.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

_SET_CHILD_SUBREAPER = 36
"""Of prctl(2)."""
_CHILDREN = "/proc/self/task"
ROUNDS = 100
"""Of children's children: enough for a chain, and an end for one that starts others faster than they are ended."""


def adopt() -> None:
    """From now on this process is the parent of whoever below it has lost his own."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1)


def children() -> frozenset[int]:
    """This process's own, and adopted ones."""
    found: set[int] = set()
    for thread in Path(_CHILDREN).glob("*/children"):
        with suppress(OSError):
            found.update(map(int, thread.read_text().split()))
    return frozenset(found)


def end_children(but: frozenset[int]) -> None:
    """All that there are now, and theirs, but for those."""
    for _ in range(ROUNDS):
        left = children() - but
        if not left:
            return
        for child in left:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(child, 0)
