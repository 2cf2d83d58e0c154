"""MACD with a hedge, as its author wrote it, traded over the wire: daily through a quarter, and hourly for a week."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ib_trading.adapters.ib.history_pace import HistoryPace
from ib_trading.adapters.ib.session import IbGateway
from ib_trading.core.calendar import sessions
from ib_trading.strategies import macd_hedge
from ib_trading_simulator.launch import HOST, Launched
from tests.positions import broker_positions_by_symbol
from tests.service import Reply, ServiceUnderTest

NEW_YORK = ZoneInfo("America/New_York")
QUARTER = (date(2019, 1, 2), date(2019, 3, 29))
WEEK = (date(2019, 3, 4), date(2019, 3, 8))
STACK = """\
config:
  ib-trading:trading:
    exposure:
      overall: "0.4"
      strategies: {macd: {share: "1", strategy: macd_hedge, parameters: {bar_size: %s}}}
    limits: {maxWeightPerInstrument: "1"}
    minTradePercent: "0"
"""


def moments(days: tuple[date, date], *hours: time) -> Iterable[datetime]:
    for session in sessions("XNYS", *days):
        for hour in hours:
            yield datetime.combine(session.day, hour, NEW_YORK).astimezone(UTC)


def traded(
    folder: Path, simulator: Launched, bar_size: str, when: Iterable[datetime]
) -> dict[datetime, Reply]:
    plain, now = ServiceUnderTest.over(folder, simulator.port, stack_file=STACK % bar_size), [0.0]
    # Its questions are counted by the time that passes here: a quarter's, in a minute, would be too many.
    pace = HistoryPace(lambda: now[0])
    gateway = IbGateway(HOST, simulator.port, plain.services.mode.client_id, history_pace=pace)
    service = plain.having(gateway=gateway)
    replies = {}
    for at in when:
        simulator.advance(to=at)
        now[0] = at.timestamp()
        replies[at] = service.post("/allocation", Idempotency_Key=at.isoformat())
        held = {
            name: Decimal(text)
            for name, text in service.get("/summary").body["holdings"].get("macd", {}).items()
        }
        assert held == broker_positions_by_symbol(simulator), at
    return replies


def crosses(replies: dict[datetime, Reply]) -> list[datetime]:
    """When the regime that the plan notes is another than at the call before."""
    told = [(at, reply.body["notes"]["macd"]["regime"]) for at, reply in replies.items()]
    return [at for (_, before), (at, now) in pairwise(told) if now != before]


@pytest.mark.timeout(300)
def test_daily_through_a_quarter_it_trades_at_each_cross_and_keeps_between(tmp_path: Path) -> None:
    first, *_ = moments(QUARTER, time(15, 30))
    with Launched.start(
        "--clock", "virtual", "--start", first.isoformat(), "--cash", "USD=1000000"
    ) as simulator:
        replies = traded(tmp_path, simulator, "1 day", moments(QUARTER, time(15, 30)))
    assert {reply.status for reply in replies.values()} == {200}
    assert len(replies) == 61
    told = crosses(replies)
    assert len(told) >= 3
    # The first call has no memory, and may find a cross between its last two bars.
    ordered = [at for at, reply in list(replies.items())[1:] if reply.body["orders"]]
    assert ordered == told
    for at, reply in list(replies.items())[1:]:
        if at not in told:
            assert reply.body["kept"]["macd"] == ["SPY", "VIXY"], at


@pytest.mark.timeout(300)
def test_hourly_it_reads_bars_of_thirty_minutes_that_come_by_themselves(tmp_path: Path) -> None:
    hours = [time(hour) for hour in range(10, 16)]
    first, *_ = moments(WEEK, *hours)
    with Launched.start(
        "--clock", "virtual", "--start", first.isoformat(), "--cash", "USD=1000000"
    ) as simulator:
        replies = traded(tmp_path, simulator, "30 mins", moments(WEEK, *hours))
    assert {reply.status for reply in replies.values()} == {200}, [reply.body for reply in replies.values()]
    ordered = [at for at, reply in list(replies.items())[1:] if reply.body["orders"]]
    assert ordered == crosses(replies)


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
