"""trading-enabled: the kill switch. Takes effect before the next order is sent, also inside a run under way.

Needs neither the ledger nor a gateway: it works while a run trades and while the broker does not answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from ib_trading.core.refusals import Refusal, StoreUnavailable
from ib_trading.core.snapshot import TradingSwitch
from ib_trading.intents.intent import Answer, Call, Result, common
from ib_trading.intents.services import Services
from ib_trading.schema.requests import TradingEnabledRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingEnabledResult(Result):
    """The switch as it stands now."""

    enabled: bool
    reason: str


@dataclass(frozen=True, slots=True)
class TradingEnabled:
    services: Services
    name: str = "trading-enabled"
    request_type: type[TradingEnabledRequest] = TradingEnabledRequest
    result_type: type[TradingEnabledResult] = TradingEnabledResult
    refusals: tuple[type[Refusal], ...] = (StoreUnavailable,)

    def answer(self, call: Call[TradingEnabledRequest]) -> Answer:
        store = self.services.switch
        switch = TradingSwitch(call.request.enabled, call.request.reason)
        store.set_trading_switch(switch, self.services.clock.now())
        now = store.trading_switch()
        return Answer.of(
            TradingEnabledResult(
                **common(self.services, self.name, call.run_id), enabled=now.enabled, reason=now.reason
            )
        )
