"""What an account has earned today, whatever was paid in or out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ib_trading_simulator.brokerage import manual
from ib_trading_simulator.brokerage.account import Holdings
from ib_trading_simulator.brokerage.accounts import Accounts
from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.orders import Ticket
from ib_trading_simulator.market.market import Market

NOW = datetime(2019, 1, 2, 15, 0, tzinfo=UTC)
AAPL = 265598


def broker(**cash: str) -> Broker:
    market = Market.load("us-stocks")
    holdings = Holdings({currency: Decimal(amount) for currency, amount in cash.items()})
    return Broker(market, NOW, Accounts(market, "USD", {"DU1": holdings}))


def bought(shares: int) -> Broker:
    trading = broker(USD="100000")
    trading.place(1, 1, Ticket(AAPL, "DU1", "BUY", Decimal(shares), "MKT", None, "DAY"))
    return trading


@pytest.mark.parametrize("amount", ["5000", "-5000"])
def test_a_transfer_is_neither_profit_nor_loss(amount: str) -> None:
    """Only what positions and trades did to the account counts."""
    trading = bought(500)
    before = trading.accounts.profit("DU1", trading.now)
    manual.transfer(trading, "DU1", "USD", Decimal(amount))
    assert trading.accounts.profit("DU1", trading.now) == before
    assert trading.accounts.holdings["DU1"].cash["USD"] == bought(500).accounts.holdings["DU1"].cash[
        "USD"
    ] + int(amount)


def test_a_transfer_in_another_currency_counts_at_the_rate_of_its_moment() -> None:
    """Afterwards it is cash like any other: its rate may earn and lose."""
    trading = broker(USD="100000")
    manual.transfer(trading, "DU1", "EUR", Decimal(1000))
    assert trading.accounts.profit("DU1", trading.now).daily == 0
    trading.catch_up(NOW + timedelta(hours=3))
    assert trading.accounts.profit("DU1", trading.now).daily != 0


def test_the_day_begins_anew_at_midnight_in_new_york() -> None:
    """What was earned and realised yesterday is yesterday's; what is held goes on."""
    trading = bought(500)
    trading.place(1, 2, Ticket(AAPL, "DU1", "SELL", Decimal(100), "MKT", None, "DAY"))
    today = trading.accounts.profit("DU1", trading.now)
    assert today.realized < 0 < -today.daily
    trading.catch_up(datetime(2019, 1, 3, 5, 0, tzinfo=UTC))
    tomorrow = trading.accounts.profit("DU1", trading.now)
    assert (tomorrow.daily, tomorrow.realized) == (0, 0)
