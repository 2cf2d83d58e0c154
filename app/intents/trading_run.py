"""The life of one trading run: claim, read, decide, write the plan, submit, book, settle. Every trading intent is this
with its own reading and deciding.

A dry-run stops after deciding: it claims nothing, holds no lease, writes nothing but an activity line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

import msgspec

from app.core.attribution import Execution
from app.core.canonical import canonical_json
from app.core.cash import ConversionRefused
from app.core.instruments import Instrument
from app.core.journal import JournalledOrder, Run, RunState, StoredResponse, body_hash, signature
from app.core.order_properties import PropertiesRefused
from app.core.orders import OrderState
from app.core.plan import Plan
from app.core.signals import StrategyFailed
from app.core.sizing import SizingRefused
from app.core.snapshot import Snapshot
from app.errors import (
    BrokerFault,
    ConfigurationFault,
    GatewayNotReady,
    KeyReused,
    PlanRefused,
    RunInProgress,
    StaleFence,
    StoreUnavailable,
    TradingDisabled,
    TradingError,
)
from app.intents.intent import Answer, Call, Request, common, envelope, problem
from app.intents.lease import HeldLease, held_lease
from app.intents.order_request import refused_properties
from app.intents.phases import Phases
from app.intents.read_snapshot import account_to_trade
from app.intents.services import Services
from app.intents.settle import book, book_crosses, resolve_unsettled
from app.intents.submit import Submission, journalled
from app.intents.trading_result import TradingResult, order_shown
from app.intents.what_if import with_margins
from app.ports.broker import Broker
from schema.trading_config import TradingConfig

COMMISSION_SECONDS = 5.0
"""How long a run waits for the commissions of its fills before it reports them as not known yet."""

TRADING_REFUSALS: tuple[type[TradingError], ...] = (
    RunInProgress,
    StaleFence,
    KeyReused,
    PlanRefused,
    TradingDisabled,
    BrokerFault,
    GatewayNotReady,
    StoreUnavailable,
    ConfigurationFault,
)
"""Every way in which a trading run can end without having done what was asked."""


class TradingRequest(Request, frozen=True, kw_only=True):
    """What every trading intent takes. `dry_run`: plan only, send nothing."""

    dry_run: bool = False


class Trader(Protocol):
    """What a trading intent adds to the life of a run. `check` raises before anything is claimed or read from the
    broker."""

    @property
    def name(self) -> str: ...

    def check(self, request: Any, config: TradingConfig) -> None: ...

    def prepare(self, broker: Broker, account: str, held: HeldLease, request: Any) -> None:
        """What has to be done at the broker before anything is read; a dry-run leaves it out."""
        ...

    def read(self, broker: Broker, request: Any, config: TradingConfig) -> Snapshot: ...

    def decide(self, snapshot: Snapshot, request: Any) -> Plan: ...


@dataclass(frozen=True, slots=True)
class TradingRun:
    """One call of a trading intent."""

    services: Services
    trader: Trader
    call: Call[Any]
    config: TradingConfig
    phases: Phases

    def answer(self) -> Answer:
        self.trader.check(self.call.request, self.config)
        if self.call.request.dry_run:
            return self._dry_run()
        run = self._run_for_key()
        earlier = self._claim(run)
        if earlier is not None:
            return self._repeated(run, earlier)
        return self._claimed(run)

    def _dry_run(self) -> Answer:
        with self.services.gateway.session() as broker:
            with self.phases.timed("read"):
                snapshot = self._read(broker)
            plan = self._decide(snapshot)
        return Answer(200, canonical_json(self._result(plan, (), ()).members()))

    def _run_for_key(self) -> Run:
        body = msgspec.to_builtins(self.call.request)
        return Run(
            run_id=self.call.run_id,
            key=self.call.key or signature(self.services.mode, self.trader.name, body),
            body_hash=body_hash(self.trader.name, body),
            intent=self.trader.name,
            state=RunState.CLAIMED,
            claimed_at=self.services.clock.now(),
        )

    def _claim(self, run: Run) -> Run | None:
        """None if the run is ours, else the run that has the key. A mere signature expires, a caller's key never."""
        window = timedelta(minutes=self.config.retry_check_minutes)
        return self.services.journal.claim(run, None if self.call.key else run.claimed_at - window)

    def _repeated(self, run: Run, earlier: Run) -> Answer:
        if earlier.body_hash != run.body_hash:
            raise KeyReused(
                f"this key was used for another request in run {earlier.run_id}; use a new key for a new request"
            )
        if earlier.response is None and not self._settled_as_interrupted():
            raise RunInProgress("the same request is still being worked on; ask again later", earlier.run_id)
        settled = self.services.journal.run(earlier.run_id) or earlier
        if settled.response is None:
            raise RunInProgress("the interrupted run cannot be settled yet; ask again later", earlier.run_id)
        return Answer.stored(settled.response)

    def _settled_as_interrupted(self) -> bool:
        """Whether the run with our key died with its process; if so it is settled from the broker's records first."""
        try:
            with self._lease() as held, self.services.gateway.session() as broker:
                account = account_to_trade(self.services, broker, self.config)
                resolve_unsettled(self.services, broker, account, held.lease)
        except RunInProgress:
            return False
        return True

    def _claimed(self, run: Run) -> Answer:
        try:
            with self._lease() as held, self.services.gateway.session() as broker:
                return self._trade(broker, run, held)
        except TradingError as error:
            if error.withdraws_claim:
                # Nothing was planned, so nothing can have been sent: the key may be used again.
                self.services.journal.withdraw(run.run_id)
            raise

    def _lease(self) -> AbstractContextManager[HeldLease]:
        return held_lease(self.services.journal, self.services.clock, self.call.run_id)

    def _trade(self, broker: Broker, run: Run, held: HeldLease) -> Answer:
        try:
            with self.phases.timed("read"):
                account = account_to_trade(self.services, broker, self.config)
                self.trader.prepare(broker, account, held, self.call.request)
                resolve_unsettled(self.services, broker, account, held.lease)
                held.renew()
                snapshot = self._read(broker)
            plan = self._decide(snapshot)
        except TradingError as error:
            if not error.withdraws_claim:
                self._end(run, held, RunState.REFUSED, self._refusal(error))
            raise
        orders = journalled(self.services.mode, run.run_id, plan.orders, snapshot.instruments)
        run = replace(run, state=RunState.PLANNED, business_at=snapshot.at, plan=plan.to_json())
        self.services.journal.save_run(run, held.renew())
        self.services.journal.save_orders(orders, held.lease)
        try:
            return self._execute(broker, run, held, plan, orders, snapshot.instruments)
        except TradingError as error:
            # Orders may have left: the run stays open, and the next one settles it from the broker's records.
            raise BrokerFault(
                f"{error.detail} (run {run.run_id} was under way: its orders are settled by the next run)",
                members={
                    "orders": [order_shown(order) for order in self.services.journal.orders(run.run_id)]
                },
            ) from error

    def _execute(
        self,
        broker: Broker,
        run: Run,
        held: HeldLease,
        plan: Plan,
        orders: Sequence[JournalledOrder],
        instruments: Mapping[int, Instrument],
    ) -> Answer:
        run = replace(run, state=RunState.SUBMITTING)
        self.services.journal.save_run(run, held.lease)
        book_crosses(self.services, run, held.lease)
        with self.phases.timed("submit"):
            sending = Submission(
                self.services, broker, self.config, plan.account, instruments, held, plan.reduce_only
            )
            orders = sending.send(plan.orders, orders) if orders else ()
        with self.phases.timed("book"):
            refs = [order.order_ref for order in orders if order.state is not OrderState.ABANDONED]
            executions = broker.fills(refs, seconds=COMMISSION_SECONDS) if refs else ()
            self.services.journal.save_orders(orders, held.renew())
            book(self.services, orders, executions, held.lease)
        status, state = _outcome(orders)
        members = self._result(plan, orders, executions, run).members()
        if status != 200:
            members |= _not_done(orders, status)
        return self._end(run, held, state, Answer(status, canonical_json(members)))

    def _end(self, run: Run, held: HeldLease, state: RunState, answer: Answer) -> Answer:
        response = StoredResponse(answer.status, answer.body)
        self.services.journal.save_run(replace(run, state=state, response=response), held.renew())
        return answer

    def _read(self, broker: Broker) -> Snapshot:
        """The snapshot, with the broker's what-if answers for the orders that it leads to where they are asked for."""
        snapshot = self.trader.read(broker, self.call.request, self.config)
        if not self.config.what_if:
            return snapshot
        return with_margins(broker, snapshot, self._planned(snapshot).orders)

    def _planned(self, snapshot: Snapshot) -> Plan:
        """RequestError for what the request asks of orders and a contract does not take, PlanRefused for the rest."""
        try:
            return self.trader.decide(snapshot, self.call.request)
        except PropertiesRefused as error:
            raise refused_properties(error) from error
        except (StrategyFailed, SizingRefused, ConversionRefused) as error:
            raise PlanRefused(str(error)) from error

    def _decide(self, snapshot: Snapshot) -> Plan:
        """The plan, or PlanRefused with everything that speaks against it."""
        with self.phases.timed("decide"):
            plan = self._planned(snapshot)
        if plan.refusals:
            detail = "; ".join(
                f"{verdict.rule}{f' ({verdict.subject})' if verdict.subject else ''}: {verdict.value}, limit"
                f" {verdict.limit}; {verdict.remedy}"
                for verdict in plan.refusals
            )
            disabled = any(verdict.rule == "trading enabled" for verdict in plan.refusals)
            refusal = TradingDisabled if disabled else PlanRefused
            raise refusal(detail, members={"plan": plan, "limits": plan.limits})
        return plan

    def _refusal(self, error: TradingError) -> Answer:
        members = envelope(self.services, self.trader.name, self.call.run_id) | problem(
            error, self.call.run_id
        )
        return Answer(error.status, canonical_json(members))

    def _result(
        self,
        plan: Plan,
        orders: Sequence[JournalledOrder],
        executions: Sequence[Execution],
        run: Run | None = None,
    ) -> TradingResult:
        planned = {order.con_id: order for order in plan.orders}
        return TradingResult(
            **common(self.services, self.trader.name, self.call.run_id),
            dry_run=run is None,
            plan=plan,
            orders=tuple(order_shown(order, executions, planned[order.con_id]) for order in orders),
            warnings=(*plan.warnings, *_warnings(orders)),
            timings=self.phases.seconds(),
        )


def _outcome(orders: Sequence[JournalledOrder]) -> tuple[int, RunState]:
    """HTTP status and state of a run whose orders ended like this. Never 200 with one that is not well."""
    if any(order.state in {OrderState.UNKNOWN, OrderState.SENDING, OrderState.INACTIVE} for order in orders):
        return 502, RunState.NEEDS_REVIEW
    if any(order.state is OrderState.ABANDONED for order in orders):
        return 423, RunState.SETTLED
    status = (
        200 if all(order.state.well or order.state is OrderState.ACKNOWLEDGED for order in orders) else 502
    )
    return status, RunState.SETTLED if all(order.state.final for order in orders) else RunState.SETTLING


def _not_done(orders: Sequence[JournalledOrder], status: int) -> dict[str, object]:
    states = ", ".join(
        f"{order.local_symbol} {order.state.value}"
        for order in orders
        if not order.state.well and order.state is not OrderState.ACKNOWLEDGED
    )
    title = TradingDisabled.title if status == 423 else "Not every order was done"
    return {"type": "about:blank", "title": title, "status": status, "detail": f"not done: {states}"}


def _warnings(orders: Sequence[JournalledOrder]) -> list[str]:
    return [
        f"{order.local_symbol}: still working after fillSeconds; its fills are booked by the next run"
        for order in orders
        if order.state in {OrderState.WORKING, OrderState.ACKNOWLEDGED}
    ]
