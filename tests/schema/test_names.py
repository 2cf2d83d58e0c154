"""Intents and tables: names that infrastructure and service must spell alike."""

from __future__ import annotations

import re

from ib_trading.schema.intents import INTENTS
from ib_trading.schema.tables import BAR_COLUMNS, BAR_KEY, BAR_SIZES


def test_intent_names_are_url_paths_and_none_ends_in_z() -> None:
    """Cloud Run's front end keeps some paths that end in z for itself."""
    names = [intent.name for intent in INTENTS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) and not name.endswith("z") for name in names)


def test_what_trades_is_never_called_by_get() -> None:
    assert [intent.name for intent in INTENTS if intent.trades and intent.method != "POST"] == []


def test_what_is_read_with_get_takes_no_body_and_nothing_else_does_without() -> None:
    assert {intent.name for intent in INTENTS if intent.body is None} == {
        intent.name for intent in INTENTS if intent.method == "GET"
    }


def test_a_bar_is_known_by_columns_that_are_there_and_never_empty() -> None:
    required = {column.name for column in BAR_COLUMNS if column.required}
    assert set(BAR_KEY) <= required
    assert len({column.name for column in BAR_COLUMNS}) == len(BAR_COLUMNS)


def test_every_bar_size_has_a_table_of_its_own() -> None:
    assert len(set(BAR_SIZES.values())) == len(BAR_SIZES)
    assert all(re.fullmatch(r"[a-z0-9_]+", table) for table in BAR_SIZES.values())
