"""How long something may take that is promised in seconds, on a machine that has other work to do as well.

A promise ("not ready within five seconds") is kept to the letter where nothing else runs. Where more processes want to
run than there are cores, each waits for its turn: the bound grows with how many share a core, and a test that hangs
still fails.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


def stretched(seconds: float) -> float:
    """`seconds` of a machine's whole attention, in seconds of what a process gets of it now."""
    return seconds * max(1.0, _wanting_to_run() / (os.cpu_count() or 1))


@contextmanager
def within(seconds: float) -> Generator[None]:
    """AssertionError if the block takes longer, in seconds of this machine's whole attention."""
    before, begun = stretched(seconds), time.monotonic()
    yield
    took, allowed = time.monotonic() - begun, max(before, stretched(seconds))
    assert took < allowed, f"took {took:.2f} s; {seconds} s, and {allowed:.2f} s on a machine as busy as this"


def _wanting_to_run() -> float:
    """Processes that run or could: the last minute's mean, or this moment's number if that is higher."""
    mean = os.getloadavg()[0]
    try:
        now = int(Path("/proc/loadavg").read_text().split()[3].partition("/")[0])
    except OSError:  # not Linux: the mean alone, which is late
        return mean
    return max(mean, now)
