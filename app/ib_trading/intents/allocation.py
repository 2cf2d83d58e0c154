"""allocation: strategies' signals → target positions → netted orders."""

from __future__ import annotations

from dataclasses import dataclass

from ib_trading.core.plan import Decision, decide
from ib_trading.core.refusals import Refusal
from ib_trading.core.snapshot import Forming, Snapshot
from ib_trading.intents.ask_strategies import ask_strategies
from ib_trading.intents.chosen_strategies import Chosen, chosen_strategies
from ib_trading.intents.compare import Comparison
from ib_trading.intents.intent import Answer, Call
from ib_trading.intents.leased_ledger import LeasedLedger
from ib_trading.intents.order_request import check_properties, properties_at
from ib_trading.intents.phases import Phases
from ib_trading.intents.read_snapshot import read_snapshot
from ib_trading.intents.services import Services
from ib_trading.intents.top_up import needs_of, top_up
from ib_trading.intents.trading_result import TradingResult
from ib_trading.intents.trading_run import TRADING_REFUSALS, TradingRun
from ib_trading.ports.broker import Broker
from ib_trading.schema.requests import AllocationRequest
from ib_trading.schema.trading_config import TradingConfig


@dataclass(frozen=True, slots=True)
class Allocation:
    services: Services
    name: str = "allocation"
    only_closes: bool = False
    request_type: type[AllocationRequest] = AllocationRequest
    result_type: type[TradingResult] = TradingResult
    refusals: tuple[type[Refusal], ...] = TRADING_REFUSALS

    def answer(self, call: Call[AllocationRequest]) -> Answer:
        return TradingRun(self.services, self, call, self.services.config.read(), Phases()).answer()

    def check(self, request: AllocationRequest, config: TradingConfig) -> None:
        self._chosen(request, config)
        check_properties(request.order_properties, self.services.clock.now())

    def collect(self, broker: Broker, request: AllocationRequest, config: TradingConfig) -> Forming:
        return top_up(self.services, broker, needs_of(self._chosen(request, config).declarations), config)

    def prepare(self, broker: Broker, account: str, ledger: LeasedLedger, request: AllocationRequest) -> None:
        """Nothing: open orders are looked at, not touched."""

    def read(
        self,
        broker: Broker,
        compared: Comparison,
        request: AllocationRequest,
        config: TradingConfig,
        forming: Forming,
    ) -> Snapshot:
        chosen = self._chosen(request, config)
        snapshot = read_snapshot(
            self.services, broker, config, compared, chosen.declarations, forming=forming
        )
        return ask_strategies(self.services, broker, snapshot, chosen, compared.ledger.keep)

    def decide(self, snapshot: Snapshot, request: AllocationRequest) -> Decision:
        return decide(snapshot, properties_at(request.order_properties, snapshot.at))

    def _chosen(self, request: AllocationRequest, config: TradingConfig) -> Chosen:
        return chosen_strategies(self.services.strategies, request.strategies, config)
