"""A step that takes time, as a terminal and a log show it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections import defaultdict

import pytest

from delivery.console import progress

LONG = "copying " + "x" * 90
PROGRAM = """
import sys, threading
from delivery.console.progress import step

with step({name!r}):
    print("meanwhile")
    threading.Event().wait({seconds})
    {last}
"""
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r(?!\n)")


def in_a_terminal(program: str) -> str:
    """What is shown in one of 80 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8"}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=theirs, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:
            # How Linux says that nobody holds the other side any more.
            pass
        process.wait(60)
    os.close(ours)
    return shown.decode()


class Screen:
    """A terminal's lines, by the few codes that are used (ECMA-48: CUU, EL)."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._lines: defaultdict[int, dict[int, str]] = defaultdict(dict)
        self._row = self._column = 0

    def show(self, text: str) -> None:
        for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|(?s:.)", text):
            if part == "\n":
                self._row, self._column = self._row + 1, 0
            elif part == "\r":
                self._column = 0
            elif part == "\x1b[2K":
                self._lines[self._row].clear()
            elif part.startswith("\x1b"):
                self._row -= int(part[2:-1] or 1) if part.endswith("A") else 0
            else:
                self._write(part)

    def _write(self, letter: str) -> None:
        if self._column == self._columns:
            self._row, self._column = self._row + 1, 0
        self._lines[self._row][self._column] = letter
        self._column += 1

    @property
    def lines(self) -> list[str]:
        """Those that are not empty."""
        found = (row for _, row in sorted(self._lines.items()) if row)
        return ["".join(row.get(column, " ") for column in range(max(row) + 1)) for row in found]


def on_the_screen(shown: str) -> list[str]:
    screen = Screen(80)
    screen.show(shown)
    return screen.lines


@pytest.mark.parametrize("name", ["look for the image", "[bold]a name[/] :boom:"])
def test_in_a_terminal_the_seconds_make_way_for_the_outcome(name: str) -> None:
    shown = in_a_terminal(PROGRAM.format(name=name, seconds=2.2, last=""))
    assert f"{name} … 1 s" in CONTROL.sub("", shown)
    first, second = on_the_screen(shown)
    assert first == "meanwhile"
    assert re.fullmatch(rf"{re.escape(name)} … done \(\d+ s\)", second)


def test_a_name_that_is_wider_than_the_terminal_leaves_nothing_behind() -> None:
    """Its line is two: what counted there was overwritten in the second one alone, and the first stayed."""
    shown = in_a_terminal(PROGRAM.format(name=LONG, seconds=2.2, last="sys.exit(1)"))
    assert re.fullmatch(rf"meanwhile{LONG} … failed \(\d+ s\)", "".join(on_the_screen(shown)))


def test_in_a_log_a_step_is_one_line_without_control_characters() -> None:
    """And it is begun at once: where a step hangs, its name is the last thing that is read."""
    program = PROGRAM.replace('    print("meanwhile")\n', "").format(
        name=LONG, seconds=0.1, last="raise OSError"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == f"{LONG} … failed\n"


def test_in_a_log_a_long_step_says_now_and_then_that_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.05)
    ended = progress.threading.Event()
    with progress.step("wait"):
        ended.wait(0.3)
    assert re.fullmatch(r"wait … (0 s … )+done\n", capsys.readouterr().out)
