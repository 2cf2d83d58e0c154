"""The view that a strategy's unit test makes of arrays shows what the service's would."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from math import isnan, nan

import pytest

from ib_trading.authoring.view import Holding
from ib_trading.strategies import ContractSpec, History, NotSeen, Strategy, StrategyView, stocks
from ib_trading.strategies.testing import A_MONDAY, view

KO, JNJ = stocks("KO", "JNJ")


class Looks(Strategy):
    name = "looks"
    instruments = (KO, JNJ)
    history = (History("1 day", 2, forming=True), History("30 mins", 2))

    def weights(self, view: StrategyView) -> dict[ContractSpec, float]:
        return {}


def test_the_bar_that_forms_is_the_one_given_and_none_where_none_is() -> None:
    start = datetime(2024, 6, 3, tzinfo=UTC)
    seen = view(Looks(), forming={(KO, "1 day"): (start, 10, 12, 9, 11, nan)})
    bar = seen.forming(KO)
    assert bar is not None
    assert (bar.start, bar.open, bar.high, bar.low, bar.close, bar.as_of) == (start, 10, 12, 9, 11, A_MONDAY)
    assert isnan(bar.volume)
    assert seen.forming(JNJ) is None
    with pytest.raises(NotSeen, match=r"'30 mins' are not in .* with forming=True, which declares 1 day"):
        seen.forming(KO, "30 mins")


def test_a_holding_has_its_average_price_and_profit() -> None:
    seen = view(
        Looks(),
        holdings={KO: -10, JNJ: 5},
        average_prices={KO: 50},
        prices={KO: 40, JNJ: 100},
        base_currency="CHF",
        rates={"USD": 0.9},
        capital=1000,
    )
    assert seen.holding(KO) == Holding(Decimal(-10), -360.0, -0.36, 50, 90.0)
    assert seen.holding(JNJ) == Holding(Decimal(5), 450.0, 0.45, None, None)
    assert view(Looks()).holding(KO) == Holding(Decimal(0), 0.0, 0.0, None, 0.0)
