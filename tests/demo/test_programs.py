"""What is started for a test or a demonstration ends with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emulators.programs import running
from tests.demo.processes import ROOT, Watched, still_running

# Says that it is ready, and then waits for ever.
PROGRAM = "import os, signal; print('ready', os.getpid(), flush=True); signal.pause()"
STARTER = f"""
import os, signal, sys
from pathlib import Path
from emulators.programs import running
with running([sys.executable, "-c", {PROGRAM!r}], until="ready", environment=os.environ, folder=Path()) as line:
    print(line.split()[1], flush=True)
    signal.pause()
"""


def watched(number: int) -> Watched:
    return Watched(number, os.pidfd_open(number))


def test_a_program_has_ended_when_its_block_is_left(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM]
    with running(command, until="ready", environment=os.environ, folder=tmp_path) as line:
        program = watched(int(line.split()[1]))
        assert not program.ended_within(0)
    assert still_running([program], 5) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has died")
def test_a_program_ends_with_a_process_that_was_killed() -> None:
    """Emulators of killed test runs, half a gigabyte each, were left until the machine had no memory."""
    with subprocess.Popen(
        [sys.executable, "-c", STARTER], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        program = watched(int(starter.stdout.readline()))
        assert not program.ended_within(0)
        starter.send_signal(signal.SIGKILL)
        assert still_running([program], 5) == []


def test_a_program_that_ends_instead_of_becoming_ready_is_reported_with_its_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no memory')"]
    with (
        pytest.raises(RuntimeError, match="no memory"),
        running(command, until="ready", environment=os.environ, folder=tmp_path),
    ):
        pytest.fail("it is not ready")
