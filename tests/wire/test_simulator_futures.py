"""Futures listed in Chicago: what simulator/README.md says of them. It serves none, and says so to whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ib_insync import IB, ContFuture, Contract, Future, LimitOrder, MarketOrder, StopOrder

from ib_trading.core.calendar import session_on
from ib_trading.core.instruments import ContractSpec
from ib_trading.host.in_process import InProcess
from ib_trading.strategies import Strategy
from ib_trading_simulator.launch import Launched
from ib_trading_simulator.market.contract_file import MarketFileError
from ib_trading_simulator.market.market import Market
from ib_trading_simulator.market.sessions import CalendarError, calendar
from tests.service import ServiceUnderTest
from tests.wire.client import Done, Launch, Until, errors_of

CHICAGO = ZoneInfo("America/Chicago")
E_MINI = Future("ES", "201903", "CME")
LISTED = [
    E_MINI,
    Future("ES", "201903", "GLOBEX"),
    Future("ZN", "201906", "CBOT"),
    Future("GC", "201904", "COMEX"),
    Future("6E", "201903", "CME"),
    ContFuture("ES", "CME"),
    Contract(secType="FUT", symbol="ES", exchange="CME", currency="USD"),
    Contract(secType="FUT", localSymbol="ESH9", exchange="CME"),
    Contract(conId=310629209, exchange="CME"),
]
STACK = 'config: {ib-trading:trading: {exposure: {overall: "0.9", strategies: {rolled: "1"}}}}\n'
QUESTIONS: dict[str, Callable[[IB], Any]] = {
    "quote": lambda ib: ib.reqMktData(E_MINI, "", True),
    "bars": lambda ib: ib.reqHistoricalData(E_MINI, "", "5 D", "1 day", "TRADES", True),
    "first bar": lambda ib: ib.reqHeadTimeStamp(E_MINI, "TRADES", True),
}
ORDERS = {
    "market": MarketOrder("BUY", 1, tif="DAY"),
    "limit": LimitOrder("BUY", 1, 2500, tif="DAY"),
    "stop": StopOrder("SELL", 1, 2400, tif="GTC"),
}


class Rolled(Strategy):
    """Long the e-mini."""

    name = "rolled"
    instruments = (ContractSpec("ES", "FUT", "CME"),)

    def weights(self, view: object) -> dict[ContractSpec, float]:
        return dict.fromkeys(self.instruments, 1.0)


@pytest.fixture
def simulated() -> tuple[str, ...]:
    return ("--cash", "USD=1000000")


@pytest.mark.parametrize("contract", LISTED, ids=str)
def test_there_is_no_such_contract(ib: IB, contract: Contract) -> None:
    heard = errors_of(ib)
    assert ib.reqContractDetails(contract) == []
    assert [code for _, code in heard] == [200]


@pytest.mark.parametrize("question", QUESTIONS)
def test_whatever_is_asked_about_one_is_refused_as_of_an_unknown_contract(
    ib: IB, until: Until, question: str
) -> None:
    heard = errors_of(ib)
    QUESTIONS[question](ib)
    until(ib, lambda: heard != [])
    assert [code for _, code in heard] == [200]


@pytest.mark.parametrize("kind", ORDERS)
def test_an_order_for_one_is_refused_and_leaves_nothing(
    ib: IB, simulator: Launched, done: Done, kind: str
) -> None:
    heard = errors_of(ib)
    trade = ib.placeOrder(E_MINI, ORDERS[kind])
    done(ib, trade)
    assert [code for _, code in heard] == [200]
    assert simulator.state()["orders"] == [] and ib.positions() == []


def test_the_service_says_that_the_broker_has_no_such_contract(tmp_path: Path, launch: Launch) -> None:
    """Its name is in the answer, and nothing is sent."""
    simulator = launch("--cash", "USD=1000000")
    plain = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK)
    answer = plain.having(strategies=InProcess({"rolled": Rolled()})).post("/allocation")
    assert answer.status == 400, answer.body
    assert "ES (FUT, CME, USD)" in answer.body["detail"]
    assert simulator.state()["orders"] == []


@pytest.mark.parametrize("sec_type", ["FUT", "CONTFUT", "FOP"])
def test_a_folder_of_prices_cannot_bring_one(tmp_path: Path, sec_type: str) -> None:
    (tmp_path / "contracts.csv").write_text(f"con_id,symbol,sec_type,exchange\n7,ES,{sec_type},CME\n")
    with pytest.raises(
        MarketFileError, match=rf"contracts\.csv:2: security type {sec_type} is not built; use STK or IND"
    ):
        Market.load(str(tmp_path))


def test_nor_can_it_bring_the_sessions_of_chicago(tmp_path: Path) -> None:
    """Under whatever security type."""
    (tmp_path / "contracts.csv").write_text("con_id,symbol,sec_type,calendar\n7,ES,IND,CMES\n")
    with pytest.raises(MarketFileError, match=r'contracts\.csv:2: unknown calendar "CMES"'):
        Market.load(str(tmp_path))


@pytest.mark.parametrize("key", ["CMES", "CME", "GLOBEX", "CBOT", "XCBF"])
def test_chicagos_sessions_are_no_calendar_of_its_own(key: str) -> None:
    with pytest.raises(CalendarError, match=f'unknown calendar "{key}"; the simulator has "XNYS"'):
        calendar(key)


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        (date(2019, 3, 4), "2019-03-03 17:00", "2019-03-04 16:00"),
        (date(2019, 7, 4), "2019-07-03 17:00", "2019-07-04 12:00"),
        (date(2014, 3, 4), "2014-03-03 17:00", "2014-03-04 17:00"),
    ],
    ids=["a Monday from Sunday evening", "a holiday of New York's", "before the pause"],
)
def test_the_services_calendar_has_them(day: date, opens: str, closes: str) -> None:
    """What the simulator leaves out, the service knows: core/calendar_table.py."""
    session = session_on("CMES", day)
    assert session is not None
    by_its_clock = [f"{at.astimezone(CHICAGO):%Y-%m-%d %H:%M}" for at in (session.open, session.close)]
    assert by_its_clock == [opens, closes]
    assert session_on("CMES", date(2019, 4, 19)) is None, "Good Friday"
