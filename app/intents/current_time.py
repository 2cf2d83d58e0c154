"""current-time: the broker's clock, ours, and their difference. The cheapest proof that the gateway answers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.intents.intent import Answer, Call, Request, document
from app.intents.services import Services


class CurrentTimeRequest(Request, frozen=True, kw_only=True):
    """Takes nothing."""


@dataclass(frozen=True, slots=True)
class CurrentTime:
    services: Services
    name: str = "current-time"
    request_type: type[CurrentTimeRequest] = CurrentTimeRequest

    def answer(self, call: Call[CurrentTimeRequest]) -> Answer:
        with self.services.gateway.session() as broker:
            theirs = broker.current_time()
            ours = self.services.clock.now()
        difference = Decimal(f"{(theirs - ours).total_seconds():.3f}")
        members = {"brokerTime": theirs, "systemTime": ours, "differenceSeconds": difference}
        return document(self.services, self.name, call.run_id, members)
