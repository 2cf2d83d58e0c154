"""What the broker tells, asked over the wire and compared with the simulator's own record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ib_trading.adapters.ib.session import IbGateway
from ib_trading.core.collection import BarQuestion
from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import Bar, Series
from ib_trading.core.instruments import ContractSpec, Instrument, TradingHours
from ib_trading.core.market import QuoteType
from ib_trading.core.refusals import BrokerFault, RequestError
from ib_trading.ports.broker import Broker
from ib_trading_simulator.launch import Launched

START = datetime(2019, 1, 2, 15, tzinfo=UTC)
AAPL, AMD = ContractSpec("AAPL"), ContractSpec("AMD")


@pytest.fixture
def simulated() -> tuple[str, ...]:
    return ("--start", START.isoformat(), "--cash", "USD=100000,CHF=5000")


@pytest.fixture
def gateway(simulator: Launched) -> IbGateway:
    return IbGateway("127.0.0.1", simulator.port, 101)


@pytest.fixture
def broker(gateway: IbGateway) -> Iterator[Broker]:
    with gateway.session() as connected:
        yield connected


def _requests(simulator: Launched, number: int) -> int:
    """How many messages of that kind have come in."""
    messages = simulator.state()["messages"]
    return sum(1 for one in messages if one["direction"] == "in" and one["fields"][0] == str(number))


def test_the_time_is_the_brokers_and_not_ours(broker: Broker, simulator: Launched) -> None:
    assert broker.current_time() == START
    simulator.advance(by="1 day")
    assert broker.current_time().date() == date(2019, 1, 3)


def test_the_account_is_told_in_its_base_currency(broker: Broker, simulator: Launched) -> None:
    told = broker.account(simulator.account)
    recorded = simulator.state(messages=False)["accounts"][simulator.account]
    assert told.base_currency == "USD"
    assert told.net_liquidation == Decimal(recorded["netLiquidation"]).quantize(Decimal("0.01"))
    assert told.cash == {"USD": Decimal(100000), "CHF": Decimal(5000)}
    assert set(told.rates) == {"USD", "CHF"}


def test_an_account_that_the_login_does_not_reach_is_a_fault(broker: Broker) -> None:
    with pytest.raises(BrokerFault, match="DU9999999"):
        broker.account("DU9999999")


def test_an_account_without_positions_has_none(broker: Broker, simulator: Launched) -> None:
    assert broker.positions(simulator.account) == ()


def test_positions_are_told_as_often_as_they_are_asked_for(broker: Broker, simulator: Launched) -> None:
    simulator.trade("AAPL", "BUY", 5)
    simulator.trade("AMD", "SELL", 7)
    for _ in range(2):
        held = {one.local_symbol: one.quantity for one in broker.positions(simulator.account)}
        assert held == {"AAPL": 5, "AMD": -7}
    simulator.trade("AAPL", "SELL", 5)
    assert [one.local_symbol for one in broker.positions(simulator.account)] == ["AMD"]


def test_another_accounts_positions_are_not_ours() -> None:
    with (
        Launched.start("--clock", "virtual", "--account", "DU1", "DU2") as simulator,
        IbGateway("127.0.0.1", simulator.port, 101).session() as broker,
    ):
        simulator.trade("AAPL", "BUY", 5, account="DU2")
        assert broker.positions("DU1") == ()
        assert broker.executions("DU1") == ()
        assert broker.order_reports("DU1") == ()
        assert len(broker.executions("DU2")) == 1


def test_a_description_is_resolved_to_its_contract(broker: Broker) -> None:
    aapl = broker.instruments([AAPL])[AAPL]
    assert (aapl.con_id, aapl.primary_exchange, aapl.currency, aapl.multiplier) == (
        265598,
        "NASDAQ",
        "USD",
        1,
    )
    assert aapl.price_steps[-1].increment == Decimal("0.01")
    assert aapl.takes_adaptive()
    assert aapl.liquid_hours[0] == TradingHours(
        datetime(2019, 1, 2, 14, 30, tzinfo=UTC), datetime(2019, 1, 2, 21, tzinfo=UTC)
    )


def test_every_description_that_means_no_contract_is_named(broker: Broker) -> None:
    with pytest.raises(RequestError) as refused:
        broker.instruments([AAPL, ContractSpec("NOSUCH"), ContractSpec("AAPL", currency="EUR")])
    assert [error.path for error in refused.value.errors] == [
        "NOSUCH (STK, SMART, USD)",
        "AAPL (STK, SMART, EUR)",
    ]


def test_no_description_asks_nothing(broker: Broker, simulator: Launched) -> None:
    assert broker.instruments([]) == {}
    assert _requests(simulator, 9) == 0


def test_contracts_are_looked_up_once_a_day_and_again_on_the_next(
    gateway: IbGateway, simulator: Launched
) -> None:
    """Details cost a message each, and tell the trading hours of the next days only."""
    for _ in range(2):
        with gateway.session() as broker:
            broker.instruments([AAPL, AMD])
    assert _requests(simulator, 9) == 2
    simulator.advance(by="1 day")
    with gateway.session() as broker:
        tomorrow = broker.instruments([AAPL, AMD])[AAPL]
    assert _requests(simulator, 9) == 4
    assert tomorrow.liquid_hours[0].open.date() == date(2019, 1, 3)


def test_the_contracts_behind_positions_are_found_by_id(broker: Broker, simulator: Launched) -> None:
    simulator.trade("AMD", "BUY", 3)
    (position,) = broker.positions(simulator.account)
    instrument = broker.instruments_by_id([position.con_id])[position.con_id]
    assert (instrument.symbol, instrument.exchange) == ("AMD", "SMART")


def test_an_id_that_the_broker_no_longer_knows_is_a_fault(broker: Broker) -> None:
    with pytest.raises(BrokerFault, match="424242"):
        broker.instruments_by_id([265598, 424242])


def test_a_quote_is_the_simulators_own_at_the_brokers_time(broker: Broker, simulator: Launched) -> None:
    instruments = broker.instruments([AAPL, AMD])
    quotes = broker.quotes(instruments.values())
    assert set(quotes) == {instruments[AAPL].con_id, instruments[AMD].con_id}
    quote = quotes[instruments[AAPL].con_id]
    assert (quote.kind, quote.as_of) == (QuoteType.LIVE, START)
    assert quote.bid is not None
    assert quote.ask is not None
    assert quote.bid < quote.ask
    assert quote.close is not None


def test_twenty_quotes_are_asked_for_at_the_same_time(broker: Broker, simulator: Launched) -> None:
    """Every question has left before the first snapshot has ended."""
    instruments = broker.instruments(
        [AAPL, AMD, ContractSpec("MSFT"), ContractSpec("XOM"), ContractSpec("JPM")]
    )
    since = len(simulator.state()["messages"])
    broker.quotes(instruments.values())
    messages = simulator.state(since=since)["messages"]
    kinds = [(one["direction"], one["fields"][0]) for one in messages]
    last_question = max(index for index, kind in enumerate(kinds) if kind == ("in", "1"))
    assert kinds.count(("in", "1")) == 5
    assert kinds.count(("out", "57")) == 5
    assert last_question < len(kinds) - 1 - kinds[::-1].index(("out", "57"))


def test_a_market_rule_that_many_contracts_share_is_asked_for_once(
    broker: Broker, simulator: Launched
) -> None:
    """Twenty stocks cost twenty questions more, and with them a second of the 45 messages allowed, on every start."""
    broker.instruments([ContractSpec(symbol) for symbol in ("AAPL", "AMD", "KO", "GE")])
    assert _requests(simulator, 91) == 1


def _bars(
    broker: Broker, instrument: Instrument, days: DaySpan, what_to_show: str, bar_size: str = "1 day"
) -> tuple[Bar, ...]:
    """The answer to one question; raises the fault that stands in its place."""
    series = Series(instrument.con_id, instrument.local_symbol, what_to_show, bar_size)
    [answer] = broker.bars([BarQuestion(instrument, series, days, (days,))], START)
    if isinstance(answer, BrokerFault):
        raise answer
    return answer


def test_daily_bars_are_those_of_the_days_asked_for_oldest_first(broker: Broker) -> None:
    aapl = broker.instruments([AAPL])[AAPL]
    bars = _bars(broker, aapl, DaySpan(date(2018, 12, 20), date(2018, 12, 27)), "TRADES")
    assert [bar.start.day for bar in bars] == [20, 21, 24, 26, 27]
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
    assert all(bar.start.tzinfo is UTC and bar.start.hour == 0 for bar in bars)


def test_adjusted_bars_may_end_in_the_past_though_the_broker_takes_no_end(broker: Broker) -> None:
    aapl = broker.instruments([AAPL])[AAPL]
    bars = _bars(broker, aapl, DaySpan(date(2018, 12, 20), date(2018, 12, 24)), "ADJUSTED_LAST")
    assert [bar.start.day for bar in bars] == [20, 21, 24]


def test_years_of_bars_come_in_one_answer(broker: Broker) -> None:
    aapl = broker.instruments([AAPL])[AAPL]
    bars = _bars(broker, aapl, DaySpan(date(2016, 1, 1), date(2018, 12, 31)), "ADJUSTED_LAST")
    assert (bars[0].start.date(), bars[-1].start.date()) == (date(2016, 1, 4), date(2018, 12, 31))
    assert len(bars) == 754


def test_days_without_history_have_no_bars(broker: Broker) -> None:
    aapl = broker.instruments([AAPL])[AAPL]
    assert _bars(broker, aapl, DaySpan(date(1970, 1, 1), date(1970, 2, 1)), "TRADES") == ()


def test_a_series_that_does_not_exist_is_a_fault_and_not_an_empty_history(broker: Broker) -> None:
    aapl = broker.instruments([AAPL])[AAPL]
    with pytest.raises(BrokerFault, match="321"):
        _bars(broker, aapl, DaySpan(date(2018, 12, 20), date(2018, 12, 24)), "NONSENSE")


def test_a_manual_trade_is_an_order_and_an_execution_without_our_reference(
    broker: Broker, simulator: Launched
) -> None:
    simulator.trade("AAPL", "SELL", 5)
    (execution,) = broker.executions(simulator.account)
    (report,) = broker.order_reports(simulator.account)
    assert (execution.order_ref, execution.quantity) == ("", -5)
    assert (report.order_ref, report.order_id, report.filled) == ("", None, 5)


def test_a_hundred_questions_in_a_row_exceed_no_limit(broker: Broker, simulator: Launched) -> None:
    """The gateway answers the 51st message of a second with error 100, and disconnects who goes on."""
    for _ in range(100):
        broker.current_time()
    messages = simulator.state()["messages"]
    errors = [one["fields"][3] for one in messages if one["direction"] == "out" and one["fields"][0] == "4"]
    assert "100" not in errors
