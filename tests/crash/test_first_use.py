"""A service that has just been started, as after a cold start, is asked many things at once, each for the first time.

A process that dies of it takes every other request with it, so the exit of the process is what is judged.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("entry", "processes"),
    [
        # Where types were not made ready first, each process died with a chance of one in six to one in ten.
        ("configuration", 60),
        ("types_of_requests", 60),
        ("application", 6),
        ("openapi_and_requests", 4),
        ("stores", 4),
        # Some seconds each: nothing is imported yet.
        ("libraries", 2),
    ],
)
@pytest.mark.timeout(600)
def test_first_uses_that_come_together_all_end_well(entry: str, processes: int, tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.crash.first_use", entry, str(tmp_path), str(processes)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == [0] * processes, told.stderr
