"""docs/logs.md shows lines that the service writes: the same runs, done again, leave the same ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ib_trading.schema.log_events import RunEvent
from tests.docs.logs import COMMAND, PAGE, shown
from tests.stories import STORIES, comparable, told

TEXT = PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STORIES)
def test_a_story_on_the_page_is_the_one_that_is_told(name: str, tmp_path: Path) -> None:
    """Events, members, figures and levels; not the times, ids and line numbers of that day."""
    told_again = told(tmp_path, name)
    assert comparable(told_again) == comparable(shown(TEXT, name)), f"if this is meant: {COMMAND}"


def test_every_event_is_explained_and_nothing_else_is() -> None:
    table = TEXT.partition("| event |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [event.value for event in RunEvent]


def test_a_page_without_a_place_for_a_story_is_found() -> None:
    with pytest.raises(LookupError, match="no place for an allocation"):
        shown("# Logs", "an allocation")
