"""allocation: strategies' signals → target positions → netted orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.core.plan import Plan, make_plan
from app.core.snapshot import Snapshot
from app.errors import ConfigurationFault, RequestError, TradingError
from app.intents.compare import Comparison
from app.intents.intent import Answer, Call
from app.intents.lease import HeldLease
from app.intents.order_request import check_properties, properties_at
from app.intents.phases import Phases
from app.intents.read_snapshot import read_snapshot
from app.intents.services import Services
from app.intents.trading_result import TradingResult
from app.intents.trading_run import TRADING_REFUSALS, TradingRun
from app.ports.broker import Broker
from app.strategies.strategy import Strategy
from schema.requests import AllocationRequest
from schema.strict import FieldError, nearest
from schema.trading_config import SECTION, TradingConfig


@dataclass(frozen=True, slots=True)
class Allocation:
    services: Services
    name: str = "allocation"
    request_type: type[AllocationRequest] = AllocationRequest
    result_type: type[TradingResult] = TradingResult
    refusals: tuple[type[TradingError], ...] = TRADING_REFUSALS

    def answer(self, call: Call[AllocationRequest]) -> Answer:
        return TradingRun(self.services, self, call, self.services.config.read(), Phases()).answer()

    def over(self, services: Services) -> Allocation:
        return replace(self, services=services)

    def check(self, request: AllocationRequest, config: TradingConfig) -> None:
        self._strategies(request, config)
        check_properties(request.order_properties, self.services.clock.now())

    def prepare(self, broker: Broker, account: str, held: HeldLease, request: AllocationRequest) -> None:
        """Nothing: open orders are looked at, not touched."""

    def read(
        self, broker: Broker, compared: Comparison, request: AllocationRequest, config: TradingConfig
    ) -> Snapshot:
        return read_snapshot(broker, config, compared, self._strategies(request, config))

    def decide(self, snapshot: Snapshot, request: AllocationRequest) -> Plan:
        strategies = self._strategies(request, snapshot.config)
        return make_plan(snapshot, strategies, properties_at(request.order_properties, snapshot.at))

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
