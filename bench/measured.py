"""What a measurement comes to: a table for people, figures for programs, and whether a bound was kept.

Decides how both are written, also into docs/performance.md: each measurement owns a block between two marks there, so
that no figure in the document was typed by hand.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


@dataclass(frozen=True, slots=True)
class Measured:
    """`rows` begin with the table's head. `bounds` is what was bounded → (figure, bound), in which the figure may not
    exceed the bound."""

    name: str
    about: str
    rows: Sequence[Sequence[str]]
    figures: Mapping[str, object]
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def within(self) -> bool:
        return all(figure <= bound for figure, bound in self.bounds.values())

    def verdicts(self) -> list[str]:
        return [
            f"{what}: {figure:.2f}, {'within' if figure <= bound else 'over'} the bound of {bound:g}"
            for what, (figure, bound) in self.bounds.items()
        ]

    def for_terminal(self) -> str:
        widths = [max(len(row[i]) for row in self.rows) for i in range(len(self.rows[0]))]
        table = "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in self.rows
        )
        return "\n\n".join(filter(None, [self.about, table, "\n".join(self.verdicts())]))

    def for_document(self) -> str:
        head, *body = ("| " + " | ".join(row) + " |" for row in self.rows)
        rule = "|" + " ---: |" * len(self.rows[0])
        parts = [f"Measured {machine()}.", self.about, "\n".join([head, rule, *body]), *self.verdicts()]
        return "\n\n".join(parts)


def machine() -> str:
    """When, and on what kind of machine: cores and Python, no name and no path."""
    kind = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"on {datetime.now(UTC).date()} with Python {platform.python_version()} ({kind})"


def write_figures(path: Path, measured: Sequence[Measured]) -> None:
    facts = {"python": platform.python_version(), "cores": os.cpu_count(), "machine": platform.machine()}
    figures = {one.name: {**one.figures, "within": one.within} for one in measured}
    path.write_text(json.dumps(facts | figures, indent=2) + "\n", encoding="utf-8")


def write_document(path: Path, measured: Sequence[Measured]) -> None:
    """Replaces the block of each; ValueError if the document has no marks for it."""
    text = path.read_text(encoding="utf-8")
    for one in measured:
        begin, end = f"<!-- bench {one.name} -->\n", f"<!-- end of {one.name} -->"
        before, mark, rest = text.partition(begin)
        _, last, after = rest.partition(end)
        if not mark or not last:
            raise ValueError(f"{path} has no block for {one.name}: put {begin.strip()} and {end} there")
        text = before + mark + "\n" + one.for_document() + "\n\n" + end + after
    path.write_text(text, encoding="utf-8")


def milliseconds(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds) * 1000:,.1f} ms"
