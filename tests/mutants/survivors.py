"""Survivors that are no gap in the tests: the change makes no difference that anybody could see, and why.

Known by the file's name, the line's text and the change, and not by the line's number: other rules may come and go. One
whose own line has changed is judged anew.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

EQUIVALENT = Path(__file__).with_name("equivalent.toml")

Judgement = tuple[str, str, str]
"""The file's name, the line as it stands without indentation, and the change as Mutant.change says it."""


def equivalent(text: str | None = None) -> Mapping[Judgement, str]:
    """Judgement → the reason; `text` is the file's."""
    listed = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8") if text is None else text)
    return {(one["file"], one["line"], one["change"]): one["why"] for one in listed.get("mutant", ())}
