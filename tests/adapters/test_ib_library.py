"""The client library is named in one place, and only the one that is named there is loaded."""

from __future__ import annotations

import sys

import pytest

from ib_trading.adapters.ib import library, translate
from tests.adapters.samples import AAPL


def test_orders_are_made_of_the_chosen_library_and_the_other_is_not_even_loaded(
    pytestconfig: pytest.Config,
) -> None:
    """Else the tests under ib_async would prove ib_insync once more, which is installed beside it."""
    chosen = pytestconfig.getoption("--ib-library")
    assert library.library().__name__ == chosen
    assert type(translate.ib_contract(AAPL)).__module__.startswith(f"{chosen}.")
    assert not ({"ib_insync", "ib_async"} - {chosen}) & set(sys.modules)
