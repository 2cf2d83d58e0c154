"""docs/writing-a-strategy.md as something to follow: its files and its commands, in their order.

Decides which of its commands are about the image: those are followed where one is built, by tests/images.
"""

from __future__ import annotations

import re
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs/writing-a-strategy.md"
FILE = re.compile(r"^```\w+ file=(?P<name>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
OF_A_PACKAGE = ("pyproject.toml", "calm_strategies.py")
"""Files of a package of its own."""
BUILD, IN_IMAGE = "./nox -s images", "./nox -s tests -- --in-image"


def files() -> dict[str, str]:
    """The guide's files, by their path."""
    return {found["name"]: found["text"] for found in FILE.finditer(GUIDE.read_text(encoding="utf-8"))}


def steps() -> list[str | tuple[str, str]]:
    """Commands as text, files as (path, text), in the guide's order; without those of a package."""
    guide = GUIDE.read_text(encoding="utf-8")
    found: dict[int, str | tuple[str, str]] = {
        one.start() + place: line.removeprefix("$ ")
        for one in CONSOLE.finditer(guide)
        for place, line in enumerate(one["text"].splitlines())
    }
    for one in FILE.finditer(guide):
        if one["name"] not in OF_A_PACKAGE:
            found[one.start()] = (one["name"], one["text"])
    return [found[start] for start in sorted(found)]


def is_of_the_image(step: str | tuple[str, str]) -> bool:
    return isinstance(step, str) and step.startswith((BUILD, IN_IMAGE))


def write(folder: Path, name: str, text: str) -> None:
    """A file of the guide, in the place of one that a command of it has made, or that a clone has."""
    assert (folder / name).exists(), f"the guide changes {name}, which is not there"
    (folder / name).write_text(text, encoding="utf-8")
