"""Whether the process is up (/health, touches nothing) and whether it could trade (/ready, says what is wrong)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ib_trading.core.collection import ADJUSTED
from ib_trading.core.positions import Holdings
from ib_trading.core.refusals import ConfigurationFault, Refusal
from ib_trading.core.retired import retired
from ib_trading.intents.renames import with_renames
from ib_trading.intents.services import Services
from ib_trading.schema.trading_config import instances
from ib_trading.web.strategies_ready import strategies_ready


@dataclass(frozen=True, slots=True)
class Dependency:
    """One thing that trading needs: `state` is ok, asleep or down, degraded where a part of it is, or what a thing does
    that is on its way up; `detail` says what to do about it."""

    name: str
    state: str
    detail: str
    seconds: Decimal

    @property
    def ready(self) -> bool:
        return self.state != "down"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether it could trade, and what each dependency says."""

    ready: bool
    trading_mode: str
    dependencies: tuple[Dependency, ...]


def dependencies(services: Services) -> tuple[Dependency, ...]:
    """Each dependency asked now, but for the gateway: one that is asleep is ready unless its last start failed."""
    return (
        _asked(
            "trading configuration", lambda: f"{len(services.config.read().exposure.strategies)} strategies"
        ),
        _asked(
            "journal",
            lambda: "trading is " + ("enabled" if services.switch.trading_switch().enabled else "disabled"),
        ),
        _asked("positions", lambda: _positions(services)),
        _asked("warehouse", lambda: _answers(services)),
        _strategies(services),
        _gateway(services),
    )


def _asked(name: str, question: Callable[[], str]) -> Dependency:
    start = time.perf_counter()
    try:
        state, detail = "ok", question()
    except Refusal as error:
        state, detail = "down", error.detail
    return Dependency(name, state, detail, Decimal(f"{time.perf_counter() - start:.3f}"))


def _positions(services: Services) -> str:
    """With what nobody trades for any more. ConfigurationFault where a past is given to a name that cannot have it."""
    try:
        config = services.config.read()
    except ConfigurationFault:  # told where the configuration itself is asked for
        return _holders(services.ledger.holdings())
    holdings = with_renames(services.ledger, config).holdings()
    return "; ".join((_holders(holdings), *retired(config, holdings).values()))


def _holders(holdings: Holdings) -> str:
    return f"{len(holdings)} strategies hold something"


def _answers(services: Services) -> str:
    """A small question of the kind that an allocation asks: about an instrument that nobody has."""
    services.warehouse.daily_closes([0], ADJUSTED, before=services.clock.now(), count=1)
    return "answers"


def _strategies(services: Services) -> Dependency:
    """As they were imported; who is asked waits for no strategy."""
    try:
        configured = {name: one.strategy for name, one in instances(services.config.read()).items()}
    except Refusal:  # told where the configuration itself is asked for
        configured = {}
    state, detail = strategies_ready(services.strategies.known(), configured)
    return Dependency("strategies", state, detail, Decimal(0))


def _gateway(services: Services) -> Dependency:
    status = services.gateway.status()
    state = (status.state or "asleep") if status.ok is None else "ok" if status.ok else "down"
    return Dependency("gateway", state, status.detail, Decimal(0))
