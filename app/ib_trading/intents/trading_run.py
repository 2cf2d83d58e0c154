"""The life of one trading run: claim, read, decide, write the plan, submit, book, settle. Every trading intent is this
with its own reading and deciding.

A dry-run stops after deciding: it claims nothing, holds no lease, writes nothing but an activity line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from ib_trading.core.attribution import Execution
from ib_trading.core.canonical import canonical_json
from ib_trading.core.cash import ConversionRefused
from ib_trading.core.journal import Run, RunState, crosses_stand, outcome
from ib_trading.core.limits import said_together
from ib_trading.core.order import Order, written_down
from ib_trading.core.order_properties import PropertiesRefused
from ib_trading.core.order_state import OrderState
from ib_trading.core.plan import Plan
from ib_trading.core.signals import StrategyFailed
from ib_trading.core.sizing import SizingRefused
from ib_trading.core.snapshot import Snapshot
from ib_trading.errors import (
    BrokerFault,
    ConfigurationFault,
    GatewayNotReady,
    InstrumentLocked,
    KeyReused,
    PlanRefused,
    RunDeadline,
    RunInProgress,
    StaleFence,
    StoreUnavailable,
    TradingDisabled,
    TradingError,
)
from ib_trading.intents.compare import Comparison, compare_settled, compare_unwritten
from ib_trading.intents.intent import Answer, Call, common
from ib_trading.intents.keyed_run import KeyedRun
from ib_trading.intents.lease import HeldLease
from ib_trading.intents.order_request import refused_properties
from ib_trading.intents.phases import Phases
from ib_trading.intents.read_snapshot import account_to_trade
from ib_trading.intents.run_answer import not_done, status_of, warnings_of
from ib_trading.intents.services import Services
from ib_trading.intents.settle import book, book_crosses, with_all_fills
from ib_trading.intents.submit import Marked, Submission
from ib_trading.intents.trading_result import TradingResult, order_shown
from ib_trading.intents.what_if import with_margins
from ib_trading.ports.broker import Broker
from ib_trading.schema.trading_config import TradingConfig

COMMISSION_SECONDS = 5.0
"""How long a run waits for the commissions of its fills before it reports them as not known yet."""

TRADING_REFUSALS: tuple[type[TradingError], ...] = (
    RunInProgress,
    StaleFence,
    KeyReused,
    PlanRefused,
    TradingDisabled,
    InstrumentLocked,
    BrokerFault,
    GatewayNotReady,
    StoreUnavailable,
    ConfigurationFault,
    RunDeadline,
)
"""Every way in which a trading run can end without having done what was asked."""


class Trader(Protocol):
    """What a trading intent adds to the life of a run. `check` raises before anything is claimed or read from the
    broker."""

    @property
    def name(self) -> str: ...

    def over(self, services: Services) -> Trader:
        """The same intent on other services."""
        ...

    def check(self, request: Any, config: TradingConfig) -> None: ...

    def prepare(self, broker: Broker, account: str, held: HeldLease, request: Any) -> None:
        """What has to be done at the broker before anything is read; a dry-run leaves it out."""
        ...

    def read(self, broker: Broker, compared: Comparison, request: Any, config: TradingConfig) -> Snapshot: ...

    def decide(self, snapshot: Snapshot, request: Any) -> Plan: ...


@dataclass(frozen=True, slots=True)
class TradingRun:
    """One call of a trading intent; whether it is a repetition, keyed_run.py decides."""

    services: Services
    trader: Trader
    call: Call[Any]
    config: TradingConfig
    phases: Phases

    def answer(self) -> Answer:
        self.trader.check(self.call.request, self.config)
        if self.call.request.dry_run:
            return self._dry_run()
        return self._keyed().answer(self._trade)

    def _keyed(self) -> KeyedRun:
        return KeyedRun(self.services, self.trader.name, self.call, self.config)

    def _dry_run(self) -> Answer:
        deadline = self._deadline(self.services.clock.now())
        with self.services.gateway.session() as broker:
            with self.phases.timed("read"):
                # What a run would book first, a dry-run takes into account: both decide on the same ledger.
                account = account_to_trade(self.services, broker, self.config)
                compared = compare_unwritten(self.services, broker, account)
                settled = replace(
                    self, services=compared.services, trader=self.trader.over(compared.services)
                )
                snapshot = settled._read(broker, compared, deadline)
            plan = settled._decide(snapshot, compared)
        status = status_of((), left_out=plan.left_out)
        members = self._result(plan, (), ()).members() | not_done((), status, plan.left_out)
        return Answer(status, canonical_json(members))

    def _trade(self, broker: Broker, run: Run, held: HeldLease) -> Answer:
        with self._keyed().refusing(run, held):
            with self.phases.timed("read"):
                account = account_to_trade(self.services, broker, self.config)
                self.trader.prepare(broker, account, held, self.call.request)
                compared = compare_settled(self.services, broker, account, held, run.run_id)
                held.renew()
                snapshot = self._read(broker, compared, self._deadline(run.claimed_at), held)
            plan = self._decide(snapshot, compared)
        now, mode = self.services.clock.now(), self.services.mode
        orders = tuple(
            written_down(order, mode, run.run_id, snapshot.instruments[order.con_id].increment, now)
            for order in plan.orders
        )
        run = replace(run, state=RunState.PLANNED, business_at=snapshot.at, plan=plan.to_json())
        sending = Submission(
            self.services, broker, self.config, plan.account, snapshot.instruments, held, plan.reduce_only
        )
        with self._keyed().refusing(run, held), self.phases.timed("submit"):
            self.services.journal.save_plan(run, orders, held.renew())
            submitting = replace(run, state=RunState.SUBMITTING)
            marked = self._begun(submitting, held, plan, orders, sending)
        try:
            return self._execute(submitting, held, plan, orders, sending, marked)
        except TradingError as error:
            # Orders may have left: the run stays open, and the next one settles it from the broker's records.
            kind = RunDeadline if isinstance(error, RunDeadline) else BrokerFault
            raise kind(
                f"{error.detail} (run {run.run_id} was under way: its orders are settled by the next run)",
                members={"orders": [order_shown(order) for order in self._as_journalled(run, orders)]},
            ) from error

    def _as_journalled(self, run: Run, orders: Sequence[Order]) -> Sequence[Order]:
        """The run's orders as the journal has them, or as they were planned if it cannot be asked just now."""
        try:
            return self.services.journal.orders(run.run_id) or orders
        except StoreUnavailable:
            return orders

    def _begun(
        self,
        run: Run,
        held: HeldLease,
        plan: Plan,
        orders: Sequence[Order],
        sending: Submission,
    ) -> Marked | None:
        """The first window, marked as sending; None where nothing is to be sent. Until then nothing was done, and an
        error is what it is: a switch thrown against crosses alone, or a store that was away, were told as the broker's
        fault."""
        if orders:
            return sending.begin(run, orders)
        self._stop_if_disabled(plan)
        self.services.journal.save_run(run, held.renew())
        return None

    def _execute(
        self,
        run: Run,
        held: HeldLease,
        plan: Plan,
        orders: Sequence[Order],
        sending: Submission,
        marked: Marked | None,
    ) -> Answer:
        stopped = None
        with self.phases.timed("submit"):
            if marked is not None:
                deadline = self._deadline(run.claimed_at)
                orders, stopped = sending.send(run, orders, marked, deadline)
            if crosses_stand(run, orders):
                book_crosses(self.services, run, held.renew())
        with self.phases.timed("book"):
            orders, executions = self._booked(sending.broker, orders, plan.account, held)
        status, state = status_of(orders, stopped, plan.left_out), outcome(orders)
        if stopped == RunDeadline.status and state is RunState.SETTLING:
            self.services.journal.save_run(replace(run, state=state), held.renew())
            left = ", ".join(f"{one.local_symbol} {one.state.value}" for one in orders if not one.state.final)
            raise RunDeadline(f"runDeadlineSeconds passed; not done: {left}")
        members = self._result(plan, orders, executions, run).members()
        members |= not_done(orders, status, plan.left_out)
        return self._keyed().end(run, held, state, Answer(status, canonical_json(members)))

    def _stop_if_disabled(self, plan: Plan) -> None:
        """A run of internal crosses alone sends nothing, and yet trades: the kill switch is asked once more."""
        switch = self.services.journal.trading_switch()
        if plan.internal_crosses and not (switch.enabled or plan.reduce_only):
            raise TradingDisabled(f"trading was disabled before the crosses were booked: {switch.reason}")

    def _deadline(self, begun: datetime) -> datetime:
        return begun + timedelta(seconds=self.config.run_deadline_seconds)

    def _booked(
        self, broker: Broker, orders: Sequence[Order], account: str, held: HeldLease
    ) -> tuple[tuple[Order, ...], tuple[Execution, ...]]:
        """`orders` and their executions, both written down. Fills that the broker counts and did not tell are asked
        for once more; an order whose fills stay away is unknown."""
        refs = [order.order_ref for order in orders if order.state is not OrderState.ABANDONED]
        executions = broker.fills(refs, seconds=COMMISSION_SECONDS) if refs else ()
        self._book(orders, executions, held)
        complete = with_all_fills(self.services, orders, self.services.clock.now())
        if complete != tuple(orders):
            told = broker.executions(account)
            executions = tuple(execution for execution in told if execution.order_ref in refs)
            self._book(orders, executions, held)
            complete = with_all_fills(self.services, orders, self.services.clock.now())
        self.services.journal.save_orders(complete, held.renew())
        return complete, executions

    def _book(self, orders: Sequence[Order], executions: Sequence[Execution], held: HeldLease) -> None:
        self.services.journal.save_orders(orders, held.renew())
        book(self.services, orders, executions, held.lease)

    def _read(
        self, broker: Broker, compared: Comparison, deadline: datetime, held: HeldLease | None = None
    ) -> Snapshot:
        """The snapshot, with the broker's what-if answers for the orders that it leads to where they are asked for.

        Never for a plan that only closes: a broker that was silent about one margin stopped all of close-all.
        """
        snapshot = self.trader.read(broker, compared, self.call.request, self.config)
        if not self.config.what_if:
            return snapshot
        draft = self._planned(snapshot)
        if draft.reduce_only:
            return snapshot
        return with_margins(broker, snapshot, draft.orders, self.services.clock, deadline, held)

    def _planned(self, snapshot: Snapshot) -> Plan:
        """RequestError for what the request asks of orders and a contract does not take, PlanRefused for the rest."""
        try:
            return self.trader.decide(snapshot, self.call.request)
        except PropertiesRefused as error:
            raise refused_properties(error) from error
        except (StrategyFailed, SizingRefused, ConversionRefused) as error:
            raise PlanRefused(str(error)) from error

    def _decide(self, snapshot: Snapshot, compared: Comparison) -> Plan:
        """The plan, or PlanRefused with everything that speaks against it."""
        with self.phases.timed("decide"):
            plan = self._planned(snapshot)
        if plan.forbidden:
            raise _locked(plan, snapshot, compared)
        if plan.refusals:
            detail = said_together(plan.refusals)
            disabled = any(verdict.rule == "trading enabled" for verdict in plan.refusals)
            refusal = TradingDisabled if disabled else PlanRefused
            raise refusal(detail, members={"plan": plan, "limits": plan.limits})
        return plan

    def _result(
        self,
        plan: Plan,
        orders: Sequence[Order],
        executions: Sequence[Execution],
        run: Run | None = None,
    ) -> TradingResult:
        return TradingResult(
            **common(self.services, self.trader.name, self.call.run_id),
            dry_run=run is None,
            plan=plan,
            orders=tuple(order_shown(order, executions) for order in orders),
            warnings=(*plan.warnings, *warnings_of(orders)),
            timings=self.phases.seconds(),
        )


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
