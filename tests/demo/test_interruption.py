"""Ctrl-C in the demonstration, at any moment, ends everything that it started."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from demo.interruption import Interrupted, Interruption
from tests.demo.processes import accepts, read_until, running_demo, still_running, watch_descendants
from tests.elapsed import stretched

PHASES = (
    "A simulated month with ib-trading",
    "start the simulator",
    "start the service",
    "summary of an empty account",
    "trend alone",
)
"""What has just been said when the signal comes: what is under way then is the next thing."""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes by Linux' /proc and pidfd")
class TestNothingOutlivesTheDemonstration:
    @pytest.mark.parametrize("said", PHASES)
    def test_ctrl_c_ends_everything_within_three_seconds(self, said: str, tmp_path: Path) -> None:
        """The whole foreground group gets SIGINT, as from a terminal: exit 130, one line, no trace, no orphan."""
        with running_demo(tmp_path) as demo:
            lines = read_until(demo, said)
            children = watch_descendants(demo.pid)
            start = time.monotonic()
            os.killpg(demo.pid, signal.SIGINT)
            out, err = demo.communicate(timeout=60)
            left = still_running(children, stretched(3) - (time.monotonic() - start))
        assert (demo.returncode, err.decode()) == (
            130,
            "\ndemo: interrupted; everything it started has ended\n",
        )
        assert left == []
        assert list(tmp_path.iterdir()) == [], "its temporary folder is gone"
        assert b"Traceback" not in out
        ports = [int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", "".join(lines) + out.decode())]
        assert [port for port in ports if accepts(port)] == []

    def test_sigterm_ends_everything_as_ctrl_c_does(self, tmp_path: Path) -> None:
        """That is what a session runner sends when its patience is over."""
        with running_demo(tmp_path) as demo:
            read_until(demo, "start the service")
            children = watch_descendants(demo.pid)
            demo.terminate()
            demo.communicate(timeout=60)
            assert still_running(children, stretched(3)) == []
        assert demo.returncode == 130
        assert children

    def test_killed_without_warning_it_still_leaves_nobody(self, tmp_path: Path) -> None:
        """The kernel tells its children, which is all that is left to tell them."""
        with running_demo(tmp_path) as demo:
            read_until(demo, "summary of an empty account")
            children = watch_descendants(demo.pid)
            demo.kill()
            demo.communicate(timeout=60)
            assert len(children) >= 3, "simulator, gunicorn and its worker"
            assert still_running(children, stretched(10)) == []


def test_an_interruption_waits_for_the_end_of_a_block_that_must_be_whole() -> None:
    """Otherwise a process could start and stand in no list."""
    interruption = Interruption()
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    interruption.listen()
    reached = []

    def whole_block() -> None:
        with interruption.held_back():
            os.kill(os.getpid(), signal.SIGINT)
            reached.append("the end of the block")

    try:
        with pytest.raises(Interrupted):
            whole_block()
        # One is enough: the end that is under way is not interrupted by the impatient.
        os.kill(os.getpid(), signal.SIGINT)
        reached.append("after a second one")
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), before, strict=True):
            signal.signal(number, handler)
    assert reached == ["the end of the block", "after a second one"]
