"""How a program that stands in for a Google service is started, waited for and surely ended, and what it means that
it is missing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

START_SECONDS = 60.0
END_SECONDS = 10.0


def missing(what: str, remedy: str) -> None:
    """Skips the test on a person's machine, with what to install; on the build machine it fails."""
    sentence = f"{what} is not installed; {remedy}"
    if "CI" in os.environ:
        pytest.fail(sentence)
    pytest.skip(sentence)


def google_client(module: str) -> None:
    """Skips or fails the test unless the official client is installed."""
    if find_spec("google") is None or find_spec(module) is None:
        missing(module, "`./nox -s emulators` runs these tests with the dependency group `google`")


@contextmanager
def running(
    command: Sequence[str], *, until: str, environment: Mapping[str, str], folder: Path
) -> Generator[str]:
    """The line with which the program said that it is ready: the first that contains `until`.

    It has a process group of its own, of which nothing is left at the end. RuntimeError with what it said if it ends
    or does not become ready.
    """
    with subprocess.Popen(
        command,
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
            _end(program)
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


def _end(program: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        program.wait(END_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
