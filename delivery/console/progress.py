"""What a person sees of a step that takes time: its name, a sign of life while it goes on, and how it ended.

In a terminal one line counts the seconds; in a log a line now and then does.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

QUIET_SECONDS = 2.0
"""What takes no longer says nothing in between."""
LOG_SECONDS = 20.0


@contextmanager
def step(name: str) -> Generator[None]:
    """Prints `name …`, then `done (N s)`, or `failed (N s)` when what is inside raises."""
    print(f"{name} … ", end="", flush=True)
    began = time.monotonic()
    ended = threading.Event()
    watch = threading.Thread(target=_show_life, args=(name, began, ended), daemon=True)
    watch.start()
    outcome = "failed"
    try:
        yield
        outcome = "done"
    finally:
        ended.set()
        watch.join()
        seconds = time.monotonic() - began
        print(outcome if seconds < QUIET_SECONDS else f"{outcome} ({seconds:.0f} s)", flush=True)


def _show_life(name: str, began: float, ended: threading.Event) -> None:
    terminal = sys.stdout.isatty()
    pause = QUIET_SECONDS if terminal else LOG_SECONDS
    while not ended.wait(pause):
        seconds = time.monotonic() - began
        if terminal:
            print(f"\r{name} … {seconds:.0f} s ", end="", flush=True)
            pause = 1.0
        else:
            print(f"{seconds:.0f} s … ", end="", flush=True)
