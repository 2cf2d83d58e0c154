"""The life of one trading run: claim, read, decide, write the plan, submit, book, settle. Every trading intent is this
with its own reading and deciding.

A dry-run stops after deciding: it claims nothing, leases nothing, writes nothing but an activity line, and to the
warehouse what history was missing, as the run would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ib_trading.core.attribution import Execution
from ib_trading.core.journal import Run, RunState, crosses_stand, outcome
from ib_trading.core.order import Order, written_down
from ib_trading.core.order_state import OrderState
from ib_trading.core.plan import Plan
from ib_trading.core.refusals import (
    BrokerFault,
    InstrumentLeftOut,
    InstrumentLocked,
    KeyReused,
    OrdersNotDone,
    PlanRefused,
    Refusal,
    RunDeadline,
    RunInProgress,
    StaleFence,
    StoreUnavailable,
    TradingDisabled,
)
from ib_trading.intents.compare import compare_settled, compare_unwritten
from ib_trading.intents.intent import READING_REFUSALS, Answer, Call, common
from ib_trading.intents.keyed_run import KeyedRun
from ib_trading.intents.leased_ledger import LeasedLedger
from ib_trading.intents.phases import Phases
from ib_trading.intents.planning import Planning
from ib_trading.intents.read_snapshot import account_to_trade
from ib_trading.intents.renames import rename, with_renames
from ib_trading.intents.run_answer import Stopped, not_done, warnings_of
from ib_trading.intents.services import Services
from ib_trading.intents.settle import book, book_crosses, with_all_fills
from ib_trading.intents.submit import Marked, Submission
from ib_trading.intents.trader import Trader
from ib_trading.intents.trading_result import TradingResult, order_shown
from ib_trading.ports.broker import Broker
from ib_trading.schema.trading_config import TradingConfig

COMMISSION_SECONDS = 5.0
"""How long a run waits for the commissions of its fills before it reports them as not known yet."""

TRADING_REFUSALS: tuple[type[Refusal], ...] = (
    RunInProgress,
    StaleFence,
    KeyReused,
    PlanRefused,
    TradingDisabled,
    InstrumentLocked,
    InstrumentLeftOut,
    OrdersNotDone,
    *READING_REFUSALS,
    RunDeadline,
)
"""Every way in which a trading run can end without having done what was asked."""


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

    def _planning(self) -> Planning:
        return Planning(self.trader, self.call.request, self.config, self.services.clock, self.phases)

    def _dry_run(self) -> Answer:
        planning, deadline = self._planning(), self._deadline(self.services.clock.now())
        with self.services.gateway.session() as broker:
            with self.phases.timed("read"):
                # What a run would book first, a dry-run takes into account: both decide on the same ledger.
                account = account_to_trade(self.services, broker, self.config)
                forming = self.trader.collect(broker, self.call.request, self.config)
                ledger = with_renames(self.services.ledger, self.config)
                compared = compare_unwritten(
                    self.services, broker, account, ledger, fills_expendable=self.trader.only_closes
                )
                snapshot = planning.read(broker, compared, deadline, forming)
            plan = planning.decide(snapshot, compared)
        return Answer.of(self._result(plan, (), ()), not_done((), left_out=plan.left_out))

    def _trade(self, broker: Broker, run: Run, ledger: LeasedLedger) -> Answer:
        planning = self._planning()
        with self._keyed().refusing(run, ledger):
            with self.phases.timed("read"):
                account = account_to_trade(self.services, broker, self.config)
                forming = self.trader.collect(broker, self.call.request, self.config)
                ledger.renew()
                rename(ledger, self.config)
                self.trader.prepare(broker, account, ledger, self.call.request)
                compared = compare_settled(
                    self.services,
                    ledger,
                    broker,
                    account,
                    run.run_id,
                    fills_expendable=self.trader.only_closes,
                )
                ledger.renew()
                snapshot = planning.read(broker, compared, self._deadline(run.claimed_at), forming)
            plan = planning.decide(snapshot, compared)
        now, mode = self.services.clock.now(), self.services.mode
        orders = tuple(
            written_down(order, mode, run.run_id, snapshot.instruments[order.con_id].increment, now)
            for order in plan.orders
        )
        run = replace(run, state=RunState.PLANNED, business_at=snapshot.at, plan=plan.to_json())
        sending = Submission(
            self.services, broker, self.config, plan.account, snapshot.instruments, ledger, plan.reduce_only
        )
        with self._keyed().refusing(run, ledger), self.phases.timed("submit"):
            ledger.record_plan(run, orders)
            submitting = replace(run, state=RunState.SUBMITTING)
            marked = self._begun(submitting, plan, orders, sending)
        try:
            return self._execute(submitting, plan, orders, sending, marked)
        except Refusal as error:
            # Orders may have left: the run stays open, and the next one settles it from the broker's records.
            kind = RunDeadline if isinstance(error, RunDeadline) else BrokerFault
            raise kind(
                f"{error.detail} (run {run.run_id} was under way: its orders are settled by the next run)",
                members={"orders": [order_shown(order) for order in self._as_journalled(run, orders)]},
            ) from error

    def _as_journalled(self, run: Run, orders: Sequence[Order]) -> Sequence[Order]:
        """The run's orders as the journal has them, or as they were planned if it cannot be asked just now."""
        try:
            return self.services.ledger.orders(run.run_id) or orders
        except StoreUnavailable:
            return orders

    def _begun(self, run: Run, plan: Plan, orders: Sequence[Order], sending: Submission) -> Marked | None:
        """The first window, marked as sending; None where nothing is to be sent. Until then nothing was done, and an
        error is what it is: a switch thrown against crosses alone, or a store that was away, were told as the broker's
        fault."""
        if orders:
            return sending.begin(run, orders)
        self._stop_if_disabled(plan)
        sending.ledger.record_run(run)
        return None

    def _execute(
        self,
        run: Run,
        plan: Plan,
        orders: Sequence[Order],
        sending: Submission,
        marked: Marked | None,
    ) -> Answer:
        ledger, stopped = sending.ledger, None
        with self.phases.timed("submit"):
            if marked is not None:
                deadline = self._deadline(run.claimed_at)
                orders, stopped = sending.send(run, orders, marked, deadline)
            if crosses_stand(run, orders):
                book_crosses(ledger, run)
        with self.phases.timed("book"):
            orders, executions = self._booked(sending, orders)
        state = outcome(orders)
        if stopped is Stopped.DEADLINE and state is RunState.SETTLING:
            ledger.record_run(replace(run, state=state), orders)
            left = ", ".join(f"{one.local_symbol} {one.state.value}" for one in orders if not one.state.final)
            raise RunDeadline(f"runDeadlineSeconds passed; not done: {left}")
        result = self._result(plan, orders, executions, run)
        return self._keyed().end(
            run, ledger, state, Answer.of(result, not_done(orders, stopped, plan.left_out)), orders
        )

    def _stop_if_disabled(self, plan: Plan) -> None:
        """A run of internal crosses alone sends nothing, and yet trades: the kill switch is asked once more."""
        switch = self.services.switch.trading_switch()
        if plan.internal_crosses and not (switch.enabled or plan.reduce_only):
            raise TradingDisabled(f"trading was disabled before the crosses were booked: {switch.reason}")

    def _deadline(self, begun: datetime) -> datetime:
        return begun + timedelta(seconds=self.config.run_deadline_seconds)

    def _booked(
        self, sending: Submission, orders: Sequence[Order]
    ) -> tuple[tuple[Order, ...], tuple[Execution, ...]]:
        """`orders` and their executions, both written down. Fills that the broker counts and did not tell are asked
        for once more; an order whose fills stay away is unknown."""
        broker, ledger = sending.broker, sending.ledger
        refs = [order.order_ref for order in orders if order.state is not OrderState.ABANDONED]
        executions = broker.fills(refs, seconds=COMMISSION_SECONDS) if refs else ()
        self._book(ledger, orders, executions)
        complete = with_all_fills(ledger, orders, self.services.clock.now())
        if complete != tuple(orders):
            told = broker.executions(sending.account)
            executions = tuple(execution for execution in told if execution.order_ref in refs)
            self._book(ledger, orders, executions)
            complete = with_all_fills(ledger, orders, self.services.clock.now())
        ledger.record_orders(complete)
        return complete, executions

    def _book(self, ledger: LeasedLedger, orders: Sequence[Order], executions: Sequence[Execution]) -> None:
        ledger.record_orders(orders)
        book(ledger, orders, executions)

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
