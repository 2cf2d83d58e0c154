"""How the demonstration speaks to a terminal: phases with progress and seconds, headings, tables, colour.

Decides colour (only on a terminal, never with NO_COLOR), width, and that progress is one line that changes on a
terminal and finished lines elsewhere. What is said, story.py and account.py decide.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

WIDTH = 88
_LABEL = 40
_ERASE = "\r\x1b[2K"
_COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "cyan": "36"}


class ReaderGone(Exception):
    """Nobody reads what is said any more, as after `… | head`."""


@dataclass(slots=True)
class Phase:
    """`result` is what its line says when it is done."""

    label: str
    terminal: Terminal
    result: str = ""

    def progress(self, text: str) -> None:
        self.terminal.show_progress(self.label, text)


@dataclass(slots=True)
class Terminal:
    """`live`: a line may be written over; `coloured`: escape codes are understood and wanted."""

    stream: TextIO
    live: bool = False
    coloured: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    _unfinished: bool = False

    @contextmanager
    def phase(self, label: str) -> Generator[Phase]:
        """Times the block and says its result; the seconds stay in `seconds`, by label."""
        phase = Phase(label, self)
        start = time.perf_counter()
        self.show_progress(label, "…")
        yield phase
        spent = time.perf_counter() - start
        label = label if label not in self.seconds else f"{label} again"
        self.seconds[label] = spent
        room = WIDTH - 2 - _LABEL - 8
        self.line(f"  {phase.label:<{_LABEL}}{phase.result:<{room}}{self.dim(f'{spent:6.2f} s')}")

    def show_progress(self, label: str, text: str) -> None:
        if self.live:
            self._say(f"{_ERASE}  {label:<{_LABEL}}{text}"[: WIDTH + len(_ERASE)])
            self._unfinished = True

    def line(self, text: str = "") -> None:
        if self._unfinished:
            self._say(_ERASE)
            self._unfinished = False
        self._say(f"{text.rstrip()}\n")

    def heading(self, text: str, aside: str = "") -> None:
        self.line()
        self.line(f"{self.bold(text)}{'  ' + self.dim(aside) if aside else ''}")
        self.line(self.dim("─" * WIDTH))

    def table(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], *, last_is_total: bool = False
    ) -> None:
        """Columns as wide as their widest cell; the first is set left, the others right."""
        widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
        self.line(self.dim(_row(head, widths)))
        for number, row in enumerate(rows, start=1):
            text = _row(row, widths)
            self.line(self.bold(text) if last_is_total and number == len(rows) else text)

    def bold(self, text: str) -> str:
        return self._painted(text, "bold")

    def dim(self, text: str) -> str:
        return self._painted(text, "dim")

    def red(self, text: str) -> str:
        return self._painted(text, "red")

    def green(self, text: str) -> str:
        return self._painted(text, "green")

    def cyan(self, text: str) -> str:
        return self._painted(text, "cyan")

    def _say(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except BrokenPipeError as error:
            raise ReaderGone from error

    def _painted(self, text: str, colour: str) -> str:
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.coloured else text


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = cells
    return "  " + "   ".join(
        (
            f"{first:<{widths[0]}}",
            *(f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)),
        )
    )
