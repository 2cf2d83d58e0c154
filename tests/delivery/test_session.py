"""What every session does alike, whatever it does."""

from __future__ import annotations

import subprocess
import sys

SAYS_AND_LETS_SAY = """
import subprocess, sys
from delivery.session import ended

def action():
    print("first")
    subprocess.run(["echo", "second"], check=True)
    print("third")
    return 0

sys.exit(ended("a session", action, "again"))
"""


def test_in_a_log_a_session_and_its_programs_are_read_in_the_order_in_which_it_happened() -> None:
    """Written to a file or a pipe, what a session says came after all that Pulumi said in between."""
    done = subprocess.run(
        [sys.executable, "-c", SAYS_AND_LETS_SAY], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["first", "second", "third"]
