"""allocation: strategies' signals → target positions → netted orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ib_trading.core.plan import Decision, decide
from ib_trading.core.refusals import ConfigurationFault, Refusal, RequestError
from ib_trading.core.snapshot import Snapshot
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
from ib_trading.schema.strict import FieldError, nearest
from ib_trading.schema.trading_config import SECTION, TradingConfig
from ib_trading.strategies.strategy import Strategy


@dataclass(frozen=True, slots=True)
class Allocation:
    services: Services
    name: str = "allocation"
    request_type: type[AllocationRequest] = AllocationRequest
    result_type: type[TradingResult] = TradingResult
    refusals: tuple[type[Refusal], ...] = TRADING_REFUSALS

    def answer(self, call: Call[AllocationRequest]) -> Answer:
        return TradingRun(self.services, self, call, self.services.config.read(), Phases()).answer()

    def check(self, request: AllocationRequest, config: TradingConfig) -> None:
        self._strategies(request, config)
        check_properties(request.order_properties, self.services.clock.now())

    def collect(self, broker: Broker, request: AllocationRequest, config: TradingConfig) -> None:
        top_up(self.services, broker, needs_of(self._strategies(request, config)), config)

    def prepare(self, broker: Broker, account: str, ledger: LeasedLedger, request: AllocationRequest) -> None:
        """Nothing: open orders are looked at, not touched."""

    def read(
        self, broker: Broker, compared: Comparison, request: AllocationRequest, config: TradingConfig
    ) -> Snapshot:
        return read_snapshot(self.services, broker, config, compared, self._strategies(request, config))

    def decide(self, snapshot: Snapshot, request: AllocationRequest) -> Decision:
        strategies = self._strategies(request, snapshot.config)
        return decide(snapshot, strategies, properties_at(request.order_properties, snapshot.at))

    def _strategies(self, request: AllocationRequest, config: TradingConfig) -> Mapping[str, Strategy]:
        return chosen_strategies(self.services.strategies, request.strategies, config)


def chosen_strategies(
    known: Mapping[str, Strategy], asked: tuple[str, ...] | None, config: TradingConfig
) -> Mapping[str, Strategy]:
    """Name → strategy for those asked for, or all with an exposure. RequestError names those that cannot run."""
    exposed = config.exposure.strategies
    strangers = [name for name in exposed if name not in known]
    if strangers:
        raise ConfigurationFault(
            f"{SECTION}.exposure.strategies names {', '.join(strangers)}, which is not installed;"
            f" {nearest(strangers[0], tuple(known))}"
        )
    if asked is None:
        return {name: known[name] for name in sorted(exposed)}
    errors = []
    for index, name in enumerate(asked):
        path = f"strategies[{index}]"
        if name not in known:
            errors.append(FieldError(path, f"unknown strategy {name!r}; {nearest(name, tuple(known))}"))
        elif name not in exposed:
            errors.append(
                FieldError(path, f"strategy {name!r} has no exposure; set {SECTION}.exposure.strategies")
            )
    if errors:
        raise RequestError("; ".join(map(str, errors)), errors=tuple(errors))
    return {name: known[name] for name in sorted(set(asked))}
