"""How a program that stands in for a Google service is started, waited for and surely ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue

START_SECONDS = 60.0
END_SECONDS = 10.0
LEASH = Path(__file__).with_name("leash.py")


class Missing(Exception):
    """Something is not installed; the text is one sentence that says what to install."""


def require_client(module: str, service: str) -> None:
    """Missing unless the official client is installed."""
    if find_spec("google") is None or find_spec(module) is None:
        raise Missing(f"{service}'s client is not installed; `uv sync --group google` installs it")


@contextmanager
def running(
    command: Sequence[str], *, until: str, environment: Mapping[str, str], folder: Path
) -> Generator[str]:
    """The line with which the program said that it is ready: the first that contains `until`.

    It has a process group of its own, of which nothing is left at the end: it is killed, for it keeps nothing that is
    worth keeping. RuntimeError with what it said if it ends or does not become ready.
    """
    with subprocess.Popen(
        (sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(environment),
        cwd=folder,
        start_new_session=True,
    ) as program:
        lines: SimpleQueue[str | None] = SimpleQueue()
        # Reads to the end: a program whose output nobody takes stops.
        reader = threading.Thread(target=_read, args=(program, lines), daemon=True)
        reader.start()
        try:
            yield _wait(lines, until, command[0])
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            reader.join(END_SECONDS)


def _read(program: subprocess.Popen[str], lines: SimpleQueue[str | None]) -> None:
    assert program.stdout is not None
    for line in program.stdout:
        lines.put(line)
    lines.put(None)


def _wait(lines: SimpleQueue[str | None], until: str, name: str) -> str:
    said: list[str] = []
    while True:
        try:
            line = lines.get(timeout=START_SECONDS)
        except Empty:
            line = None
        if line is None:
            raise RuntimeError(f"{name} did not become ready; it said:\n{''.join(said)}")
        if until in line:
            return line
        said.append(line)
