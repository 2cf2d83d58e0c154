"""A share in Tokyo, traded by its own market's calendar, over the real wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from ib_trading.core.instruments import ContractSpec
from ib_trading.host.in_process import InProcess
from ib_trading.strategies import History, Strategy, StrategyView
from ib_trading_simulator.launch import Launched
from tests.positions import broker_positions_by_symbol
from tests.service import ServiceUnderTest
from tests.wire.client import Launch

TOYOTA = ContractSpec("7203", "STK", "TSEJ", "JPY")
STACK = """\
config:
  ib-trading:trading:
    exposure: {overall: "0.9", strategies: {tokyo: "1"}}
    limits: {maxWeightPerInstrument: "1"}
    fillSeconds: "2"
"""


class Tokyo(Strategy):
    """Holds some of the share, and looks at its days and half hours."""

    name = "tokyo"
    instruments = (TOYOTA,)
    history = (History("1 day", 20), History("30 mins", 10))

    def __init__(self) -> None:
        self.newest: tuple[date, str] | None = None

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        day = view.bars(TOYOTA).start[-1].astype(object).date()
        half_hour = view.bars(TOYOTA, "30 mins").frame().index[-1]
        self.newest = day, f"{half_hour:%m-%d %H:%M}"
        return {TOYOTA: 0.1}


@pytest.fixture
def at(tmp_path: Path, launch: Launch) -> Callable[[str], tuple[ServiceUnderTest, Tokyo, Launched]]:
    """The service at an instant."""

    def trading(start: str) -> tuple[ServiceUnderTest, Tokyo, Launched]:
        simulator = launch("--start", start, "--cash", "USD=1000000")
        plain = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK)
        tokyo = Tokyo()
        return plain.having(strategies=InProcess({"tokyo": tokyo})), tokyo, simulator

    return trading


MOMENTS = {
    "Monday afternoon, before the close": ("2019-06-03T05:40:00Z", date(2019, 5, 31), "06-03 14:00"),
    "Tuesday morning, Monday evening in New York": (
        "2019-06-04T00:40:00Z",
        date(2019, 6, 3),
        "06-04 09:00",
    ),
    "Tuesday after lunch, past midnight in New York": (
        "2019-06-04T04:10:00Z",
        date(2019, 6, 3),
        "06-04 12:30",
    ),
    "after ten days of Golden Week": ("2019-05-07T00:40:00Z", date(2019, 4, 26), "05-07 09:00"),
}


@pytest.mark.parametrize(("start", "day", "half_hour"), MOMENTS.values(), ids=MOMENTS.keys())
def test_it_is_decided_on_tokyos_newest_close_and_traded_in_its_lots(
    at: Callable[[str], tuple[ServiceUnderTest, Tokyo, Launched]], start: str, day: date, half_hour: str
) -> None:
    """By New York's day Monday's close was hidden until Wednesday morning, and after Golden Week history was stale."""
    service, tokyo, simulator = at(start)
    reply = service.post("/allocation", Idempotency_Key="once")
    assert reply.status == 200, reply.text
    assert tokyo.newest == (day, half_hour)
    held = broker_positions_by_symbol(simulator)["7203"]
    assert held > 0
    assert held % 100 == 0
    assert service.get("/summary").body["holdings"]["tokyo"] == {"7203": held}


def test_on_mondays_close_it_is_there_while_new_york_sleeps(
    at: Callable[[str], tuple[ServiceUnderTest, Tokyo, Launched]],
) -> None:
    service, tokyo, _ = at("2019-06-03T06:00:00Z")
    assert service.post("/allocation", {"dryRun": True}).status in {200, 422}
    assert tokyo.newest == (date(2019, 6, 3), "06-03 14:30")
