"""Writes the lines into docs/logs.md that the service writes in tests/stories.py: `python -m tests.docs.logs`."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ib_trading.logs import say_through_logging
from tests.stories import STORIES, Line, told

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "logs.md"
COMMAND = "python -m tests.docs.logs"
BLOCK = "<!-- {name} -->\n```json\n{text}\n```\n<!-- end of {name} -->"


def shown(page: str, name: str) -> list[Line]:
    """The lines that the page has under that name; LookupError if it has no place for them, or several."""
    (found,) = _place(name).findall(page) or [None]
    if found is None:
        raise LookupError(f"logs.md has no place for {name}")
    return [json.loads(line) for line in found.splitlines()[2:-2]]


def with_lines(page: str, stories: Mapping[str, list[Line]]) -> str:
    """`page` with these lines; paths in a traceback are those in the project."""
    for name, lines in stories.items():
        text = "\n".join(_line(line) for line in lines)
        block = BLOCK.format(name=name, text=text)
        page, count = _place(name).subn(lambda _, block=block: block, page)
        if count != 1:
            raise LookupError(f"logs.md has {count} places for {name}")
    return page


def _place(name: str) -> re.Pattern[str]:
    return re.compile(rf"<!-- {name} -->.*?<!-- end of {name} -->", re.DOTALL)


def _line(line: Line) -> str:
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    return text.replace(f"{ROOT}/", "").replace(f"{sys.prefix}/", "")


def main() -> None:
    say_through_logging()
    stories = {}
    for name in STORIES:
        with tempfile.TemporaryDirectory(prefix="ib-trading-logs-") as folder:
            stories[name] = told(Path(folder), name)
    PAGE.write_text(with_lines(PAGE.read_text(encoding="utf-8"), stories), encoding="utf-8")


if __name__ == "__main__":
    main()
