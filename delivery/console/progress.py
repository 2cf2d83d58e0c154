"""What a person sees of a step that takes time: its name, a sign of life while it goes on, and how it ended.

In a terminal rich counts the seconds in a line that makes way for the outcome; in a log, which nothing can be taken
back from, the same line gets a word now and then, and no control characters.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

QUIET_SECONDS = 2.0
"""What takes no longer says nothing of its time."""
LOG_SECONDS = 20.0


@contextmanager
def step(name: str) -> Generator[None]:
    """Prints `name … done (N s)`, or `name … failed (N s)` when what is inside raises."""
    began = time.monotonic()
    outcome = "failed"
    terminal = sys.stdout.isatty()
    try:
        with _counted(name) if terminal else _logged(name, began):
            yield
            outcome = "done"
    finally:
        seconds = time.monotonic() - began
        told = outcome if seconds < QUIET_SECONDS else f"{outcome} ({seconds:.0f} s)"
        print(f"{name} … {told}" if terminal else told, flush=True)


@contextmanager
def _counted(name: str) -> Generator[None]:
    # Most of what a session imports is Google's; this is a tenth of a second, and a log needs none of it.
    from rich.console import Console
    from rich.progress import Progress, TextColumn

    line = TextColumn("{task.description} … {task.elapsed:.0f} s", markup=False)
    with Progress(line, console=Console(file=sys.stdout), transient=True) as progress:
        progress.add_task(name, total=None)
        yield


@contextmanager
def _logged(name: str, began: float) -> Generator[None]:
    print(f"{name} … ", end="", flush=True)
    ended = threading.Event()
    watch = threading.Thread(target=_log_life, args=(began, ended), daemon=True)
    watch.start()
    try:
        yield
    finally:
        ended.set()
        watch.join()


def _log_life(began: float, ended: threading.Event) -> None:
    while not ended.wait(LOG_SECONDS):
        print(f"{time.monotonic() - began:.0f} s … ", end="", flush=True)
