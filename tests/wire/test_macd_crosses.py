"""MACD with a hedge, as its author's file says it, trades: a quarter of daily calls and a fortnight of hourly ones over
the real wire, its bars collected by the runs themselves and its code asked in the strategies' own process.

Hourly calls through all of the quarter take two minutes: they are made on one version of Python. Whether each cross was
followed is told by the same rule written another way, on the bars that the simulator serves to another client.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy
import pytest
from ib_insync import IB, Stock

from ib_trading.adapters.ib.history_pace import HistoryPace
from ib_trading.adapters.ib.session import IbGateway
from ib_trading.adapters.local.strategy_host import StrategyHost
from ib_trading.strategies import macd_hedge
from ib_trading_simulator.launch import HOST, Launched
from tests.positions import broker_positions
from tests.service import Reply, ServiceUnderTest
from tests.wire.client import Connect

NEW_YORK = ZoneInfo("America/New_York")
FIRST, LAST = date(2019, 6, 3), date(2019, 8, 30)
HALF_DAY, HOLIDAY = date(2019, 7, 3), date(2019, 7, 4)
BARS = 350
"""What it declares: ten times its slowest average and its signal line."""

STACK = """\
config:
  ib-trading:trading:
    exposure:
      overall: "0.9"
      strategies: {macd: {share: "1", strategy: macd_hedge, parameters: {bar_size: %s}}}
    fillSeconds: "2"
    limits: {maxGrossLeverage: "2.5", maxWeightPerInstrument: "1.5", maxNetLeverage: "1.5"}
"""

Closes = Sequence[tuple[datetime, float]]
"""When each bar was over, and its close."""


@dataclass(frozen=True, slots=True)
class Traded:
    """One run, what the ledger says the strategy holds after it, and what it remembers."""

    at: datetime
    reply: Reply
    held: dict[int, Decimal]
    memory: str


@pytest.fixture
def simulated() -> tuple[str, ...]:
    return ("--start", "2019-06-03T13:00:00Z", "--cash", "USD=1000000")


@pytest.fixture
def service_of(tmp_path: Path, simulator: Launched) -> Iterator[Callable[[str], ServiceUnderTest]]:
    """The service with the strategy on bars of one size. Its questions for history are minutes apart, as in the days
    that the simulator's clock leaps over."""
    host = StrategyHost(Path(sys.executable), {"PYTHONPATH": ""})

    def trading(bar_size: str) -> ServiceUnderTest:
        plain = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK % bar_size)
        minutes = count(step=60)
        pace = HistoryPace(lambda: float(next(minutes)))
        gateway = IbGateway(HOST, simulator.port, plain.services.mode.client_id, history_pace=pace)
        return plain.having(strategies=host, gateway=gateway)

    yield trading
    host.close()


def test_a_quarter_of_daily_calls_follows_each_cross_and_keeps_between_them(
    simulator: Launched, service_of: Callable[[str], ServiceUnderTest], connect: Connect
) -> None:
    """At 15:30 on each weekday: on the half day the market has shut by then, on the holiday it never opens."""
    moments = [datetime.combine(day, time(15, 30), NEW_YORK) for day in weekdays(FIRST, LAST)]
    runs = traded(simulator, service_of("1 day"), moments)
    crosses = followed(runs, recorded_days(connect(simulator, client_id=7)))
    assert len(runs) == 65
    assert [(at.date(), regime) for at, regime in crosses] == [
        (date(2019, 6, 7), "bullish"),
        (date(2019, 7, 17), "bearish"),
        (date(2019, 8, 21), "bullish"),
    ]
    assert {HALF_DAY, HOLIDAY} <= {run.at.date() for run in runs if not run.reply.body["orders"]}


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("last", "calls", "changes"),
    [
        pytest.param(date(2019, 6, 14), 60, 6, id="fortnight"),
        pytest.param(LAST, 390, 46, id="quarter", marks=[pytest.mark.long, pytest.mark.once]),
    ],
)
def test_hourly_calls_on_half_hours_miss_no_cross_between_two_calls(
    simulator: Launched,
    service_of: Callable[[str], ServiceUnderTest],
    connect: Connect,
    last: date,
    calls: int,
    changes: int,
) -> None:
    days = weekdays(FIRST, last)
    moments = [datetime.combine(day, time(hour), NEW_YORK) for day in days for hour in range(10, 16)]
    runs = traded(simulator, service_of("30 mins"), moments)
    closes = recorded_half_hours(connect(simulator, client_id=7), last)
    crosses = followed(runs, closes)
    assert (len(runs), len(crosses)) == (calls, changes)
    between = [at for at, _ in crosses if len(set(regimes(closes, at))) == 1]
    assert between, "of these only the memory knows"


def test_it_is_under_forty_lines_of_code() -> None:
    source = Path(macd_hedge.__file__).read_text()
    docs = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    code = [
        line
        for number, line in enumerate(source.splitlines(), start=1)
        if line.strip() and not line.strip().startswith("#") and number not in docs
    ]
    assert len(code) < 40


def weekdays(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def traded(simulator: Launched, service: ServiceUnderTest, moments: Sequence[datetime]) -> list[Traded]:
    """A run at each of them. All end well, and the account holds what the ledger says."""
    runs = []
    for at in moments:
        simulator.advance(to=at.astimezone(UTC))
        reply = service.post("/allocation", Idempotency_Key=at.isoformat())
        assert reply.status == 200, (at, reply.text)
        held = dict(service.services.ledger.holdings().get("macd", {}))
        assert held == broker_positions(simulator), at
        runs.append(Traded(at, reply, held, service.services.ledger.memories()["macd"]))
    return runs


def followed(runs: Sequence[Traded], closes: Closes) -> list[tuple[datetime, str]]:
    """When and where to each cross went, all of which were traded, and nothing else was."""
    crosses = []
    before = None
    for run in runs:
        past, now = regimes(closes, run.at)
        body: Any = run.reply.body
        assert body["notes"]["macd"]["regime"] == now, run.at
        assert run.memory == f'"{now}"'
        if now == (before or past):
            assert (body["orders"], body["kept"]) == ([], {"macd": ["SPY", "VIXY"]}), run.at
        else:
            crosses.append((run.at, now))
            wanted = {"SPY": 1, "VIXY": 0} if now == "bullish" else {"SPY": -1, "VIXY": 1}
            assert body["signals"] == {"macd": wanted}
            assert {order["status"] for order in body["orders"]} == {"filled"}
            assert weights(run) == pytest.approx(wanted, abs=0.002)
        before = now
    return crosses


def weights(run: Traded) -> dict[str, float]:
    """What is held after a run, as a part of the strategy's capital."""
    body = run.reply.body
    return {
        symbol: float(run.held.get(con_id, 0))
        * body["prices"].get(str(con_id), {"price": 0})["price"]
        / body["capital"]["macd"]
        for symbol, con_id in body["contractIds"].items()
    }


def regimes(closes: Closes, at: datetime) -> tuple[str, str]:
    """On which side of its signal line the MACD is at the last bar but one and at the last, of those over at `at`.

    An exponential average is a weighted sum of all closes, and so are differences of such sums and averages of them.
    """
    known = [close for over, close in closes if over <= at][-BARS:]
    assert len(known) == BARS
    before, now = FILTER @ numpy.array(known)
    return side(before), side(now)


def side(above: float) -> str:
    assert abs(above) > 1e-6, "too near to tell"
    return "bullish" if above > 0 else "bearish"


def averaging(length: int) -> Any:
    """Row n holds the weights of the first n + 1 closes in their exponential average."""
    ages = numpy.subtract.outer(numpy.arange(BARS), numpy.arange(BARS))
    left = 1 - 2 / (length + 1)
    rows = numpy.where(ages >= 0, (1 - left) * left ** numpy.abs(ages), 0)
    rows[:, 0] = left ** numpy.arange(BARS)
    return rows


FILTER = ((numpy.eye(BARS) - averaging(9)) @ (averaging(12) - averaging(26)))[-2:]
"""Weights of the closes in how far the MACD lies above its signal line, at the last bar but one and at the last."""


def recorded_days(ib: IB) -> Closes:
    bars = ib.reqHistoricalData(SPY, "", "2 Y", "1 day", "ADJUSTED_LAST", useRTH=True, formatDate=2)
    return [(datetime.combine(bar.date, closing(bar.date), NEW_YORK), bar.close) for bar in bars]


def closing(day: date) -> time:
    """Of 2018 and 2019: the days before Independence Day, after Thanksgiving, and before Christmas."""
    half = {(7, 3), (12, 24)} | {(one.month, one.day) for one in (date(2018, 11, 23), date(2019, 11, 29))}
    return time(13) if (day.month, day.day) in half else time(16)


def recorded_half_hours(ib: IB, last: date) -> Closes:
    """From the middle of April on, a month a question: the broker serves no more at once."""
    closes: dict[datetime, float] = {}
    ends = [datetime(2019, month, 15, tzinfo=UTC) for month in range(5, last.month + 1)]
    for end in (*(end for end in ends if end.date() < last), datetime.combine(last, time(21), UTC)):
        bars = ib.reqHistoricalData(SPY, end, "1 M", "30 mins", "TRADES", useRTH=True, formatDate=2)
        for bar in bars:
            assert isinstance(bar.date, datetime)
            closes[bar.date + timedelta(minutes=30)] = bar.close
    return sorted(closes.items())


SPY = Stock("SPY", "SMART", "USD")
