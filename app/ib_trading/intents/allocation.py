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
from ib_trading.intents.trading_result import TradingResult
from ib_trading.intents.trading_run import TRADING_REFUSALS, TradingRun
from ib_trading.ports.broker import Broker
from ib_trading.schema.requests import AllocationRequest
from ib_trading.schema.strict import FieldError, nearest
from ib_trading.schema.trading_config import SECTION, TradingConfig, instances
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
    """Name in the ledger → strategy, for those asked for, or all with an exposure. `known` is class by name.
    RequestError names those that cannot run."""
    exposed = instances(config)
    strangers = {name: one.strategy for name, one in exposed.items() if one.strategy not in known}
    if strangers:
        raise ConfigurationFault("; ".join(_not_installed(*one, known) for one in strangers.items()))
    if asked is None:
        return {name: known[one.strategy] for name, one in sorted(exposed.items())}
    errors = []
    for index, name in enumerate(asked):
        path = f"strategies[{index}]"
        if name in exposed:
            continue
        if name in known:
            message = f"strategy {name!r} has no exposure; set {SECTION}.exposure.strategies"
        else:
            message = f"unknown strategy {name!r}; {nearest(name, (*exposed, *known))}"
        errors.append(FieldError(path, message))
    if errors:
        raise RequestError("; ".join(map(str, errors)), errors=tuple(errors))
    return {name: known[exposed[name].strategy] for name in sorted(set(asked))}


def _not_installed(name: str, strategy: str, known: Mapping[str, Strategy]) -> str:
    place = f"{SECTION}.exposure.strategies" + ("" if strategy == name else f".{name}.strategy")
    return f"{place} names {strategy}, which is not installed; {nearest(strategy, tuple(known))}"
