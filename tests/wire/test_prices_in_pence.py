"""London's stocks are quoted in pence, while the broker tells their steps in pounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ib_trading.adapters.ib.session import IbGateway
from ib_trading.core.instruments import ContractSpec
from ib_trading.host.in_process import InProcess
from ib_trading.strategies import Strategy, StrategyView
from ib_trading_simulator.launch import Launched
from tests.service import ServiceUnderTest

STACK = """\
config:
  ib-trading:trading:
    exposure:
      overall: "0.5"
      strategies: {london: "0.2"}
    fillSeconds: "2"
"""
VODAFONE = ContractSpec("VOD", currency="GBP")
SAP = ContractSpec("SAP", exchange="IBIS", currency="EUR")


@pytest.fixture
def simulated() -> tuple[str, ...]:
    """In the session of London and Frankfurt."""
    return ("--start", datetime(2019, 6, 3, 14, tzinfo=UTC).isoformat(), "--cash", "USD=1000000")


@dataclass
class London(Strategy):
    instruments: tuple[ContractSpec, ...] = (VODAFONE,)
    history_days: int = 0

    def weights(self, view: StrategyView) -> dict[ContractSpec, Any]:
        return dict.fromkeys(self.instruments, 1)


def test_the_steps_of_prices_are_in_the_unit_that_orders_are_in(simulator: Launched) -> None:
    with IbGateway("127.0.0.1", simulator.port, 101).session() as broker:
        told = broker.instruments([VODAFONE, SAP])
    assert {spec.symbol: one.price_steps[0].increment for spec, one in told.items()} == {
        "VOD": Decimal("0.02"),
        "SAP": Decimal("0.02"),
    }


@pytest.mark.parametrize("offset", ["-7", "3", "13"])
def test_a_limit_in_pence_lies_on_the_exchange_s_step_and_is_taken(
    tmp_path: Path, simulator: Launched, offset: str
) -> None:
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK).having(
        strategies=InProcess({"london": London()})
    )
    properties = {"orderType": "LMT", "limitOffsetBps": offset, "adaptivePriority": None}
    reply = service.post("/allocation", {"orderProperties": properties}, Idempotency_Key="1")
    assert reply.status == 200, reply.text
    (order,) = reply.body["plan"]["orders"]
    assert order["limitPrice"] > 50
    assert Decimal(str(order["limitPrice"])) % Decimal("0.02") == 0
    (sent,) = simulator.state(messages=False)["orders"]
    assert sent["status"] in ("Filled", "Submitted")
