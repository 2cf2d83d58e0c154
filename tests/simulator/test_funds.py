"""Funds: recorded closes digit for digit, then a construction that goes on where they ended."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

import pytest

from ib_trading_simulator.market.contracts import Contract, ContractQuery
from ib_trading_simulator.market.market import Market

WORLD = Market.load("world")
FUNDS = [contract for contract in WORLD.book.all() if contract.stock_type == "ETF"]
LAST_DAY = date(2022, 12, 28)


def fund(symbol: str) -> Contract:
    (found,) = WORLD.book.find(ContractQuery(symbol=symbol, sec_type="STK", exchange="SMART", currency="USD"))
    return found


def returns(symbol: str, first: date, last: date) -> list[float]:
    con_id = fund(symbol).con_id
    closes = [WORLD.recorded_close(con_id, day) for day in WORLD.days(con_id) if first <= day <= last]
    return [float(b / a) - 1 for a, b in pairwise(close for close in closes if close)]


def correlation(a: list[float], b: list[float]) -> float:
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    product = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    squares = (sum((x - mean) ** 2 for x in values) for values, mean in ((a, mean_a), (b, mean_b)))
    return float(product / (next(squares) * next(squares)) ** 0.5)


@pytest.mark.parametrize(
    ("symbol", "day", "close"),
    [
        ("SPY", date(2008, 1, 2), "144.93"),
        ("SPY", date(2016, 7, 1), "209.92"),
        ("TLT", date(2016, 7, 1), "140.57"),
        ("EEM", date(2008, 1, 2), "49.273335"),
        ("MTUM", date(2014, 1, 2), "52.704"),
        ("MTUM", date(2022, 12, 28), "143.73"),
    ],
)
def test_a_recorded_close_of_a_fund_is_its_source_s(symbol: str, day: date, close: str) -> None:
    assert WORLD.recorded_close(fund(symbol).con_id, day) == Decimal(close)


@pytest.mark.parametrize(
    ("symbol", "on_2_january_2019", "at_the_end"),
    [("SPY", "251.56", "350.23"), ("QQQ", "154.00", "314.36"), ("VIXY", "170.00", "5.64")],
)
def test_a_constructed_close_is_the_same_everywhere(
    symbol: str, on_2_january_2019: str, at_the_end: str
) -> None:
    """Constants: whoever changes the construction changes every simulated price after it."""
    con_id = fund(symbol).con_id
    assert WORLD.recorded_close(con_id, date(2019, 1, 2)) == Decimal(on_2_january_2019)
    assert WORLD.recorded_close(con_id, LAST_DAY) == Decimal(at_the_end)


def test_the_closes_of_funds_do_not_depend_on_the_seed() -> None:
    other = Market.load("world", seed=5)
    vixy = fund("VIXY").con_id
    assert [other.recorded_close(vixy, day) for day in WORLD.days(vixy)] == [
        WORLD.recorded_close(vixy, day) for day in WORLD.days(vixy)
    ]


@pytest.mark.parametrize("contract", FUNDS, ids=lambda contract: contract.symbol)
def test_every_fund_trades_to_the_end_of_the_recorded_stocks(contract: Contract) -> None:
    days = WORLD.days(contract.con_id)
    apple = WORLD.days(265598)
    assert days == apple[apple.index(days[0]) :]
    assert days[-1] == LAST_DAY


@pytest.mark.parametrize("contract", FUNDS, ids=lambda contract: contract.symbol)
def test_what_is_constructed_says_so_in_its_name(contract: Contract) -> None:
    recorded_throughout = {"MTUM", "QUAL", "SIZE", "USMV", "VLUE"}
    assert ("(CONSTRUCTED" in contract.long_name) is (contract.symbol not in recorded_throughout)


@pytest.mark.parametrize("contract", FUNDS, ids=lambda contract: contract.symbol)
def test_no_fund_jumps_where_its_record_ends(contract: Contract) -> None:
    week = returns(contract.symbol, date(2016, 6, 30), date(2016, 7, 8))
    assert max(map(abs, week)) < 0.12


def test_the_funds_stand_to_the_stock_market_as_their_names_say() -> None:
    """In a constructed year SPY is the market, QQQ and XLF go with it, volatility and bonds go against it."""
    year = (date(2019, 1, 2), date(2019, 12, 31))
    market = returns("SPY", *year)
    assert correlation(market, returns("QQQ", *year)) > 0.8
    assert correlation(market, returns("XLF", *year)) > 0.6
    assert correlation(market, returns("VIXY", *year)) < -0.6
    assert correlation(market, returns("TLT", *year)) < 0
    assert sum(returns("VIXY", date(2012, 1, 3), LAST_DAY)) < -1


def test_a_fund_is_quoted_in_a_session_and_known_before_its_prices_are_unpacked() -> None:
    market = Market.load("world")
    quote = market.quote(fund("VIXY").con_id, datetime(2019, 1, 3, 15, tzinfo=UTC))
    assert quote.bid and quote.ask and quote.previous_close == Decimal("170.00")
    assert quote.bid < quote.ask
