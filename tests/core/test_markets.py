"""Which calendar an instrument follows."""

from __future__ import annotations

import pytest

from ib_trading.core.calendar import session_on
from ib_trading.core.calendar_table import CALENDARS
from ib_trading.core.instruments import ContractSpec
from ib_trading.core.markets import market_of, market_of_spec
from tests.core.builders import MONDAY, stock

# As contract details tell it: security type, exchange, primary exchange.
TOLD = [
    ("STK", "SMART", "NYSE", "XNYS"),
    ("STK", "SMART", "NASDAQ", "XNYS"),
    ("STK", "SMART", "ARCA", "XNYS"),
    ("STK", "SMART", "BATS", "XNYS"),
    ("STK", "SMART", "LSE", "XLON"),
    ("STK", "SMART", "LSEETF", "XLON"),
    ("STK", "SMART", "IBIS", "XETR"),
    ("STK", "SMART", "EBS", "XSWX"),
    ("STK", "SMART", "TSEJ", "XTKS"),
    ("STK", "SEHK", "", "XHKG"),
    ("STK", "SMART", "TSE", "XTSE"),
    ("FUT", "CME", "", "CMES"),
    ("FUT", "COMEX", "", "CMES"),
    ("FUT", "EUREX", "", "XEUR"),
    ("IND", "CBOE", "", "XNYS"),
    ("IND", "EUREX", "", "XETR"),
    ("CASH", "IDEALPRO", "", "FOREX"),
    ("CRYPTO", "PAXOS", "", "24/7 America/New_York"),
]


@pytest.mark.parametrize(("sec_type", "exchange", "primary", "market"), TOLD)
def test_the_primary_exchange_says_which_market_it_is(
    sec_type: str, exchange: str, primary: str, market: str
) -> None:
    listed = stock(1, "X", sec_type=sec_type, exchange=exchange, primary_exchange=primary)
    assert market_of(listed) == market
    assert session_on(market, MONDAY) is not None


def test_toronto_s_stock_exchange_is_not_tokyo_s() -> None:
    """The broker calls Toronto's TSE, and Tokyo's TSEJ."""
    assert market_of(stock(1, "RY", primary_exchange="TSE")) == "XTSE"


@pytest.mark.parametrize(("sec_type", "exchange"), [("STK", "SGX"), ("FUT", "NYSE"), ("FUT", "HKFE")])
def test_an_exchange_without_a_calendar_has_the_weekdays_of_its_own_clock(
    sec_type: str, exchange: str
) -> None:
    stranger = stock(1, "X", sec_type=sec_type, primary_exchange=exchange, time_zone="Asia/Singapore")
    assert market_of(stranger) == "24/5 Asia/Singapore"


def test_every_calendar_of_the_table_is_some_exchange_s() -> None:
    markets = {
        market_of(stock(1, "X", sec_type=sec_type, primary_exchange=exchange))
        for sec_type in ("STK", "FUT")
        for exchange in (
            "NYSE TSE MEXI LSE IBIS EBS SBF AEB ENEXT.BE BVL BVME BM SFB CPH HEX OSE VSE WSE TSEJ SEHK KSE ASX CME CFE"
            " EUREX ICEUS"
        ).split()
    }
    assert markets >= set(CALENDARS)


@pytest.mark.parametrize(
    ("spec", "market"),
    [
        (ContractSpec("SPY"), "XNYS"),
        (ContractSpec("7203", currency="JPY"), "XTKS"),
        (ContractSpec("CSPX", primary_exchange="LSEETF"), "XLON"),
        (ContractSpec("EUR", sec_type="CASH", exchange="IDEALPRO"), "FOREX"),
        (ContractSpec("ES", sec_type="FUT", exchange="CME"), "CMES"),
        (ContractSpec("SAP", currency="EUR"), None),
        (ContractSpec("D05", exchange="SGX", currency="SGD"), None),
    ],
)
def test_what_a_strategy_names_tells_its_market_or_leaves_it_to_the_broker(
    spec: ContractSpec, market: str | None
) -> None:
    assert market_of_spec(spec) == market
