"""What a run and its dry-run have in common: all is read into one snapshot, and a plan decided on it, or refused.

Writes nothing, and sends nothing but the what-if questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ib_trading.core.limits import Rule, said_together
from ib_trading.core.plan import Decision, Plan
from ib_trading.core.refusals import (
    InstrumentLocked,
    LimitsRefused,
    RunDeadline,
    StrategyFailed,
    TradingDisabled,
)
from ib_trading.core.snapshot import Forming, Snapshot
from ib_trading.intents import story
from ib_trading.intents.compare import Comparison
from ib_trading.intents.phases import Phases
from ib_trading.intents.trader import Trader
from ib_trading.intents.what_if import with_margins
from ib_trading.ports.broker import Broker
from ib_trading.ports.clock import Clock
from ib_trading.schema.trading_config import TradingConfig


@dataclass(frozen=True, slots=True)
class Planning:
    """One call's."""

    trader: Trader
    request: Any
    config: TradingConfig
    clock: Clock
    phases: Phases

    def read(self, broker: Broker, compared: Comparison, deadline: datetime, forming: Forming) -> Snapshot:
        """The snapshot, with what was collected of bars that are `forming`, and with the broker's what-if answers for
        the orders that it leads to where they are asked for.

        Never for a plan that only closes: a broker that was silent about one margin stopped all of close-all.
        RunDeadline where strategies took so long that `deadline` has passed.
        """
        snapshot = self.trader.read(broker, compared, self.request, self.config, forming)
        if snapshot.answers and self.clock.now() >= deadline:
            raise RunDeadline(
                "runDeadlineSeconds passed when the strategies had decided; nothing was sent: call again, or raise"
                " runDeadlineSeconds"
            )
        if not self.config.what_if:
            return snapshot
        draft = self._decided(snapshot).plan
        if draft.reduce_only:
            return snapshot
        return with_margins(broker, snapshot, draft.orders, self.clock, deadline, compared.ledger)

    def decide(self, snapshot: Snapshot, compared: Comparison) -> Plan:
        """The plan, or a refusal with everything that speaks against it."""
        with self.phases.timed("decide"):
            decision = self._decided(snapshot)
        story.planned(decision)
        plan = decision.plan
        if plan.forbidden:
            raise _locked(plan, snapshot, compared)
        if plan.refusals:
            detail = said_together(plan.refusals)
            disabled = any(verdict.rule is Rule.TRADING_ENABLED for verdict in plan.refusals)
            refusal = TradingDisabled if disabled else LimitsRefused
            raise refusal(detail, members={"plan": plan, "limits": plan.limits})
        return plan

    def _decided(self, snapshot: Snapshot) -> Decision:
        """A draft is none of the story; a strategy that fails in it refuses the run as it would later."""
        try:
            return self.trader.decide(snapshot, self.request)
        except StrategyFailed as failure:
            story.strategy_failed(failure, refused=True)
            raise


def _locked(plan: Plan, snapshot: Snapshot, compared: Comparison) -> InstrumentLocked:
    """What forbids `plan`, with the repairs that a trade-reconciliation proposes for it."""
    return InstrumentLocked(
        "; ".join(f"{lock.local_symbol}: {lock.reason}" for lock in plan.forbidden)
        + "; look at the proposed repairs and accept the right ones by id: POST /trade-reconciliation; POST /close-all"
        " cancels every order of ours that is alive",
        members={
            "locks": plan.forbidden,
            "repairs": compared.repairs(snapshot.quotes, {lock.con_id for lock in plan.forbidden}),
            "plan": plan,
        },
    )
