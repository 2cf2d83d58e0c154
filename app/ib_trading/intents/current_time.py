"""current-time: the broker's clock, ours, and their difference. The cheapest proof that the gateway answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ib_trading.core.refusals import BrokerFault, GatewayNotReady, Refusal
from ib_trading.intents.intent import Answer, Call, Result, common
from ib_trading.intents.services import Services
from ib_trading.schema.requests import Request


class CurrentTimeRequest(Request, frozen=True, kw_only=True):
    """Takes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentTimeResult(Result):
    """`difference_seconds` is the broker's clock less ours."""

    broker_time: datetime
    system_time: datetime
    difference_seconds: Decimal


@dataclass(frozen=True, slots=True)
class CurrentTime:
    services: Services
    name: str = "current-time"
    request_type: type[CurrentTimeRequest] = CurrentTimeRequest
    result_type: type[CurrentTimeResult] = CurrentTimeResult
    refusals: tuple[type[Refusal], ...] = (BrokerFault, GatewayNotReady)

    def answer(self, call: Call[CurrentTimeRequest]) -> Answer:
        with self.services.gateway.session() as broker:
            theirs = broker.current_time()
            ours = self.services.clock.now()
        difference = Decimal(f"{(theirs - ours).total_seconds():.3f}")
        return Answer.of(
            CurrentTimeResult(
                **common(self.services, self.name, call.run_id),
                broker_time=theirs,
                system_time=ours,
                difference_seconds=difference,
            )
        )
