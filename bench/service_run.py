"""Orders through the service: its own composition and adapters, one allocation, in this process.

The strategy is the bench's own, so that there is always an order for each stock; everything else is what a deployment
runs.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from ib_trading.composition import build_services
from ib_trading.host.in_process import InProcess
from ib_trading.intents.allocation import Allocation
from ib_trading.intents.intent import Answer, Call
from ib_trading.intents.services import Services
from ib_trading.schema.requests import AllocationRequest
from ib_trading.settings import read_settings
from ib_trading.strategies import ContractSpec, Strategy, StrategyView
from ib_trading.strategies.trend import Trend
from ib_trading.web.responses import as_sent
from ib_trading_simulator.launch import HOST, Launched

STACK_FILE = Path(__file__).with_name("Pulumi.bench.yaml")


class AllAlike(Strategy):
    """The same part of the capital in each of the stocks."""

    name = "all-alike"

    def __init__(self, symbols: Sequence[str]) -> None:
        self.instruments = tuple(ContractSpec(symbol) for symbol in symbols)

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, Decimal]:  # noqa: ARG002  the base's name
        return dict.fromkeys(self.instruments, Decimal(1) / len(self.instruments))


@dataclass(frozen=True, slots=True)
class BenchOrder:
    """What is needed to place the same order without the service."""

    con_id: int
    action: str
    quantity: Decimal
    adaptive_priority: str | None


def bench_services(simulator: Launched, folder: str, strategy: Strategy) -> Services:
    """What a deployment would have, with its stores in `folder`; the stack file wants trend beside `strategy`."""
    services = build_services(read_settings(_environment(simulator.port, folder)))
    return replace(services, strategies=InProcess({Trend.name: Trend(), strategy.name: strategy}))


def place_through_service(simulator: Launched, symbols: Sequence[str]) -> tuple[BenchOrder, ...]:
    """The orders that were sent and filled, one a symbol. RuntimeError where the run did not come to that."""
    with tempfile.TemporaryDirectory(prefix="ib-trading-bench-") as folder:
        services = bench_services(simulator, folder, AllAlike(symbols))
        answer = Allocation(services).answer(
            Call(uuid.uuid4().hex, AllocationRequest(strategies=(AllAlike.name,)), key="bench")
        )
    result = told(services, answer)
    if answer.refusal or len(result["orders"]) != len(symbols):
        raise RuntimeError(f"the allocation was not done: {answer.refusal or result['orders']}")
    return tuple(_order(order) for order in result["orders"])


def told(services: Services, answer: Answer) -> dict[str, Any]:
    """What a caller reads of `answer`."""
    return msgspec.json.decode(as_sent(answer, "bench", services.responses).body)


def _environment(port: int, folder: str) -> dict[str, str]:
    return {
        "TRADING_MODE": "paper",
        "BACKEND": "local",
        "LOCAL_DATA_DIR": folder,
        "IB_GATEWAY": f"{HOST}:{port}",
        "CLOCK": "broker",
        "TRADING_CONFIG": str(STACK_FILE),
    }


def _order(order: dict[str, Any]) -> BenchOrder:
    return BenchOrder(
        order["conId"], order["action"], Decimal(str(order["quantity"])), order["adaptivePriority"]
    )
